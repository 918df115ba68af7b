"""Why a target could not be written, for people."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from portreeve.errors import Failed, Reason
from portreeve.targets.entry import Entry
from portreeve.targets.place import Place

_HINTS = {
    errno.ENOSPC: "free some space on this file system",
    errno.EROFS: "the file system is mounted read-only; remount it, or choose another target",
    errno.EPERM: "look for an immutable attribute (`lsattr`)",
    errno.EACCES: "the agent must run as root, and its unit must allow this folder (ReadWritePaths=)",
    errno.EAGAIN: "somebody holds a lease on the file; it is tried again by itself",
    errno.EBUSY: "something is mounted there, so it can be written in place and not be removed",
    errno.ENOSYS: "Linux 5.6 or newer is needed, and a seccomp filter that knows openat2",
}


def write_failed(place: Place, error: OSError) -> Failed:
    """The failure that an error of the file system means."""
    return Failed(
        Reason.WRITE_FAILED,
        f"{place} could not be written",
        evidence=os.strerror(error.errno) if error.errno else str(error),
        hint=_HINTS.get(error.errno or 0, ""),
        step="write",
    )


@contextmanager
def writing(place: Place, *, may_be_absent: bool = False) -> Iterator[Entry]:
    """Hold a target's folder open while it is written, and name what goes wrong.

    Args:
        place: the target.
        may_be_absent: a FileNotFoundError is the caller's to understand.

    Raises:
        Failed: ``write-failed``.
    """
    try:
        with place.entry() as entry:
            yield entry
    except OSError as error:
        if may_be_absent and isinstance(error, FileNotFoundError):
            raise
        raise write_failed(place, error) from error
