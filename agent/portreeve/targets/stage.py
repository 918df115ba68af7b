"""Writes a set of files beside their targets, where nothing reads them yet.

Staged files are hidden, carry a name that no ``*.conf`` pattern matches, and leftovers of a killed run are
removed by the next.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portreeve.targets.entry import Entry
from portreeve.targets.file_state import FileContent
from portreeve.targets.folders import make_folders, remove_folders
from portreeve.targets.place import Place
from portreeve.targets.write_failure import writing

NEW = "new"
"""The mark of a staged file."""

OLD = "old"
"""The mark of the second name that a file has while its set is replaced."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A set of files written beside their targets and not in force yet.

    Args:
        files: what each target is to be; ``None`` where it is to be removed.
        written: target path to staged path, of each that will exist.
        made: folders that did not exist before, outermost first.
    """

    files: Mapping[Place, FileContent | None]
    written: Mapping[Path, Path]
    made: tuple[Place, ...]


@contextmanager
def stage(files: Mapping[Place, FileContent | None]) -> Iterator[Staged]:
    """Write each file beside its target, durably; what is not committed in the block is taken away.

    Args:
        files: target to content; ``None`` for one that is to be removed.

    Raises:
        Waiting: the folder of a target does not exist, nor the one above it.
        Failed: a file could not be written.
    """
    written: dict[Place, Path] = {}
    made: list[Place] = []
    try:
        for place, content in files.items():
            if content is not None:
                make_folders(place, (), made)
                with writing(place) as entry:
                    written[place] = _write_beside(entry, content)
        # After the last is written: the file system takes many small files to the disk together.
        for place in written:
            with writing(place) as entry:
                entry.beside(NEW).sync()
        yield Staged(files, {place.path: path for place, path in written.items()}, tuple(made))
    finally:
        for place in written:
            _take_away(place)
        remove_folders(made)


def _take_away(place: Place) -> None:
    try:
        with writing(place, may_be_absent=True) as entry:
            entry.beside(NEW).unlink()
    except FileNotFoundError:
        return  # Somebody removed the folder together with it.


def _write_beside(target: Entry, content: FileContent) -> Path:
    # A name that is always the same finds what a killed run left without reading a folder that may be long.
    temporary = target.beside(NEW)
    for leftover in (temporary, target.beside(OLD)):
        leftover.unlink()
    descriptor = temporary.create()
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchown(file.fileno(), content.uid, content.gid)
            file.write(content.data)
            file.flush()
            _copy_attributes(target, file.fileno())
            # Last, since chown and ACLs change the mode bits.
            os.fchmod(file.fileno(), content.mode)
    except BaseException:
        temporary.unlink()
        raise
    return temporary.path


def _copy_attributes(target: Entry, descriptor: int) -> None:
    """Keep ACL, SELinux label and other extended attributes of the file that is replaced."""
    try:
        with target.opened() as found:
            for name in _attributes(found):
                os.setxattr(descriptor, name, os.getxattr(found, name))
    except FileNotFoundError:
        return


def _attributes(descriptor: int) -> list[str]:
    try:
        return os.listxattr(descriptor)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return []
        raise
