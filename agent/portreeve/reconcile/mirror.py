"""What a mirrored folder is to be: one file target for each file of its source, in the same set."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Protocol

from portreeve.targets.file_state import FileContent
from portreeve.targets.place import Place

_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")
"""How PEM begins a key (RFC 7468, RFC 1421, OpenSSH)."""

_READABLE_BY_OTHERS = 0o004
_WRITABLE_BY_OTHERS = 0o022


class MirroredFile(Protocol):
    """A file of the source."""

    @property
    def relative(self) -> PurePosixPath:
        """Its path from the folder."""

    @property
    def data(self) -> bytes:
        """Its bytes."""

    @property
    def mode(self) -> int:
        """Its permission bits."""

    @property
    def folders(self) -> tuple[int, ...]:
        """Permission bits of the folders between, outermost first."""


def mirrored(
    folder: Place,
    files: Iterable[MirroredFile],
    *,
    mode: int | None,
    uid: int,
    gid: int,
) -> dict[Place, FileContent]:
    """The files that a mirror of a folder has.

    Args:
        folder: where it is.
        files: those of the source.
        mode: declared permission bits of all files; ``None`` takes each from its source.
        uid: owner of all of them.
        gid: group of all of them.
    """
    return {
        Place(folder.path / file.relative, folder.root, folder.in_place): FileContent(
            file.data,
            mode_of(file) if mode is None else mode,
            uid,
            gid,
            tuple(0o700 if not bits & _READABLE_BY_OTHERS else 0o755 for bits in file.folders),
        )
        for file in files
    }


def mode_of(file: MirroredFile) -> int:
    """Permission bits of a mirrored file: those of its source, but nobody else may write, nor read a key."""
    secret = not file.mode & _READABLE_BY_OTHERS or _PRIVATE_KEY.search(file.data)
    if secret:
        return file.mode & 0o700 | 0o600
    return file.mode & 0o777 & ~_WRITABLE_BY_OTHERS | 0o600
