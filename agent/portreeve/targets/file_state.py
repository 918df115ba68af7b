"""What a target is and what it should be, in a form that can be compared."""

import hashlib
import os
import stat
from dataclasses import dataclass, field
from typing import NamedTuple

from portreeve.errors import Failed, Reason
from portreeve.targets.entry import Entry
from portreeve.targets.place import Place

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
        folders: permission bits of further folders above it that may be made, the innermost last.
    """

    data: bytes
    mode: int
    uid: int
    gid: int
    folders: tuple[int, ...] = field(default=(), compare=False)

    @property
    def attributes(self) -> Attributes:
        """Everything but the bytes."""
        return Attributes(self.mode, self.uid, self.gid)

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        return hashlib.sha256(self.data).hexdigest()


def observe(place: Place) -> FileContent | None:
    """The file as it is now, or ``None`` when there is none.

    Raises:
        Failed: ``file-refused``: it is not a regular file, in a volume one with several names, or longer than
            :data:`MAX_SIZE`; ``write-failed``: it cannot be looked at.
    """
    try:
        with place.entry() as entry:
            return read(entry)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failed(
            Reason.WRITE_FAILED,
            f"{place} cannot be looked at",
            evidence=os.strerror(error.errno) if error.errno else str(error),
            hint="a target must be a regular file in a folder that the agent may enter",
            step="write",
        ) from error


def read(entry: Entry) -> FileContent:
    """A file and its attributes.

    Raises:
        FileNotFoundError: there is none.
        Failed: ``file-refused``.
        OSError: it cannot be read.
    """
    with entry.opened() as descriptor:
        facts = os.fstat(descriptor)
        # However fast it grows, one byte over the limit is the most that is read.
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_SIZE + 1) if facts.st_size <= MAX_SIZE else b""
    if max(facts.st_size, len(data)) > MAX_SIZE:
        raise entry.refused(f"it is longer than {MAX_SIZE} bytes")
    return FileContent(data, stat.S_IMODE(facts.st_mode), facts.st_uid, facts.st_gid)
