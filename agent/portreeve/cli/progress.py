"""Shows a stream while it comes: a line for each change, and on a terminal a sign of waiting."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from portreeve.cli.exit_codes import EXIT_CODES
from portreeve.cli.supervised import line_of
from portreeve.cli.text import NO_SYNCS, coloured, printable_data, state_words
from portreeve.control import codec
from portreeve.control.outcome import Outcome
from portreeve.errors import ExitCode, PortreeveError, Reason, Unreachable

if TYPE_CHECKING:
    from rich.status import Status


def follow(lines: Iterable[dict[str, Any]], output: str) -> dict[str, Any]:
    """Show lines as they come; returns the last one, which has the result.

    Args:
        lines: a stream of ``sync``, ``gone``, ``docker`` and a last ``result``.
        output: ``text``, or ``json`` for the lines as they are.

    Raises:
        Unreachable: the stream ended without a result.
    """
    told: dict[str, str] = {}
    with _spinner(output) as spinner:
        for line in lines:
            if output == "json":
                click.echo(json.dumps(line))
            if "result" in line:
                if output == "text" and not told and line["result"] == Outcome.DONE:
                    click.echo(NO_SYNCS)
                return line
            if output == "text":
                about, text = line_text(printable_data(line))
                if told.get(about) == text:
                    # What changed (how often it was looked at, say) is not shown here.
                    continue
                told[about] = text
                click.echo(text)
                if spinner is not None:
                    _update(spinner, text)
    raise cut_off()


def cut_off() -> PortreeveError:
    """The agent went away before it told the result."""
    return Unreachable(
        Reason.AGENT_UNREACHABLE,
        "the agent stopped before it was done",
        hint="it resumes when it starts again: systemctl status portreeve",
    )


def exit_code(last: dict[str, Any]) -> ExitCode:
    """What the last line of a stream means.

    Raises:
        Unreachable: the agent stops.
    """
    result = Outcome(last["result"])
    if result is Outcome.STOPPING:
        raise cut_off()
    return EXIT_CODES[result]


def line_text(line: dict[str, Any]) -> tuple[str, str]:
    """What a change is about, and it in words: ``cockpit: waiting: the container does not exist``."""
    if "gone" in line:
        return line["gone"], f"{line['gone']}: no longer declared"
    if "docker" in line:
        docker = codec.docker_status(line["docker"])
        words = f"docker: {docker.state.replace('-', ' ')} {docker.version}".rstrip()
        return "docker:", f"{words}: {docker.evidence}" if docker.evidence else words
    if "container" in line:
        container = codec.container_status(line["container"])
        return f"container:{container.name}", f"{container.name}: {line_of(container)}"
    if "service" in line:
        service = codec.service_status(line["service"])
        return f"service:{service.name}", f"{service.name}: {line_of(service)}"
    sync = codec.sync_status(line["sync"])
    why = f": {sync.trouble.what}" if sync.trouble else ""
    state = coloured(state_words(sync.state), sync.state)
    if sync.trouble is not None and sync.trouble.reason.value == sync.state.value:
        # "held at generation 3" says the state already.
        return sync.name, f"{sync.name}: {coloured(sync.trouble.what, sync.state)}"
    return sync.name, f"{sync.name}: {state}{why}"


@contextmanager
def _spinner(output: str) -> "Iterator[Status | None]":
    if output != "text" or not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield None
        return
    # rich costs 50 ms, which nobody notices who waits in front of a terminal.
    from rich.console import Console

    with Console(stderr=True).status("waiting for the agent") as status:
        yield status


def _update(spinner: "Status", text: str) -> None:
    from rich.text import Text

    spinner.update(Text.from_ansi(text))
