"""The agent's own settings: ``portreeve.toml``."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DockerSettings:
    """How Docker is reached.

    Args:
        socket: its API socket.
        timeout: seconds for one call; a daemon that accepts and does not answer for so long is hung.
    """

    socket: Path = Path("/run/docker.sock")
    timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class ReconcileSettings:
    """How the agent works; every time is in seconds.

    Args:
        workers: syncs worked on at the same time.
        deadline: of a sync that names none of its own.
        resync: how often everything is looked at although nothing woke the agent.
        poll: how often a source that cannot be watched is read while it is in use.
        backoff_min: before the first new try.
        backoff_max: between tries at most.
        keep: generations of written files kept for each sync.
    """

    workers: int = 4
    deadline: float = 300.0
    resync: float = 300.0
    poll: float = 30.0
    backoff_min: float = 0.5
    backoff_max: float = 30.0
    keep: int = 10


@dataclass(frozen=True, slots=True)
class ContainersSettings:
    """How containers are started; every time is in seconds.

    Args:
        parallel_starts: containers that are on their way to ready at the same time; ``None``: as many as the
            host has processors, four at most.
        deadline: of all that is started together, at boot or after Docker came back: what is not ready by
            then is told as overdue.
    """

    parallel_starts: int | None = None
    deadline: float = 600.0


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Who is told when something is lost, restored, given up or degraded, besides the journal.

    Args:
        command: a program and its arguments; the alert is JSON on its standard input. Empty: none.
        webhook: an ``http`` or ``https`` address the same JSON is posted to; empty: none. It may hold a
            token, and is not part of the text of these settings.
        timeout: seconds for one try.
        retries: further tries after one that did not work.
    """

    command: tuple[str, ...] = ()
    webhook: str = field(default="", repr=False)
    timeout: float = 10.0
    retries: int = 3


@dataclass(frozen=True, slots=True)
class PressureSettings:
    """From where on the host counts as under pressure; ``None`` does not look.

    Args:
        memory_available: per cent of memory that must be available.
        memory_stall: per cent of time of the last ten seconds that some task waited for memory
            (``/proc/pressure/memory``, ``some avg10``).
        io_stall: the same for storage.
        cpu_stall: the same for processors.
        disk_free: per cent that must be free of the file systems of portreeve's state and of Docker's data.
    """

    memory_available: float | None = 5.0
    memory_stall: float | None = 40.0
    io_stall: float | None = None
    cpu_stall: float | None = None
    disk_free: float | None = 3.0


@dataclass(frozen=True, slots=True)
class Settings:
    """``portreeve.toml``.

    Args:
        docker: how Docker is reached.
        reconcile: how the agent works.
        log_level: the lowest level that is logged, a name of :mod:`logging`.
        containers: how containers are started.
        alerts: who is told.
        pressure: from where on the host counts as under pressure.
    """

    docker: DockerSettings = field(default_factory=DockerSettings)
    reconcile: ReconcileSettings = field(default_factory=ReconcileSettings)
    log_level: str = "INFO"
    containers: ContainersSettings = field(default_factory=ContainersSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    pressure: PressureSettings = field(default_factory=PressureSettings)
