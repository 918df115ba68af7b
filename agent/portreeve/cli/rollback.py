"""``portreeve rollback``: put an earlier generation back."""

import json
from typing import Any

import click

from portreeve.cli import progress
from portreeve.cli.options import agent_client, complete_syncs, output_option, timeout_option
from portreeve.cli.tell import tell_error
from portreeve.cli.text import NO_SYNCS
from portreeve.control.client import Client
from portreeve.errors import ExitCode, Failed, Misuse, Reason
from portreeve.paths import Paths


@click.command("rollback", epilog="Example: sudo portreeve rollback cockpit --to 3")
@click.argument("name", required=False, shell_complete=complete_syncs)
@click.option("--all", "every", is_flag=True, help="Every sync, one after the other.")
@click.option(
    "--to",
    type=click.IntRange(min=0),
    metavar="N",
    help="The generation, as `history` numbers it; 0 is what was there before portreeve. "
    "Without it, the last one that was in force before.",
)
@click.option(
    "--offline",
    is_flag=True,
    help="With --all --to 0, while no agent runs: put the files back, and make nothing effective.",
)
@timeout_option("2m")
@output_option
def command(
    name: str | None, to: int | None, timeout: float, output: str, *, every: bool, offline: bool
) -> ExitCode:
    """Put an earlier generation of a sync back, apply it, and hold it there until `portreeve sync NAME`.

    The exit code is 0 when it is in force, 1 when that failed, 3 when it is not done yet. JSON output is one
    object a line, as things change.
    """
    if every == (name is not None):
        raise Misuse(Reason.USAGE, "say either the NAME of a sync or --all", hint="portreeve rollback --help")
    if offline:
        if not every or to != 0:
            raise Misuse(Reason.USAGE, "--offline belongs to --all --to 0", hint="portreeve rollback --help")
        return _put_back_offline(Paths.from_environment(), output)
    client = agent_client()
    if name is not None:
        return _roll_back(client, name, to, timeout, output)
    names = [entry["name"] for entry in client.get("/v1/status")["syncs"]]
    if not names and output == "text":
        click.echo(NO_SYNCS)
    codes = [_roll_back_or_tell(client, each, to, timeout, output) for each in names]
    return ExitCode.FAILED if ExitCode.FAILED in codes else max(codes, default=ExitCode.DONE)


def _roll_back_or_tell(client: Client, name: str, to: int | None, timeout: float, output: str) -> ExitCode:
    """One of many: what is wrong with it must not keep the others from being taken back."""
    try:
        return _roll_back(client, name, to, timeout, output)
    except (Failed, Misuse) as error:
        tell_error(error)
        return ExitCode.FAILED


def _roll_back(client: Client, name: str, to: int | None, timeout: float, output: str) -> ExitCode:
    body: dict[str, Any] = {"name": name, "to": to}
    lines = client.stream(f"/v1/rollback?timeout={timeout}", body)
    return progress.exit_code(progress.follow(lines, output))


def _put_back_offline(paths: Paths, output: str) -> ExitCode:
    from portreeve.clock import SYSTEM_CLOCK
    from portreeve.daemon.only_one import only_one
    from portreeve.reconcile.offline import put_back
    from portreeve.reconcile.store import Store

    if not paths.database.exists():
        return ExitCode.DONE
    code = ExitCode.DONE
    with only_one(paths):
        store = Store(paths.database, paths.secrets_key)
        try:
            for name, error in put_back(store, SYSTEM_CLOCK):
                if error is not None:
                    code = ExitCode.FAILED
                    tell_error(error)
                elif output == "json":
                    click.echo(json.dumps({"sync": name, "generation": 0}))
                else:
                    click.echo(f"{name}: the files are as they were before portreeve")
        finally:
            store.close()
    return code
