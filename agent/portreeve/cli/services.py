"""``portreeve services``: the guarded services of the host."""

import click

from portreeve.cli import progress
from portreeve.cli.options import (
    agent_client,
    complete_services,
    echo_json,
    output_option,
    timeout_option,
)
from portreeve.cli.supervised import NO_SERVICES, service_table
from portreeve.cli.text import printable_data
from portreeve.clock import SYSTEM_CLOCK
from portreeve.control import codec
from portreeve.errors import ExitCode


@click.group("services", epilog="Example: portreeve services list")
def command() -> None:
    """The units of services.d; systemctl starts and stops them."""


@command.command(
    "list", short_help="Show every guarded service.", epilog="Example: portreeve services list --output json"
)
@output_option
def list_services(output: str) -> ExitCode:
    """Show every guarded service: its state, its restarts, and why it is not as it should be."""
    data = agent_client().get("/v1/status")["services"]
    if output == "json":
        echo_json(data)
    elif data:
        statuses = [codec.service_status(entry) for entry in printable_data(data)]
        for line in service_table(statuses, SYSTEM_CLOCK.wall()):
            click.echo(line)
    else:
        click.echo(NO_SERVICES)
    return ExitCode.DONE


@command.command(
    "reset",
    short_help="Guard again what was given up.",
    epilog="Example: sudo portreeve services reset mcsm-daemon",
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_services)
@timeout_option("2m")
@output_option
def reset(names: tuple[str, ...], timeout: float, output: str) -> ExitCode:
    """Forget restarts and failures, so that what was given up is guarded again.

    The exit code is 0 when it is guarded, 1 when it was given up anew, 3 when it was not looked at within
    --timeout. JSON output is one object a line, as things change.
    """
    lines = agent_client().stream(f"/v1/services/reset?timeout={timeout}", {"names": list(names)})
    return progress.exit_code(progress.follow(lines, output))
