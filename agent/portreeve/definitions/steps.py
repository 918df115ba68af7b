"""The steps of a sync: checks before, actions that apply, probes that verify.

A definition's step holds templates in its texts; the same step with its texts rendered is what is carried
out and what a generation remembers.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from portreeve.definitions.locations import ContainerRef


@dataclass(frozen=True, slots=True)
class PortFree:
    """The port is free, or held by a unit that is about to move."""

    keyword: ClassVar[str] = "port_free"
    port: str
    timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class Command:
    """A program ends with exit status 0.

    Args:
        command: the program and its arguments, without a shell.
        container: where it runs; ``None`` for the host.
    """

    keyword: ClassVar[str] = "command"
    command: tuple[str, ...]
    container: ContainerRef | None = None
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
class ReloadOrRestart:
    """Reload a unit that can be reloaded, restart another."""

    keyword: ClassVar[str] = "reload_or_restart"
    unit: str
    timeout: float = 90.0


@dataclass(frozen=True, slots=True)
class Start:
    """Start a unit."""

    keyword: ClassVar[str] = "start"
    unit: str
    timeout: float = 90.0


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop a unit."""

    keyword: ClassVar[str] = "stop"
    unit: str
    timeout: float = 90.0


@dataclass(frozen=True, slots=True)
class Enable:
    """Have a unit started at boot; it is not started now."""

    keyword: ClassVar[str] = "enable"
    unit: str
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Disable:
    """Have a unit not started at boot; it is not stopped now."""

    keyword: ClassVar[str] = "disable"
    unit: str
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Exec:
    """Run a command in a container that runs, or once it runs again."""

    keyword: ClassVar[str] = "exec"
    container: ContainerRef
    command: tuple[str, ...]
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Signal:
    """Send a signal to a container's first process, or once the container runs again.

    Args:
        signal: its name without ``SIG``, such as ``HUP``.
    """

    keyword: ClassVar[str] = "signal"
    container: ContainerRef
    signal: str
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class FirewalldPort:
    """firewalld lets the port through; nothing where firewalld is not installed.

    Args:
        port: ``PORT`` or ``PORT/udp``.
    """

    keyword: ClassVar[str] = "firewalld_port"
    port: str
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class SelinuxPort:
    """SELinux lets a service of this type use the TCP port; nothing where SELinux is off.

    Args:
        port: the port.
        type: the port type, such as ``websm_port_t``.
    """

    keyword: ClassVar[str] = "selinux_port"
    port: str
    type: str
    timeout: float = 60.0


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


@dataclass(frozen=True, slots=True)
class ContainerReady:
    """A container is ready, as its definition says.

    Args:
        name: of a definition in ``containers.d``.
    """

    keyword: ClassVar[str] = "container_ready"
    name: str
    timeout: float = 60.0


UnitStep = Restart | Reload | ReloadOrRestart | Start | Stop | Enable | Disable
ContainerStep = Exec | Signal
CheckStep = PortFree | Command | Units
ApplyStep = UnitStep | ContainerStep | Command | FirewalldPort | SelinuxPort
VerifyStep = Listening | Tcp | Http | UnitActive | Command | ContainerReady
Step = CheckStep | ApplyStep | VerifyStep

_UNIT_STEPS: tuple[type[UnitStep], ...] = (Restart, Reload, ReloadOrRestart, Start, Stop, Enable, Disable)
_APPLY: dict[str, type[ApplyStep]] = {
    kind.keyword: kind for kind in (*_UNIT_STEPS, Exec, Signal, Command, FirewalldPort, SelinuxPort)
}
_VERIFY: dict[str, type[VerifyStep]] = {
    kind.keyword: kind for kind in (Listening, Tcp, Http, UnitActive, Command, ContainerReady)
}
UNIT_STEPS: dict[str, type[UnitStep]] = {kind.keyword: kind for kind in _UNIT_STEPS}
"""The steps that act on a unit, by their word."""


def describe(step: Step) -> str:
    """A step as an administrator would say it, ``restart cockpit.socket``."""
    match step:
        case PortFree(port=port) | FirewalldPort(port=port):
            return f"{step.keyword} {port}"
        case SelinuxPort(port=port, type=type_):
            return f"selinux_port {port} {type_}"
        case Command(command=command, container=container):
            return f"command {' '.join(command)}" + (f" in {container}" if container else "")
        case Exec(container=container, command=command):
            return f"exec {' '.join(command)} in {container}"
        case Signal(container=container, signal=signal):
            return f"signal {signal} to {container}"
        case Units():
            return "units"
        case Listening(address=address) | Tcp(address=address):
            return f"{step.keyword} {address}"
        case Http(url=url, status=status):
            return f"http {url} status {status}"
        case ContainerReady(name=name):
            return f"container_ready {name}"
        case _:
            return f"{step.keyword} {step.unit}"


def unit_of(step: Step) -> str | None:
    """The unit that an action acts on; ``None`` for one that acts on something else."""
    return step.unit if isinstance(step, UnitStep) else None


def units_of(steps: Iterable[ApplyStep]) -> tuple[str, ...]:
    """The units that actions act on, each once, in order."""
    return tuple(dict.fromkeys(unit for step in steps if (unit := unit_of(step)) is not None))


def container_of(step: Step) -> ContainerRef | None:
    """The container that a step needs; ``None`` when it needs none."""
    return step.container if isinstance(step, Exec | Signal | Command) else None


def dump(step: ApplyStep | VerifyStep) -> dict[str, Any]:
    """A step as JSON can hold it."""
    return {"step": step.keyword, **asdict(step)}


def load_apply(data: dict[str, Any]) -> ApplyStep:
    """The inverse of :func:`dump` for steps that apply."""
    return _APPLY[data["step"]](**_fields(data))


def load_verify(data: dict[str, Any]) -> VerifyStep:
    """The inverse of :func:`dump` for steps that verify."""
    return _VERIFY[data["step"]](**_fields(data))


def _fields(data: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in data.items() if name != "step"}
    if fields.get("container") is not None:
        fields["container"] = ContainerRef(**fields["container"])
    if "command" in fields:
        fields["command"] = tuple(fields["command"])
    return fields
