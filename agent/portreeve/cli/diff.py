"""``portreeve diff``: what would change in the files."""

import click

from portreeve.cli import previews
from portreeve.cli.options import agent_client, complete_syncs, echo_json, output_option
from portreeve.errors import ExitCode


@click.command("diff", epilog="Example: sudo portreeve diff cockpit")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_syncs)
@output_option
def command(names: tuple[str, ...], output: str) -> ExitCode:
    """Show what would change in the files of syncs, all of them without NAME, as unified diffs.

    Nothing is changed. The exit code is 0 whether or not something would change, 3 when the sources of one
    cannot be read, so that nothing can be said, and 4 when that is because Docker does not answer.
    """
    found = previews.fetch(agent_client(), names)
    if output == "json":
        echo_json(found)
    else:
        previews.show(found, diffs=True)
    return previews.exit_code(found)
