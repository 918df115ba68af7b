"""The steps of a sync: checks before, actions that apply, probes that verify.

A definition's step holds templates in its texts; the same step with its texts rendered is what is carried
out and what a generation remembers.
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class PortFree:
    """The port is free, or held by a unit that is about to move."""

    keyword: ClassVar[str] = "port_free"
    port: str
    timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class Command:
    """A program accepts the staged files: exit status 0."""

    keyword: ClassVar[str] = "command"
    command: tuple[str, ...]
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Units:
    """systemd accepts the staged unit files; implied for unit files."""

    keyword: ClassVar[str] = "units"
    units: bool = True
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Restart:
    """Restart a unit."""

    keyword: ClassVar[str] = "restart"
    unit: str
    timeout: float = 90.0


@dataclass(frozen=True, slots=True)
class Reload:
    """Reload a unit."""

    keyword: ClassVar[str] = "reload"
    unit: str
    timeout: float = 90.0


@dataclass(frozen=True, slots=True)
class Listening:
    """Something listens on the TCP port: ``PORT`` or ``ADDRESS:PORT``."""

    keyword: ClassVar[str] = "listening"
    address: str
    timeout: float = 15.0


@dataclass(frozen=True, slots=True)
class Tcp:
    """``HOST:PORT`` accepts a connection."""

    keyword: ClassVar[str] = "tcp"
    address: str
    timeout: float = 15.0


@dataclass(frozen=True, slots=True)
class Http:
    """The URL answers with the status.

    Args:
        insecure: do not check the server's certificate.
    """

    keyword: ClassVar[str] = "http"
    url: str
    status: int = 200
    insecure: bool = False
    timeout: float = 15.0


@dataclass(frozen=True, slots=True)
class UnitActive:
    """The unit is active."""

    keyword: ClassVar[str] = "unit_active"
    unit: str
    timeout: float = 15.0


CheckStep = PortFree | Command | Units
ApplyStep = Restart | Reload
VerifyStep = Listening | Tcp | Http | UnitActive
Step = CheckStep | ApplyStep | VerifyStep

_APPLY: dict[str, type[ApplyStep]] = {kind.keyword: kind for kind in (Restart, Reload)}
_VERIFY: dict[str, type[VerifyStep]] = {kind.keyword: kind for kind in (Listening, Tcp, Http, UnitActive)}


def describe(step: Step) -> str:
    """A step as an administrator would say it, ``restart cockpit.socket``."""
    match step:
        case PortFree(port=port):
            return f"port_free {port}"
        case Command(command=command):
            return f"command {' '.join(command)}"
        case Units():
            return "units"
        case Restart(unit=unit) | Reload(unit=unit) | UnitActive(unit=unit):
            return f"{step.keyword} {unit}"
        case Listening(address=address) | Tcp(address=address):
            return f"{step.keyword} {address}"
        case Http(url=url, status=status):
            return f"http {url} status {status}"


def dump(step: ApplyStep | VerifyStep) -> dict[str, Any]:
    """A step as JSON can hold it."""
    return {"step": step.keyword, **asdict(step)}


def load_apply(data: dict[str, Any]) -> ApplyStep:
    """The inverse of :func:`dump` for steps that apply."""
    fields = dict(data)
    return _APPLY[fields.pop("step")](**fields)


def load_verify(data: dict[str, Any]) -> VerifyStep:
    """The inverse of :func:`dump` for steps that verify."""
    fields = dict(data)
    return _VERIFY[fields.pop("step")](**fields)
