"""What portreeve knows of Docker and of a container, as inspect tells it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DockerInfo:
    """A daemon that answers.

    Args:
        version: the engine's, or empty where it does not tell.
        api_version: the newest API it speaks, ``1.41``; the one that is spoken with it.
    """

    version: str
    api_version: str


@dataclass(frozen=True, slots=True)
class Mount:
    """What is mounted into a container.

    Args:
        type: ``bind``, ``volume``, ``tmpfs``, or a newer kind.
        source: the folder or file on the host; empty for a tmpfs, and for some volumes until mounted.
        destination: the mount point inside the container.
        name: the volume's name; empty for anything else.
        driver: the volume's driver; empty for anything else.
    """

    type: str
    source: str
    destination: str
    name: str = ""
    driver: str = ""

    def __str__(self) -> str:
        return f"{self.type} {self.name or self.source or '-'} at {self.destination}"


@dataclass(frozen=True, slots=True)
class Container:
    """One container.

    Args:
        id: all 64 digits.
        name: without a slash.
        status: created, running, paused, restarting, removing, exited or dead.
        pid: of its first process on the host; 0 while it does not run.
        labels: as they are now.
        mounts: in no particular order.
        started_at: as Docker writes it; the zero time when it never was.
    """

    id: str
    name: str
    status: str
    pid: int
    labels: Mapping[str, str]
    mounts: tuple[Mount, ...]
    started_at: str

    def __str__(self) -> str:
        return f"{self.name} ({self.id[:12]}, {self.status})"
