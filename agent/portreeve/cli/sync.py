"""``portreeve sync``: converge now."""

import click

from portreeve.cli import previews, progress
from portreeve.cli.options import agent_client, complete_syncs, echo_json, output_option, timeout_option
from portreeve.cli.text import counted
from portreeve.control import codec
from portreeve.errors import ExitCode, Misuse, Reason


@click.command("sync", epilog="Example: sudo portreeve sync cockpit --timeout 2m")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_syncs)
@click.option("--dry-run", is_flag=True, help="Tell what would be done, and do nothing.")
@click.option("--hold", is_flag=True, help="Keep NAME as it is, and leave its files to you.")
@timeout_option("2m")
@output_option
def command(names: tuple[str, ...], timeout: float, output: str, *, dry_run: bool, hold: bool) -> ExitCode:
    """Look at syncs now, all of them without NAME, and show how they get in step.

    A hold is released, and what was put off is tried at once. With --hold, syncs stay at the generation in
    force and you may edit their files, until the next `portreeve sync NAME`. The exit code is 0 when all are
    in step or held as asked, 1 when one failed or, without NAME, a definition has problems, 3 when one still
    waits, 4 when it waits for Docker itself.
    JSON output is one object a line, as things change.
    """
    if hold and (dry_run or not names):
        raise Misuse(
            Reason.USAGE, "--hold needs the NAME of a sync, and no --dry-run", hint="portreeve sync --help"
        )
    client = agent_client()
    if dry_run:
        found = previews.fetch(client, names)
        if output == "json":
            echo_json(found)
        else:
            previews.show(found, diffs=False)
        return previews.exit_code(found)
    what = "hold" if hold else "sync"
    lines = client.stream(f"/v1/{what}?timeout={timeout}", {"names": list(names)})
    code = progress.exit_code(progress.follow(lines, output))
    if code is not ExitCode.DONE or names:
        return code
    # All of them was asked for, and a definition with problems is one of them, if only in its last good form.
    problems = codec.overview(client.get("/v1/status")).problems
    if problems:
        count = counted(len(problems), "problem")
        click.echo(f"{count} in definitions (`portreeve check` shows the lines, and what to do)", err=True)
    return ExitCode.FAILED if problems else code
