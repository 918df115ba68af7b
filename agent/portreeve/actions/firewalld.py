"""Opens and closes ports of firewalld, by firewall-cmd(1)."""

from dataclasses import dataclass

from portreeve import process
from portreeve.actions.command import last_lines
from portreeve.checks.address import parse_port
from portreeve.errors import Failed, Reason

_PROGRAM = "firewall-cmd"
_TIMEOUT = 30.0
_NOT_FOUND = 127
_NOT_RUNNING = 252


@dataclass(frozen=True, slots=True)
class Opening:
    """A port that is let through.

    Args:
        port: ``8080/tcp``.
        zone: in which zone.
        permanent: in what is read at firewalld's start; otherwise in what holds now.
    """

    port: str
    zone: str
    permanent: bool

    def __str__(self) -> str:
        return f"{self.port} {self.zone} {'permanent' if self.permanent else 'runtime'}"

    @classmethod
    def parse(cls, text: str) -> "Opening":
        """The inverse of ``str``."""
        port, zone, kind = text.split()
        return cls(port, zone, kind == "permanent")


def unavailable() -> str:
    """Why there is nothing to do; empty where firewalld runs.

    Raises:
        Failed: ``tool-failed``: that cannot be said.
    """
    state = process.run([_PROGRAM, "--state"], timeout=_TIMEOUT)
    if state.ok:
        return ""
    if state.code == _NOT_FOUND and not state.timed_out:
        return f"{_PROGRAM} is not installed"
    if state.code == _NOT_RUNNING:
        return "firewalld does not run"
    raise _failed(state)


def wanted_openings(port: str) -> tuple[Opening, ...]:
    """What lets a port through in the default zone: at once, and after the next start.

    Args:
        port: ``8080``, which is TCP, or ``8080/udp``.

    Raises:
        Failed: ``value-invalid``: it is no single port; or as for :func:`unavailable`.
    """
    number, _, protocol = port.partition("/")
    parse_port(number)
    if protocol not in ("", "tcp", "udp"):
        raise Failed(
            Reason.VALUE_INVALID,
            "this is no port of a firewall",
            evidence=repr(port),
            hint="write PORT, PORT/tcp or PORT/udp",
        )
    answer = _run("--get-default-zone")
    zone = answer.output.strip()
    if len(zone.split()) != 1:
        # Its warnings come the same way, and none of them is a zone.
        raise _failed(answer)
    full = port if "/" in port else f"{port}/tcp"
    return tuple(Opening(full, zone, permanent) for permanent in (True, False))


def is_open(opening: Opening) -> bool:
    """It is let through; errors as for :func:`unavailable`."""
    answer = process.run(_arguments("query", opening), timeout=_TIMEOUT)
    if answer.code not in (0, 1) or answer.timed_out:
        raise _failed(answer)
    return answer.ok


def open_port(opening: Opening) -> None:
    """Let it through; errors as for :func:`unavailable`."""
    _check(process.run(_arguments("add", opening), timeout=_TIMEOUT))


def close_port(opening: Opening) -> None:
    """Let it through no more; one that is closed already is fine. Errors as for :func:`unavailable`."""
    if is_open(opening):
        _check(process.run(_arguments("remove", opening), timeout=_TIMEOUT))


def _arguments(verb: str, opening: Opening) -> list[str]:
    options = [f"--zone={opening.zone}", f"--{verb}-port={opening.port}"]
    return [_PROGRAM, *(["--permanent"] if opening.permanent else []), *options]


def _run(*arguments: str) -> process.Completed:
    return _check(process.run([_PROGRAM, *arguments], timeout=_TIMEOUT))


def _check(completed: process.Completed) -> process.Completed:
    if not completed.ok:
        raise _failed(completed)
    return completed


def _failed(completed: process.Completed) -> Failed:
    return Failed(
        Reason.TOOL_FAILED,
        completed.describe(),
        evidence=last_lines(completed.output),
        hint="`systemctl status firewalld` tells more",
        step="apply",
    )
