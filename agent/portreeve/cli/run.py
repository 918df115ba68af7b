"""``portreeve run``: the agent itself, in the foreground; what ``portreeve.service`` runs."""

import click

from portreeve.paths import Paths


@click.command("run", epilog="Example: PORTREEVE_ROOT=/tmp/try portreeve run")
def command() -> None:
    """Run the agent in the foreground until SIGTERM or SIGINT; SIGHUP reads the definitions again."""
    from portreeve.daemon.run import run

    run(Paths.from_environment())
