"""Reads a file whole, never the half of one that somebody is writing."""

import os
import threading
from collections.abc import Callable

from portreeve.errors import Reason, Waiting
from portreeve.sources.lease import Writers, read_lease, stamp
from portreeve.sources.open_beneath import Opened

WINDOW = 1.0
"""Seconds for which a file is watched before it is called unstable."""

APART = 0.1
"""Seconds between two reads that must agree."""

_SOON = 0.02
"""Seconds until it is looked again whether a writer is done; most need less than one."""

_ROUNDING = 1e-6

Complete = Callable[[bytes], bool]
Wait = Callable[[float], object]


def read_stable(
    open_file: Callable[[], Opened],
    limit: int,
    complete: Complete,
    *,
    name: str,
    wait: Wait | None = None,
) -> bytes:
    """The bytes of a file that nobody is writing.

    A read lease proves that. Where there can be none, or a writer keeps the file open, the same bytes must be
    there twice; and if they are not complete, for the whole window.

    Args:
        open_file: opens it, anew each time, since it may be replaced meanwhile.
        limit: bytes that a file may have.
        complete: whether the bytes look like all of it (they parse, and what is wanted is there).
        name: the file, for people.
        wait: waits so many seconds.

    Raises:
        Waiting: it is too large, or it does not hold still; or what ``open_file`` raises.
    """
    wait = wait or threading.Event().wait
    waited = 0.0
    last: tuple[tuple[int, ...], bytes] | None = None
    last_at = 0.0
    while True:
        writers, at_stamp, data = _read_once(open_file, limit)
        if writers is Writers.NONE and at_stamp is not None:
            return data
        now = None if at_stamp is None else (at_stamp, data)
        if now is None or now != last:
            last, last_at = now, waited
        agreed = last is not None and waited - last_at >= APART - _ROUNDING
        if agreed and writers is Writers.UNKNOWN and complete(data):
            return data
        if waited >= WINDOW - _ROUNDING:
            if agreed and (writers is Writers.UNKNOWN or complete(data)):
                return data
            raise Waiting(
                Reason.FILE_UNSTABLE,
                f"{name} does not hold still",
                evidence="somebody has it open for writing"
                if writers is Writers.SOME
                else f"two reads {APART * 1000:g} ms apart differ",
            )
        pause = _SOON if writers is Writers.SOME else APART
        wait(pause)
        waited += pause


def read_twice(
    read: Callable[[], bytes], complete: Complete, *, name: str, wait: Wait | None = None
) -> bytes:
    """The same for what can only be read, not opened: the same bytes twice.

    Args:
        read: reads it.
        complete: as for :func:`read_stable`.
        name: the file, for people.
        wait: waits so many seconds.

    Raises:
        Waiting: it does not hold still; or what ``read`` raises.
    """
    wait = wait or threading.Event().wait
    last = read()
    agreed = False
    for _ in range(round(WINDOW / APART)):
        wait(APART)
        data = read()
        agreed = data == last
        if agreed and complete(data):
            return data
        last = data
    if agreed:
        return last
    raise Waiting(
        Reason.FILE_UNSTABLE,
        f"{name} does not hold still",
        evidence=f"two reads {APART * 1000:g} ms apart differ",
    )


def _read_once(open_file: Callable[[], Opened], limit: int) -> tuple[Writers, tuple[int, ...] | None, bytes]:
    """Read, and say who writes and what was there; no stamp when it changed under the reading."""
    with open_file() as opened:
        before = stamp(opened.fd)
        with read_lease(opened.fd) as writers:
            size = os.fstat(opened.fd).st_size
            data = _read_all(opened.fd, limit) if size <= limit else b""
        after = stamp(opened.fd)
    if size > limit or len(data) > limit:
        raise Waiting(
            Reason.FILE_TOO_LARGE,
            f"{opened.path} is too large",
            evidence=f"{max(size, len(data))} bytes, {limit} allowed",
            hint="raise the source's max_size if that is right",
        )
    return writers, before if before == after else None, data


def _read_all(fd: int, limit: int) -> bytes:
    """All of it, and never more than one byte over the limit, however fast it grows."""
    parts: list[bytes] = []
    offset = 0
    while offset <= limit and (part := os.pread(fd, min(65_536, limit + 1 - offset), offset)):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)
