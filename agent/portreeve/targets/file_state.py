"""What a target is and what it should be, in a form that can be compared."""

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

MAX_SIZE = 16 << 20
"""Bytes; a longer file is not configuration, and reading it would be at the cost of the whole agent."""


class Attributes(NamedTuple):
    """Permission bits, owner and group of a file."""

    mode: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class FileContent:
    """A whole file.

    Args:
        data: its bytes.
        mode: permission bits.
        uid: owner.
        gid: group.
    """

    data: bytes
    mode: int
    uid: int
    gid: int

    @property
    def attributes(self) -> Attributes:
        """Everything but the bytes."""
        return Attributes(self.mode, self.uid, self.gid)

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        return hashlib.sha256(self.data).hexdigest()


def observe(path: Path) -> FileContent | None:
    """The file as it is now, or ``None`` when there is none.

    A link is refused: to follow it would be to edit a file that nobody named, perhaps a vendor's, and to
    replace it would take away what an administrator made, perhaps the mask of a drop-in.

    Raises:
        OSError: it is there and cannot be read, is not a regular file, or is longer than :data:`MAX_SIZE`.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise OSError(f"{path} is a link to {path.readlink()}, which is not followed") from error
        raise
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(f"{path} is not a regular file")
        data = file.read(MAX_SIZE + 1)
        if len(data) > MAX_SIZE:
            raise OSError(f"{path} is longer than {MAX_SIZE} bytes")
        return FileContent(data, stat.S_IMODE(facts.st_mode), facts.st_uid, facts.st_gid)


def differences(wanted: FileContent | None, found: FileContent | None) -> tuple[str, ...]:
    """In what a target differs from what it should be, for people; empty when it does not."""
    if wanted is None or found is None:
        if wanted is found:
            return ()
        return ("deleted",) if found is None else ("not expected to exist",)
    seen = []
    if wanted.data != found.data:
        seen.append("content")
    if wanted.mode != found.mode:
        seen.append(f"mode {found.mode:04o} instead of {wanted.mode:04o}")
    if (wanted.uid, wanted.gid) != (found.uid, found.gid):
        seen.append(f"owner {found.uid}:{found.gid} instead of {wanted.uid}:{wanted.gid}")
    return tuple(seen)
