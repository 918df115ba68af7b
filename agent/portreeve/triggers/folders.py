"""Watches folders through watchdog's inotify reader, each once, and notices what ends or misleads a watch.

Only the reader is used, not watchdog's observer: that has a thread for each folder [7.1, read], so 2,000
volumes took 2,000 threads, more than the unit's ``TasksMax=``, and each event passed three threads and up to
half a second of pairing moves, which nobody here needs.

In 7.1 [read and measured] a folder that is removed ends its watch, and one that is made anew is not seen; one
that is moved away, alone or with a folder above it, is watched on where it is now; one that is mounted over
is watched on below; an exception in a callback ends every watch; a folder that may not be read is watched
without effect; and an overflow is only logged.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

log = logging.getLogger(__name__)

# Without a mask our own reads would wake us.
_MASK = Mask(
    InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_MOVE
    | InotifyConstants.IN_CREATE
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_ATTRIB
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_ONLYDIR
)

# A folder that is mounted in two places has one watch, which must not lose what the other place wants.
_MASK_ABOVE = Mask(
    InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_MASK_ADD
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_ONLYDIR
)


class Kind(Enum):
    """What happened to a name of a folder."""

    WRITTEN = auto()
    """A writer closed it, or it has another mode or owner."""
    MADE = auto()
    """It is new, and its writer perhaps not done."""
    MOVED = auto()
    """It came complete, went, or is another one now."""
    FOLDER_GONE = auto()
    """The folder itself was removed or moved, alone or with one above it; there is no name."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened.

    Args:
        folder: as it was asked for.
        name: in the folder.
        kind: what happened.
    """

    folder: str
    name: str
    kind: Kind


class Folders:
    """The folders that are watched; not to be used by two threads at the same time.

    Args:
        changed: called with each change, in watchdog's thread; must not call back. What it raises is logged.
        overflowed: called when the kernel dropped events, in watchdog's thread; it must not call back.
    """

    def __init__(self, changed: Callable[[Change], object], overflowed: Callable[[], object]) -> None:
        self._changed = changed
        self._overflow = _OverflowHandler(overflowed)
        self._inotify: InotifyFD | None = None
        self._armed: dict[str, _Watch] = {}
        self._above: dict[str, _Watch] = {}

    def start(self) -> None:
        """Begin; no folder is watched yet."""
        watchdog_log.addHandler(self._overflow)
        self._inotify = InotifyFD()
        self._inotify.start()

    def stop(self) -> None:
        """End every watch and the thread."""
        watchdog_log.removeHandler(self._overflow)
        if self._inotify is not None:
            self._inotify.stop()
            self._inotify.join()
        self._inotify = None
        self._armed.clear()
        self._above.clear()

    def revive(self) -> bool:
        """Start anew if watchdog's thread has ended; every folder has to be armed again then.

        Returns:
            whether it had ended.
        """
        if self._inotify is None or self._inotify.is_alive():
            return False
        self.stop()
        self.start()
        return True

    def arm(self, folders: Iterable[str]) -> tuple[set[str], list[str]]:
        """Make sure that these folders are watched, as they are now.

        Returns:
            those that were not, or not any more, and are now; and what is wrong with others, for people.
        """
        fresh: set[str] = set()
        problems: list[str] = []
        if self._inotify is None:
            return fresh, problems
        for folder in folders:
            try:
                identity = _identity(folder)
                armed = self._armed.get(folder)
                if armed is not None and armed.fits(identity):
                    continue
                self.disarm(folder)
                watch = _Watch(folder, identity, self._changed)
                watch.descriptor = self._inotify.add_callback(os.fsencode(folder), _MASK, watch, watch.key)
                self._armed[folder] = watch
                self._watch_above(watch)
            except OSError as error:
                self.disarm(folder)
                problems.append(f"{folder} cannot be watched: {error.strerror or error}")
                continue
            fresh.add(folder)
        return fresh, problems

    def armed(self, folder: str) -> bool:
        """It is watched as it is now; then no link is in its path, or a move of one above was told of."""
        armed = self._armed.get(folder)
        try:
            return armed is not None and armed.fits(_identity(folder))
        except OSError:
            return False

    def disarm(self, folder: str) -> None:
        """Watch this folder no longer, if it is watched."""
        armed = self._armed.pop(folder, None)
        if armed is None:
            return
        self._end(armed)
        for each in _above(folder):
            guard = self._above.get(each)
            if guard is not None:
                guard.below.discard(armed)
                if not guard.below:
                    self._end(self._above.pop(each))

    def _watch_above(self, watch: "_Watch") -> None:
        """Hear of it when a folder above is moved, which the kernel tells of that folder alone."""
        assert self._inotify is not None
        for folder in _above(watch.folder):
            if not os.access(folder, os.R_OK):
                # As in _identity(), but only the resync is the later for it.
                continue
            found = os.stat(folder)  # noqa: PTH116 - called for every folder that is new
            identity = found.st_dev, found.st_ino
            guard = self._above.get(folder)
            if guard is None or not guard.fits(identity):
                below = set() if guard is None else guard.below
                if guard is not None:
                    self._end(guard)
                guard = _Watch(folder, identity, self._changed)
                guard.below = below
                path = os.fsencode(folder)
                guard.descriptor = self._inotify.add_callback(path, _MASK_ABOVE, guard, guard.key)
                self._above[folder] = guard
            guard.below.add(watch)

    def _end(self, watch: "_Watch") -> None:
        if watch.alive and self._inotify is not None:
            self._inotify.remove_callbacks([(watch.descriptor, watch.key)])


def _above(folder: str) -> Iterator[str]:
    """The folders above one, without the root, which nobody moves."""
    while folder := folder.rpartition("/")[0]:
        yield folder


def _identity(folder: str) -> tuple[int, int]:
    """Which folder it is, by device and inode: another mount or a swapped folder is another one."""
    if not os.access(folder, os.R_OK):
        # Raises what is wrong; watchdog would watch nothing and say nothing.
        os.close(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    found = os.stat(folder)  # noqa: PTH116 - called for every folder of every look
    return found.st_dev, found.st_ino


class _Watch:
    """What watchdog's thread calls for one folder.

    Attributes:
        alive: the kernel has not ended it.
        moved: a folder above is another one now, or will be.
        below: those that are told when this one is moved.
    """

    __slots__ = ("_changed", "alive", "below", "descriptor", "folder", "identity", "moved")

    def __init__(self, folder: str, identity: tuple[int, int], changed: Callable[[Change], object]) -> None:
        self.folder = folder
        self.identity = identity
        self.descriptor = WatchDescriptor(-1)
        self.alive = True
        self.moved = False
        self.below: set[_Watch] = set()
        self._changed = changed

    def fits(self, identity: tuple[int, int]) -> bool:
        """It watches this folder, and will hear of it when one above is moved."""
        return self.alive and not self.moved and self.identity == identity

    @property
    def key(self) -> CallbackId:
        return CallbackId(id(self))

    def on_event(self, event: InotifyEvent) -> None:
        if event.is_move_self:
            self._tell(Kind.FOLDER_GONE)
            for watch in list(self.below):
                watch.moved = True
                watch._tell(Kind.FOLDER_GONE)
        elif event.is_delete_self:
            self._tell(Kind.FOLDER_GONE)
        elif event.is_close_write or (event.is_attrib and event.name):
            self._tell(Kind.WRITTEN, event.name)
        elif event.is_create:
            self._tell(Kind.MADE, event.name)
        elif event.is_move or event.is_delete:
            self._tell(Kind.MOVED, event.name)
        # IN_UNMOUNT comes unasked; the kernel ends the watch after it.

    def _tell(self, kind: Kind, name: bytes = b"") -> None:
        try:
            self._changed(Change(self.folder, os.fsdecode(name), kind))
        except Exception:
            log.exception("an event was not handled; the resync makes up for it")

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:  # noqa: ARG002
        self.alive = False

    def on_queue_overflow(self) -> None:
        """Told once for all folders, in watchdog's log."""


watchdog_log = logging.getLogger("watchdog.observers.inotify_c")


class _OverflowHandler(logging.Handler):
    """Hears of an overflow where watchdog tells it: in its log."""

    def __init__(self, overflowed: Callable[[], object]) -> None:
        super().__init__(logging.WARNING)
        self._overflowed = overflowed

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._overflowed()
