"""Where the lab reads from and keeps its things."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


def cache_root() -> Path:
    """The folder of what is slow to make: root file systems and downloaded wheels."""
    chosen = os.environ.get("PORTREEVE_TEST_CACHE")
    if chosen:
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "portreeve-tests"


def scratch_root() -> Path:
    """The folder of running machines; neither an overlay nor a tmpfs, for Docker's sake."""
    return Path(os.environ.get("PORTREEVE_TEST_SCRATCH") or "/var/tmp/portreeve-tests")


def try_lock(path: Path) -> int | None:
    """Take the lock file at once; its descriptor, or None when somebody holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file; wait for whoever has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
