"""Reads all files of a folder that an untrusted party writes: bounded, beneath its root, as of one moment."""

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from portreeve.beneath import held_open, kind_of
from portreeve.errors import PortreeveError, Reason, Waiting
from portreeve.sources.lease import Writers, read_lease, stamp
from portreeve.sources.open_beneath import explain, open_beneath
from portreeve.sources.stable import APART, WINDOW, Wait

MAX_FILES = 1000
"""Names of a folder, those of its own folders included; more is not configuration."""

MAX_SIZE = 16 << 20
"""Bytes of all files together."""

MAX_DEPTH = 8
"""Folders within each other."""

_OURS = ".portreeve-"
"""In the names of files that are being written; one in a source would get into their way."""


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file of a folder.

    Args:
        relative: its path from the folder.
        data: its bytes.
        mode: its permission bits.
        folders: permission bits of the folders between, outermost first.
    """

    relative: PurePosixPath
    data: bytes
    mode: int
    folders: tuple[int, ...]


@dataclass(slots=True)
class _Look:
    """One look at all of it; two that are equal were of one moment."""

    root: Path
    top: PurePosixPath
    files: list[FolderFile] = field(default_factory=list)
    stamps: list[tuple[int, ...]] = field(default_factory=list)
    names: int = 0
    size: int = 0
    written: bool = False
    leased: bool = True

    def at_folder(self, folder: int, below: PurePosixPath, modes: tuple[int, ...]) -> None:
        """Look at a folder that is held open, and at all in it."""
        shown = self.root / self.top / below
        if len(modes) > MAX_DEPTH:
            raise _too_much(shown, f"it is more than {MAX_DEPTH} folders deep")
        self.stamps.append(stamp(folder))
        for name in self._names(folder, shown):
            kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISDIR(kind):
                with _inner(folder, name) as inner:
                    own = stat.S_IMODE(os.fstat(inner).st_mode)
                    self.at_folder(inner, below / name, (*modes, own))
            elif stat.S_ISREG(kind) or stat.S_ISLNK(kind):
                self._at_file(below / name, modes, link=stat.S_ISLNK(kind))
            else:
                raise _refused(shown / name, f"it is {kind_of(kind)}")

    def _names(self, folder: int, shown: Path) -> list[str]:
        names: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                self.names += 1
                if self.names > MAX_FILES:
                    raise _too_much(shown, f"it has more than {MAX_FILES} names")
                if not entry.name.isprintable() or _OURS in entry.name:
                    raise _refused(shown, f"{entry.name!a} is no name for a file that is copied")
                names.append(entry.name)
        return sorted(names)

    def _at_file(self, below: PurePosixPath, modes: tuple[int, ...], *, link: bool) -> None:
        try:
            opened = open_beneath(self.root, str(self.top / below))
        except PortreeveError:
            if link and _is_folder(self.root, self.top / below):
                return
            raise
        with opened, read_lease(opened.fd) as writers:
            facts = os.fstat(opened.fd)
            left = MAX_SIZE - self.size
            data = os.pread(opened.fd, left + 1, 0) if facts.st_size <= left else b""
            if max(facts.st_size, len(data)) > left:
                raise _too_much(self.root / self.top, f"its files have more than {MAX_SIZE} bytes together")
            self.files.append(FolderFile(below, data, stat.S_IMODE(facts.st_mode), modes))
            self.stamps.append(stamp(opened.fd))
            self.size += len(data)
            self.written |= writers is Writers.SOME
            self.leased &= writers is Writers.NONE


def read_folder(root: Path, relative: str, *, wait: Wait | None = None) -> tuple[FolderFile, ...]:
    """Every file of a folder and of those in it, sorted by path, read twice with nothing changed meanwhile.

    Links are followed to files inside the root; one to a folder is left out.

    Args:
        root: ``/``, or the volume; nothing outside of it is reached.
        relative: the folder.
        wait: waits so many seconds.

    Raises:
        Waiting: it is not there or no folder; something in it is neither file nor folder, or has a name that
            cannot be kept; it has too many names, too many bytes, or folders too deep; or it does not hold
            still.
    """
    wait = wait or threading.Event().wait
    shown = root / relative
    waited = 0.0
    last: _Look | None = None
    while True:
        now = _look(root, relative)
        if last is not None and now == last and not now.written:
            return tuple(sorted(now.files, key=lambda file: file.relative))
        if last is None and now.leased:
            # Nobody was writing to any of them: only a change of names can have come between.
            last = now
            continue
        last = now
        if waited >= WINDOW:
            raise Waiting(
                Reason.FILE_UNSTABLE,
                f"{shown} does not hold still",
                evidence="somebody has a file of it open for writing"
                if now.written
                else f"two looks {APART * 1000:g} ms apart differ",
            )
        wait(APART)
        waited += APART


def _look(root: Path, relative: str) -> _Look:
    look = _Look(root, PurePosixPath(relative.lstrip("/")))
    try:
        with held_open(root, relative, os.O_RDONLY | os.O_DIRECTORY) as folder:
            look.at_folder(folder, PurePosixPath(), ())
    except OSError as error:
        raise explain(error, root / relative) from error
    return look


@contextmanager
def _inner(folder: int, name: str) -> Iterator[int]:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_folder(root: Path, relative: PurePosixPath) -> bool:
    try:
        with held_open(root, str(relative), os.O_PATH | os.O_DIRECTORY):
            return True
    except OSError:
        return False


def _refused(path: Path, evidence: str) -> Waiting:
    return Waiting(
        Reason.FILE_REFUSED,
        f"{path} cannot be mirrored",
        evidence=evidence,
        hint="a folder that is mirrored has files and folders in it, and nothing else",
    )


def _too_much(path: Path, evidence: str) -> Waiting:
    return Waiting(
        Reason.FILE_TOO_LARGE,
        f"{path} is too large to be mirrored",
        evidence=evidence,
        hint="mirror a folder that has what is needed and nothing else",
    )
