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
class Settings:
    """``portreeve.toml``.

    Args:
        docker: how Docker is reached.
        reconcile: how the agent works.
        log_level: the lowest level that is logged, a name of :mod:`logging`.
    """

    docker: DockerSettings = field(default_factory=DockerSettings)
    reconcile: ReconcileSettings = field(default_factory=ReconcileSettings)
    log_level: str = "INFO"
