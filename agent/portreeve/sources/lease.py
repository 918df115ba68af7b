"""Read leases: the kernel's word that nobody has a file open for writing (fcntl(2), "Leases")."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum


class Writers(Enum):
    """What is known about those who write to a file."""

    NONE = "none"
    SOME = "some"
    UNKNOWN = "unknown"


@contextmanager
def read_lease(fd: int) -> Iterator[Writers]:
    """Hold a read lease, where there can be one, for as long as the body runs.

    Whoever opens the file for writing meanwhile waits until the body ends, so it should only read. The kernel
    tells the holder with a signal. SIGIO, its default, would end a process that does not ignore it; SIGURG,
    which is asked for instead, is ignored by every process that did not choose otherwise.

    Args:
        fd: a regular file, open for reading only.

    Yields:
        NONE: the lease is held: nobody writes now, nor will until the body ends.
        SOME: somebody has it open for writing.
        UNKNOWN: this file system has no leases, or this process may not take one (it needs CAP_LEASE or the
            same owner).
    """
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        yield Writers.SOME
        return
    except OSError:
        yield Writers.UNKNOWN
        return
    try:
        yield Writers.NONE
    finally:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def stamp(fd: int) -> tuple[int, ...]:
    """What changes when a file is written or replaced."""
    now = os.fstat(fd)
    return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
