"""``portreeve containers``: those that are declared, and what can be done with them."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from portreeve.cli import progress
from portreeve.cli.options import (
    agent_client,
    complete_containers,
    echo_json,
    output_option,
    timeout_option,
)
from portreeve.cli.supervised import NO_CONTAINERS, container_table
from portreeve.cli.tell import tell
from portreeve.cli.text import printable_data
from portreeve.clock import SYSTEM_CLOCK
from portreeve.control import codec
from portreeve.control.client import Client, quote
from portreeve.errors import ExitCode, Reason, Refused

F = TypeVar("F", bound=Callable[..., Any])

DRY_RUN_TIMEOUT = 60.0
"""Seconds: the agent inspects the container for it, and Docker may be slow."""


def _names(function: F) -> F:
    return click.argument(
        "names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_containers
    )(function)


@click.group("containers", epilog="Example: portreeve containers list")
def command() -> None:
    """The containers of containers.d, and those without a definition that somebody waits for.

    Those without a definition are watched and never touched. The exit code of start, stop, reset and recreate
    is 0 when it is done, 1 when it failed, 3 when it is not done within --timeout (it goes on), 4 when Docker
    or the agent does not answer.
    """


@command.command(
    "list", short_help="Show every container.", epilog="Example: portreeve containers list --output json"
)
@output_option
def list_containers(output: str) -> ExitCode:
    """Show every container: its state, its restarts, and why it is not as it should be."""
    data = agent_client().get("/v1/containers")["containers"]
    if output == "json":
        echo_json(data)
    elif data:
        statuses = [codec.container_status(entry) for entry in printable_data(data)]
        for line in container_table(statuses, SYSTEM_CLOCK.wall(), wide=True):
            click.echo(line)
    else:
        click.echo(NO_CONTAINERS)
    return ExitCode.DONE


@command.command(
    "start",
    short_help="Start containers and keep them up.",
    epilog="Example: sudo portreeve containers start apphub",
)
@_names
@timeout_option("2m")
@output_option
def start(names: tuple[str, ...], timeout: float, output: str) -> ExitCode:
    """Start containers and keep them up, and show how they become ready.

    One that runs and does not serve is treated as its definition says. JSON output is one object a line, as
    things change; so for the others.
    """
    return _act(agent_client(), "start", names, timeout, output)


@command.command(
    "stop",
    short_help="Stop containers and keep them down.",
    epilog="Example: sudo portreeve containers stop apphub",
)
@_names
@timeout_option("2m")
@output_option
def stop(names: tuple[str, ...], timeout: float, output: str) -> ExitCode:
    """Stop containers, and keep them down until `portreeve containers start`, also over a reboot."""
    return _act(agent_client(), "stop", names, timeout, output)


@command.command(
    "reset",
    short_help="Try again what was given up.",
    epilog="Example: sudo portreeve containers reset apphub",
)
@_names
@timeout_option("2m")
@output_option
def reset(names: tuple[str, ...], timeout: float, output: str) -> ExitCode:
    """Forget restarts and failures, so that what was given up is tried again at once."""
    return _act(agent_client(), "reset", names, timeout, output)


@command.command(
    "recreate",
    short_help="Destroy a container and make it anew.",
    epilog="Example: sudo portreeve containers recreate apphub --dry-run",
)
@click.argument("name", shell_complete=complete_containers)
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--dry-run", is_flag=True, help="Tell what would be done, and do nothing.")
@timeout_option("5m")
@output_option
def recreate(name: str, timeout: float, output: str, *, yes: bool, dry_run: bool) -> ExitCode:
    """Destroy a container and make it anew from its own configuration.

    Volumes and networks are kept; what the container wrote elsewhere is lost. When the new one does not
    become ready, the old one is put back. What would be done is shown first, and done once you agree; the
    exit code is 5 when nobody agreed.
    """
    client = agent_client()
    path = f"/v1/containers/{quote(name)}/recreation"
    plan = client.get(path, control=True, timeout=DRY_RUN_TIMEOUT)
    if output == "text":
        click.echo(f"to recreate {name}:")
        for step in printable_data(plan["steps"]):
            click.echo(f"  {step}")
    elif dry_run:
        echo_json(plan)
    if dry_run:
        return ExitCode.DONE
    if not yes:
        _ask(name, output)
    code = _act(client, "recreate", [name], timeout, output)
    if code is ExitCode.FAILED:
        tell(f"the new {name} did not become ready", hint="journalctl -u portreeve tells what was done")
    return code


def _ask(name: str, output: str) -> None:
    if output == "json" or not sys.stdin.isatty():
        raise Refused(
            Reason.NOT_CONFIRMED,
            f"nobody is there who could be asked whether to recreate {name}",
            hint="nothing was changed; --yes does it without asking, --dry-run only shows",
        )
    if not click.confirm(f"Recreate {name}?", default=False):
        raise Refused(Reason.NOT_CONFIRMED, "nothing was changed")


def _act(client: Client, verb: str, names: Sequence[str], timeout: float, output: str) -> ExitCode:
    lines = client.stream(f"/v1/containers/{verb}?timeout={timeout}", {"names": list(names)})
    return progress.exit_code(progress.follow(lines, output))
