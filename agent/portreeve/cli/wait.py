"""``portreeve wait``: until syncs are in step, or Docker is up."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import click

from portreeve.cli import progress
from portreeve.cli.options import complete_targets, output_option, timeout_option
from portreeve.clock import SYSTEM_CLOCK
from portreeve.control.client import ANSWER_TIMEOUT, SILENCE_TIMEOUT, Client, quote
from portreeve.control.names import Condition, parse_target
from portreeve.control.outcome import Outcome
from portreeve.definitions.quantities import format_duration
from portreeve.errors import ExitCode, Reason, Unreachable, Waiting
from portreeve.paths import Paths

CONNECT_AGAIN = 0.5
"""Seconds between attempts to reach an agent that is not there: a missing socket gives no event."""

GRACE = 5.0
"""Seconds beyond the deadline that the agent gets to say so itself."""


@click.command("wait", epilog="Example: portreeve wait sync:cockpit --for in-step --timeout 90s")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...", shell_complete=complete_targets)
@click.option(
    "--for",
    "condition",
    type=click.Choice([condition.value for condition in Condition]),
    default=Condition.IN_STEP.value,
    show_default=True,
    help="in-step: files are written, applied and verified. ready: tried once, and in step or waiting.",
)
@timeout_option("5m", endless=True)
@output_option
def command(targets: tuple[str, ...], condition: str, timeout: float, output: str) -> ExitCode:
    """Wait for every TARGET: sync:NAME, docker (it is up) or all (every sync).

    An agent that is not there yet, or is restarted, is waited for as well. The exit code is 0 when everything
    is as asked for, 3 when the time passed, 4 when the agent was never reached. JSON output is one object a
    line, as things change.
    """
    for text in targets:
        parse_target(text)
    query = "&".join(f"target={quote(text)}" for text in targets) + f"&for={condition}"
    deadline = SYSTEM_CLOCK.monotonic() + timeout
    asking = _Asking(query, output, pending=targets)
    while (remaining := deadline - SYSTEM_CLOCK.monotonic()) > 0:
        if asking.ask(remaining):
            return ExitCode.DONE
        time.sleep(max(0.0, min(CONNECT_AGAIN, deadline - SYSTEM_CLOCK.monotonic())))
    if asking.unreachable is not None:
        raise asking.unreachable
    raise _not_yet(asking.pending, condition, timeout)


class _Asking:
    """Asks one agent after the other, and remembers what was learned.

    Args:
        query: of ``/v1/wait``, without the time.
        output: ``text`` or ``json``.
        pending: what is waited for.
    """

    def __init__(self, query: str, output: str, pending: Sequence[str]) -> None:
        self._query = query
        self._output = output
        self.pending = pending
        self.reached = False
        self.unreachable: Unreachable | None = None

    def ask(self, remaining: float) -> bool:
        """Wait with the agent that is there now; false when it ends without what was waited for."""
        try:
            last = progress.follow(self._lines(remaining), self._output)
        except Unreachable as error:
            self.unreachable = None if self.reached else error
            return False
        self.pending = last["pending"]
        return bool(last["result"] == Outcome.DONE)

    def _lines(self, remaining: float) -> Iterator[dict[str, Any]]:
        client = Client(Paths.from_environment(), timeout=min(ANSWER_TIMEOUT, remaining + 0.1))
        path = f"/v1/wait?{self._query}&timeout={remaining}"
        for line in client.stream(path, silence=min(SILENCE_TIMEOUT, remaining + GRACE)):
            self.reached, self.unreachable = True, None
            yield line


def _not_yet(pending: Sequence[str], condition: str, timeout: float) -> Waiting:
    wanted = condition.replace("-", " ")
    missing = {"docker": "docker is not up", "all": f"not every sync is {wanted}"}
    parts = [missing.get(text, f"{text} is not {wanted}") for text in pending]
    named = [text.removeprefix("sync:") for text in pending if text.startswith("sync:")]
    hint = f"portreeve explain {named[0]}" if named else "portreeve status"
    hint = "systemctl status docker" if list(pending) == ["docker"] else hint
    return Waiting(Reason.NOT_YET, f"after {format_duration(timeout)}, {', '.join(parts)}", hint=hint)
