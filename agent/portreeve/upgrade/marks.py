"""Where marks are kept: one file for each package, written by hooks and taken away by the agent."""

import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from portreeve.durable import sync_folder, write_atomically
from portreeve.errors import Failed, PortreeveError, Reason, Refused
from portreeve.upgrade.mark import Mark, dump, load

log = logging.getLogger(__name__)

_ANY_PACKAGE = "@files"
"""Stands for the package of a mark that names none; the name of no package has an ``@`` here."""

_SUFFIX = ".json"
_LARGEST = 1 << 20
"""Bytes of a file that is read at all: a package of ten thousand units fits."""


class Marks:
    """The folder of marks. Several processes may work on it at once: what is written is never half there,
    and what is removed is never a newer mark than the one that was meant.

    Args:
        folder: :attr:`portreeve.paths.Paths.pending`; it and the one above are made when a mark is put.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: dict[str, str] = {}

    def read(self) -> tuple[Mark, ...]:
        """All marks, by the names of their files. One that is damaged is logged once, and left out.

        Raises:
            Failed: ``state-unusable``; the folder is there and cannot be read.
        """
        try:
            names = sorted(entry.name for entry in self._folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise _failure(error, self._folder) from error
        files = [self._folder / name for name in names if name.endswith(_SUFFIX) and name[0] != "."]
        self._told = {name: why for name, why in self._told.items() if name in names}
        found = []
        for file in files:
            try:
                mark = _read(file)
            except PortreeveError as error:
                if self._told.get(file.name) != str(error):
                    log.error("%s (%s)", error, error.hint)
                self._told[file.name] = str(error)
                continue
            self._told.pop(file.name, None)
            if mark is not None:
                found.append(mark)
        return tuple(found)

    def get(self, package: str) -> Mark | None:
        """The mark of a package (of none: empty); ``None`` when there is none.

        Raises:
            Failed: ``state-unusable``; it cannot be read or understood.
        """
        return _read(self._file(package))

    def put(self, mark: Mark) -> None:
        """Write a mark in the place of the package's former one; it is on the disk when this returns.

        Raises:
            Refused: ``permission``; marks are for root.
            Failed: ``write-failed``; the disk is full or read-only.
        """
        file = self._file(mark.package)
        try:
            for folder in (self._folder.parent, self._folder):
                _make(folder)
            with _alone(self._folder):
                # Nobody else is writing now: what is staged was left by somebody who was killed.
                for staged in self._folder.glob(f".*{_SUFFIX}.*"):
                    staged.unlink(missing_ok=True)
                write_atomically(file, dump(mark).encode(), mode=0o600)
        except OSError as error:
            raise _failure(error, file, Reason.WRITE_FAILED) from error

    def remove(self, mark: Mark) -> bool:
        """Remove this very mark; false when it is gone, or a newer one has taken its place.

        Raises:
            Refused: ``permission``; marks are for root.
            Failed: ``write-failed``; it cannot be removed. ``state-unusable``; it cannot be understood.
        """
        file = self._file(mark.package)
        try:
            with _alone(self._folder):
                if _read(file) != mark:
                    return False
                file.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise _failure(error, file, Reason.WRITE_FAILED) from error
        return True

    def _file(self, package: str) -> Path:
        return self._folder / _file_name(package)


def _file_name(package: str) -> str:
    """Names of packages have letters, digits and ``+-._~:^``; everything else is escaped, as is a dot that
    would hide the file."""
    name = quote(package, safe="+~:^", errors="surrogatepass") if package else _ANY_PACKAGE
    return f"%2E{name[1:]}{_SUFFIX}" if name.startswith(".") else f"{name}{_SUFFIX}"


def _read(file: Path) -> Mark | None:
    try:
        # What is no plain file is not waited for.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            content = opened.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _failure(error, file) from error
    if len(content) > _LARGEST:
        raise Failed(Reason.STATE_UNUSABLE, f"{file} is too large for a mark", hint="remove it")
    mark = load(file, content.decode(errors="replace"))
    if _file_name(mark.package) != file.name:
        # It could neither be replaced nor removed, since that goes by the name.
        what = f"{file} is about another package"
        raise Failed(Reason.STATE_UNUSABLE, what, evidence=repr(mark.package)[:200], hint="remove it")
    return mark


def _make(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from changing the folder meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _failure(error: OSError, file: Path, reason: Reason = Reason.STATE_UNUSABLE) -> PortreeveError:
    why = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in (errno.EACCES, errno.EPERM):
        return Refused(
            Reason.PERMISSION, "marks of packages are for root", evidence=f"{file}: {why}", hint="use sudo"
        )
    verb = "written" if reason is Reason.WRITE_FAILED else "read"
    return Failed(reason, f"{file} cannot be {verb}", evidence=why, hint="look for a full or read-only disk")
