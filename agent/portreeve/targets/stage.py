"""Writes a set of files beside their targets, where nothing reads them yet.

Staged files are hidden, carry a name that no ``*.conf`` pattern matches, and leftovers of a killed run are
removed by the next.
"""

import errno
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from portreeve.errors import Reason, Waiting
from portreeve.targets.entry import Entry
from portreeve.targets.file_state import FileContent
from portreeve.targets.folders import make_folders, remove_folders
from portreeve.targets.key_edits import KeyEdits
from portreeve.targets.place import Place
from portreeve.targets.settled import settled
from portreeve.targets.wanted import Wanted
from portreeve.targets.write_failure import writing

NEW = "new"
"""The mark of a staged file."""

OLD = "old"
"""The mark of the second name that a file has while its set is replaced."""

_TURNS: dict[Path, threading.Lock] = {}
"""One for each file of which keys were set."""

_PATIENCE = 5.0
"""Seconds that a worker waits for another sync with the same file, whose checks may take long."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A set of files written beside their targets and not in force yet.

    Args:
        files: what each target is to be; ``None`` where it is to be removed.
        edited: of those whose keys are set, what they were edited from.
        written: target path to staged path, of each that will exist.
        made: folders that did not exist before, outermost first.
    """

    files: Mapping[Place, FileContent | None]
    edited: Mapping[Place, bytes]
    written: Mapping[Path, Path]
    made: tuple[Place, ...]


@contextmanager
def stage(wanted: Mapping[Place, Wanted]) -> Iterator[Staged]:
    """Write each file beside its target, durably; what is not committed in the block is taken away.

    Args:
        wanted: target to content; keys are set in the bytes that are there now; ``None`` removes.

    Raises:
        Waiting: the folder of a target does not exist, nor the one above it; or a file whose keys are to be
            set does not exist, is being written, also by another sync, or cannot be understood.
        Failed: a file could not be written.
    """
    with ExitStack() as turns:
        # Syncs that set different keys of one file write the same name beside it, and what one of them put in
        # force, the next must have read. Always in the same order, so that no two wait for each other.
        for path in sorted(place.path for place, each in wanted.items() if isinstance(each, KeyEdits)):
            turn = _TURNS.setdefault(path, threading.Lock())
            if not turn.acquire(timeout=_PATIENCE):
                raise _taken(path)
            turns.callback(turn.release)
        with _staged(wanted) as staged:
            yield staged


def _taken(path: Path) -> Waiting:
    return Waiting(
        Reason.FILE_UNSTABLE,
        f"another sync sets keys of {path}",
        evidence=f"its checks take more than {_PATIENCE:g} s",
        hint="nothing; it is tried again by itself",
        step="write",
    )


@contextmanager
def _staged(wanted: Mapping[Place, Wanted]) -> Iterator[Staged]:
    edited: dict[Place, bytes] = {}
    files = {place: _whole(place, each, edited) for place, each in wanted.items()}
    written: dict[Place, Path] = {}
    made: list[Place] = []
    try:
        for place, content in files.items():
            if content is not None:
                make_folders(place, content.folders, made)
                with writing(place) as entry:
                    written[place] = write_beside(entry, content)
        # After the last is written: the file system takes many small files to the disk together.
        for place in written:
            with writing(place) as entry:
                entry.beside(NEW).sync()
        yield Staged(files, edited, {place.path: path for place, path in written.items()}, tuple(made))
    finally:
        for place in written:
            _take_away(place)
        remove_folders(made)


def _whole(place: Place, wanted: Wanted, edited: dict[Place, bytes]) -> FileContent | None:
    """The file as it is to be, also where only some keys of it are wanted."""
    if not isinstance(wanted, KeyEdits):
        return wanted
    now = settled(place)
    if now is None:
        raise Waiting(
            Reason.FILE_ABSENT,
            f"{place} does not exist, and keys of it are to be set",
            evidence=f"{place}: {os.strerror(errno.ENOENT)}",
            hint="whoever the file belongs to makes it; then its keys are set",
            step="write",
        )
    edited[place] = now.data
    return replace(now, data=wanted.applied(place, now.data))


def _take_away(place: Place) -> None:
    try:
        with writing(place, may_be_absent=True) as entry:
            entry.beside(NEW).unlink()
    except FileNotFoundError:
        return  # Somebody removed the folder together with it.


def write_beside(target: Entry, content: FileContent) -> Path:
    """Write a file under a hidden name beside the target, with its attributes; return where."""
    # A name that is always the same finds what a killed run left without reading a folder that may be long.
    temporary = target.beside(NEW)
    for leftover in (temporary, target.beside(OLD)):
        leftover.unlink()
    descriptor = temporary.create()
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchown(file.fileno(), content.uid, content.gid)
            _copy_attributes(target, file.fileno())
            # After chown and ACLs, which change the mode bits, and before the first byte: an ACL of the old
            # file would else open the new content to those whom its mode shuts out.
            os.fchmod(file.fileno(), content.mode)
            file.write(content.data)
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
