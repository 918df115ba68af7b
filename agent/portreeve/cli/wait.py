"""``portreeve wait``: until syncs are in step, containers and services are ready, or Docker is up."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from portreeve.cli import progress
from portreeve.cli.options import complete_targets, output_option, timeout_option
from portreeve.clock import SYSTEM_CLOCK
from portreeve.control.client import ANSWER_TIMEOUT, SILENCE_TIMEOUT, Client, quote
from portreeve.control.conditions import CONDITIONS, Condition, Word, condition_of, parse_condition
from portreeve.control.names import Kind, parse_target
from portreeve.control.outcome import Outcome
from portreeve.definitions.quantities import format_duration
from portreeve.errors import ExitCode, Failed, Misuse, Reason, Refused, Unreachable, Waiting
from portreeve.paths import Paths

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

CONNECT_AGAIN = 0.5
"""Seconds between attempts to reach an agent that is not there: a missing socket gives no event."""

GRACE = 5.0
"""Seconds beyond the deadline that the agent gets to say so itself."""


class ConditionType(click.ParamType[Condition]):
    """A condition such as ``ready`` or ``exited=0``."""

    name = "condition"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Condition:
        """Read it; click shows the usage when it is none."""
        try:
            return value if isinstance(value, Condition) else parse_condition(value)
        except Misuse as error:
            self.fail(f"{error.what}; {error.hint}" if error.hint else error.what, param, ctx)

    def shell_complete(
        self,
        _context: click.Context,
        _parameter: click.Parameter,
        incomplete: str,
    ) -> "list[CompletionItem]":
        """The words."""
        from click.shell_completion import CompletionItem

        words = ["exited=0" if word is Word.EXITED else word.value for word in Word]
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]


@click.command("wait", epilog="Example: portreeve wait container:db sync:cockpit --timeout 90s")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...", shell_complete=complete_targets)
@click.option(
    "--for",
    "condition",
    type=ConditionType(),
    help=f"What each TARGET is to be: {CONDITIONS}. Without it, in-step for syncs and ready for others.",
)
@timeout_option("5m", endless=True)
@output_option
def command(targets: tuple[str, ...], condition: Condition | None, timeout: float, output: str) -> ExitCode:
    """Wait for every TARGET: sync:NAME, container:NAME, service:NAME, docker (it is up) or all (every sync).

    A container is named by its definition, by its own name or as PROJECT-SERVICE; as root also one that has
    no definition: it is watched then, and never touched. An agent that is not there yet, or is restarted, is
    waited for as well. The exit code is 0 when everything is as asked for, 1 when a container or service was
    given up, 3 when the time passed, 4 when the agent was never reached. JSON output is one object a line, as
    things change.
    """
    wanted = {target.text: condition_of(target, condition) for target in map(parse_target, targets)}
    query = "&".join(f"target={quote(text)}" for text in wanted)
    query += f"&for={quote(str(condition))}" if condition is not None else ""
    deadline = SYSTEM_CLOCK.monotonic() + timeout
    asking = _Asking(query, output, pending=list(wanted))
    while (remaining := deadline - SYSTEM_CLOCK.monotonic()) > 0:
        if asking.ask(remaining):
            return ExitCode.DONE
        time.sleep(max(0.0, min(CONNECT_AGAIN, deadline - SYSTEM_CLOCK.monotonic())))
    if asking.unreachable is not None:
        raise asking.unreachable
    raise _not_yet({text: wanted[text] for text in asking.pending}, timeout)


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
        self._control = False
        self.pending = pending
        self.reached = False
        self.unreachable: Unreachable | None = None

    def ask(self, remaining: float) -> bool:
        """Wait with the agent that is there now; false when it ends without what was waited for.

        Raises:
            Failed: something was given up.
            Refused: a container is to be watched that nobody declared, for somebody else than root.
        """
        try:
            last = progress.follow(self._lines(remaining), self._output)
        except Unreachable as error:
            self.unreachable = None if self.reached else error
            return False
        except Refused:
            # A container that nobody declared is watched for root alone. All else is asked of the public
            # socket: the waiting units of a boot must not take the connections of who acts.
            if self._control or os.geteuid() != 0:
                raise
            self._control = True
            return self.ask(remaining)
        self.pending = last["pending"]
        if last["result"] == Outcome.FAILED:
            raise _given_up(last["gave_up"])
        return bool(last["result"] == Outcome.DONE)

    def _lines(self, remaining: float) -> Iterator[dict[str, Any]]:
        client = Client(Paths.from_environment(), timeout=min(ANSWER_TIMEOUT, remaining + 0.1))
        path = f"/v1/wait?{self._query}&timeout={remaining}"
        for line in client.stream(
            path, control=self._control, silence=min(SILENCE_TIMEOUT, remaining + GRACE)
        ):
            self.reached, self.unreachable = True, None
            yield line


def _given_up(names: Sequence[str]) -> Failed:
    kind, _, name = names[0].partition(":")
    reset = f"portreeve {'services' if kind == Kind.SERVICE else 'containers'} reset {name}"
    return Failed(
        Reason.NOT_YET,
        f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} given up",
        hint=f"`portreeve explain {names[0]}` tells why; when that is mended: {reset}",
    )


def _not_yet(pending: Mapping[str, Condition], timeout: float) -> Waiting:
    parts = [_missing(text, condition) for text, condition in pending.items()]
    named = [text.removeprefix("sync:") for text in pending if ":" in text]
    hint = f"portreeve explain {named[0]}" if named else "portreeve status"
    hint = "systemctl status docker" if list(pending) == ["docker"] else hint
    return Waiting(Reason.NOT_YET, f"after {format_duration(timeout)}, {', '.join(parts)}", hint=hint)


def _missing(text: str, condition: Condition) -> str:
    wanted = str(condition).replace("-", " ")
    match text, condition.word:
        case "docker", _:
            return "docker is not up"
        case "all", _:
            return f"not every sync is {wanted}"
        case _, Word.EXISTS:
            return f"{text} does not exist"
        case _, Word.EXITED:
            return f"{text} has not exited with {condition.code}"
    return f"{text} is not {wanted}"
