"""What a test puts into the fake daemon: containers with mounts and files, and how the daemon behaves."""

import hashlib
import tarfile
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Mode(StrEnum):
    """How the daemon behaves from now on."""

    OK = "ok"
    ERROR = "500"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    HANG = "hang"
    REFUSE_VERSION = "refuse-version"
    CLOSE = "close"
    HALF_EVENT = "half-event"
    GARBAGE_EVENT = "garbage-event"
    PING_ONLY = "ping-only"


@dataclass
class FakeContainer:
    """A container as the fake daemon knows it; change its fields at any time.

    What is in ``inspect`` is laid over the sections of what inspect answers.
    """

    name: str
    id: str = ""
    status: str = "running"
    started_at: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    mounts: list[dict[str, Any]] = field(default_factory=list)
    health: str = ""
    env: list[str] = field(default_factory=list)
    networks: dict[str, str] = field(default_factory=lambda: {"bridge": "172.17.0.2"})
    starts: int = 1
    error: str = ""
    exit_code: int = 0
    restart_count: int = 0
    policy: str = "no"
    log: bytes | None = b""
    inspect: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, tarfile.TarInfo | bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.id = self.id or hashlib.sha256(self.name.encode()).hexdigest()

    def link(self, path: str, target: str) -> None:
        """Put a symbolic link into its file system."""
        member = tarfile.TarInfo(path.rpartition("/")[2])
        member.type, member.linkname = tarfile.SYMTYPE, target
        self.files[path] = member

    def special(self, path: str, kind: bytes) -> None:
        """Put a directory, fifo or device into its file system."""
        member = tarfile.TarInfo(path.rpartition("/")[2])
        member.type = kind
        self.files[path] = member


@dataclass
class FakeExec:
    """How the next commands go that are run in containers.

    Args:
        stream: sent as it is once it was started.
        hang: the stream stays open after that.
        exit_code: what inspect tells at last.
        running: so often inspect says before that it still runs.
        pid: of its process.
        refusal: the answer to the start, instead of a stream.
    """

    stream: bytes = b""
    hang: bool = False
    exit_code: int | None = 0
    running: int = 0
    pid: int = 0
    refusal: tuple[int, str] | None = None


def frame(output: int, data: bytes) -> bytes:
    """What Docker sends when a command prints: 1 is its standard output, 2 its standard error."""
    return bytes([output, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def volume(name: str, source: Path | str, destination: str, driver: str = "local") -> dict[str, Any]:
    """A mounted volume, as inspect shows it."""
    return {
        "Type": "volume",
        "Name": name,
        "Source": str(source),
        "Destination": destination,
        "Driver": driver,
        "Mode": "z",
        "RW": True,
        "Propagation": "",
    }


def bind(source: Path | str, destination: str) -> dict[str, Any]:
    """A bind mount, as inspect shows it."""
    return {"Type": "bind", "Source": str(source), "Destination": destination, "Mode": "", "RW": True}


def tmpfs(destination: str) -> dict[str, Any]:
    """A tmpfs, as inspect shows it."""
    return {"Type": "tmpfs", "Source": "", "Destination": destination, "Mode": "", "RW": True}
