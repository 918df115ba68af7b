"""What an administrator declared about a container, and how a guarded service is kept."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from portreeve.definitions.locations import ContainerRef


@dataclass(frozen=True, slots=True)
class IsRunning:
    """Ready as soon as its process runs."""

    def __str__(self) -> str:
        return "running"


@dataclass(frozen=True, slots=True)
class IsHealthy:
    """Ready when the image's own health check says so."""

    def __str__(self) -> str:
        return "healthy"


@dataclass(frozen=True, slots=True)
class TcpConnects:
    """Ready when a connection is accepted.

    Args:
        address: ``host:port``; of a container it may hold a template (``{{ ip }}:80``).
    """

    address: str

    def __str__(self) -> str:
        return f"tcp {self.address}"


@dataclass(frozen=True, slots=True)
class HttpAnswers:
    """Ready when a request is answered as it should be.

    Args:
        url: of a container it may hold a template.
        status: the only status that counts; ``None``: any of 2xx.
        insecure: certificates are not judged.
    """

    url: str
    status: int | None = None
    insecure: bool = False

    def __str__(self) -> str:
        return f"http {self.url}"


@dataclass(frozen=True, slots=True)
class FileExists:
    """Ready when a path inside the container exists."""

    path: str

    def __str__(self) -> str:
        return f"file {self.path}"


@dataclass(frozen=True, slots=True)
class LogSays:
    """Ready when a line of its log since its last start matches.

    Args:
        pattern: a regular expression (RE2), searched in each line.
    """

    pattern: str

    def __str__(self) -> str:
        return f"log {self.pattern}"


@dataclass(frozen=True, slots=True)
class CommandSucceeds:
    """Ready when a command ends with 0: inside the container, or for a service on the host.

    Args:
        command: the program and its arguments, without a shell.
    """

    command: tuple[str, ...]

    def __str__(self) -> str:
        return f"command {' '.join(self.command)}"


@dataclass(frozen=True, slots=True)
class HasExited:
    """Ready when it has run and ended with this code: a one-shot container, such as a migration.

    One that is kept up does its work at each boot of the host.
    """

    code: int = 0

    def __str__(self) -> str:
        return f"exited {self.code}"


Condition = (
    IsRunning | IsHealthy | TcpConnects | HttpAnswers | FileExists | LogSays | CommandSucceeds | HasExited
)


@dataclass(frozen=True, slots=True)
class Probe:
    """When something counts as ready, and how often that is asked. Times are in seconds.

    Args:
        condition: what must hold; ``None``, for a container alone: healthy where its image has a check, else
            running.
        interval: between two probes of what was ready.
        timeout: for one probe.
        failures: so many in a row make what was ready unready.
        successes: so many in a row make it ready.
    """

    condition: Condition | None = None
    interval: float = 10.0
    timeout: float = 5.0
    failures: int = 3
    successes: int = 1


@dataclass(frozen=True, slots=True)
class Budget:
    """How often something may be restarted.

    Args:
        max: restarts within the window; one more and it is given up.
        window: seconds.
        backoff: seconds before the first restart of a row, and at most.
    """

    max: int = 5
    window: float = 600.0
    backoff: tuple[float, float] = (1.0, 60.0)


class OnUnready(StrEnum):
    """What is done with a container that runs and does not serve."""

    RESTART = "restart"
    REPORT = "report"
    RECREATE = "recreate"


@dataclass(frozen=True, slots=True)
class ManagedContainer:
    """``containers.d/NAME.toml``: a container that portreeve watches, and keeps up where it is told to.

    Args:
        name: the definition's file name without ``.toml``.
        description: one line for people.
        container: which one; it is made by others (docker, compose).
        autostart: it is to run: it is started at boot, after Docker came back, and when it ended by itself.
        after: containers that must be ready before it is started: names of definitions, or of containers,
            besides those that its compose labels name.
        ready: when it counts as ready.
        start_timeout: seconds from its start within which it must be ready.
        stop_timeout: seconds it gets to end when it is stopped; ``None``: its own, as Docker keeps it.
        restart: how often it may be restarted.
        on_unready: what is done when it runs and does not serve.
        unpause: it may be unpaused where it is found paused.
        networks: names of networks that it must be attached to while it runs, besides having one at all.
        origin: the files it was read from, the main one first; empty for one that nobody declared and that is
            only watched.
    """

    name: str
    description: str
    container: ContainerRef
    autostart: bool = False
    after: tuple[str, ...] = ()
    ready: Probe = field(default_factory=Probe)
    start_timeout: float = 120.0
    stop_timeout: float | None = None
    restart: Budget = field(default_factory=Budget)
    on_unready: OnUnready = OnUnready.RESTART
    unpause: bool = False
    networks: tuple[str, ...] = ()
    origin: tuple[Path, ...] = ()

    @property
    def declared(self) -> bool:
        """Somebody wrote a definition; otherwise it is watched and never touched."""
        return bool(self.origin)


@dataclass(frozen=True, slots=True)
class Service:
    """``services.d/NAME.toml``: a host unit that starts only after what it depends on, or that is guarded.

    Args:
        name: the definition's file name without ``.toml``.
        description: one line for people.
        unit: the unit that gets the drop-in.
        requires: ``docker``, ``container:NAME`` or ``sync:NAME``, in the order they were declared.
        origin: the files it was read from, the main one first.
        restart: how often it may be restarted, by systemd when it ended and by portreeve when its probe does
            not hold; ``None``: neither restarts it.
        probe: its heartbeat; ``None``: none is kept.
        start_grace: seconds after its start in which a probe that does not hold is no failure.
        memory_max: bytes that its processes may have together; ``None``: as its unit says; so the others.
        memory_high: bytes above which it is slowed down.
        cpu_weight: 1 to 10,000; 100 is what everybody has.
        tasks_max: threads and processes.
        oom_score_adjust: -1000 (never ended for want of memory) to 1000 (ended first).
    """

    name: str
    description: str
    unit: str
    requires: tuple[str, ...]
    origin: tuple[Path, ...]
    restart: Budget | None = None
    probe: Probe | None = None
    start_grace: float = 30.0
    memory_max: int | None = None
    memory_high: int | None = None
    cpu_weight: int | None = None
    tasks_max: int | None = None
    oom_score_adjust: int | None = None
