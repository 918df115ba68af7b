"""Watches folders through watchdog, each once, and puts right what watchdog leaves wrong.

In 7.1 [read and measured] a folder that is removed ends its watch, and one that is made anew is not seen; one
that is mounted over or swapped for another is watched on below or elsewhere; an exception in a handler ends
every watch; a folder that may not be read is watched without effect; and an overflow is only logged.
"""

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import ObservedWatch
from watchdog.observers.inotify import InotifyObserver

log = logging.getLogger(__name__)

# Without a filter our own reads would wake us.
_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
]


@dataclass(frozen=True, slots=True)
class _Armed:
    watch: ObservedWatch
    identity: tuple[int, int]


class Folders:
    """The folders that are watched; not to be used by two threads at the same time.

    Args:
        changed: called with each event, in watchdog's thread; must not call back. What it raises is logged.
        overflowed: called when the kernel dropped events, in watchdog's thread; it must not call back.
    """

    def __init__(
        self, changed: Callable[[FileSystemEvent], object], overflowed: Callable[[], object]
    ) -> None:
        self._handler = _Handler(changed)
        self._overflow = _OverflowHandler(overflowed)
        self._observer: InotifyObserver | None = None
        self._armed: dict[str, _Armed] = {}

    def start(self) -> None:
        """Begin; no folder is watched yet."""
        watchdog_log.addHandler(self._overflow)
        self._observer = InotifyObserver()
        self._observer.start()

    def stop(self) -> None:
        """End every watch and every thread."""
        watchdog_log.removeHandler(self._overflow)
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
        self._observer = None
        self._armed.clear()

    def revive(self) -> bool:
        """Start anew if watchdog's thread has ended; every folder has to be armed again then.

        Returns:
            whether it had ended.
        """
        if self._observer is None or self._observer.is_alive():
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
        if self._observer is None:
            return fresh, problems
        alive = {emitter.watch for emitter in self._observer.emitters if emitter.is_alive()}
        for folder in folders:
            try:
                identity = _identity(folder)
                armed = self._armed.get(folder)
                if armed is not None and armed.identity == identity and armed.watch in alive:
                    continue
                self._disarm(folder)
                watch = self._observer.schedule(self._handler, folder, event_filter=_EVENTS)
            except (OSError, RuntimeError) as error:
                # watchdog starts a thread for each folder; RuntimeError is that there can be no more of them.
                self._disarm(folder)
                problems.append(f"{folder} cannot be watched: {getattr(error, 'strerror', None) or error}")
                continue
            self._armed[folder] = _Armed(watch, identity)
            fresh.add(folder)
        return fresh, problems

    def keep(self, folders: Iterable[str]) -> None:
        """Watch no others than these."""
        for folder in set(self._armed) - set(folders):
            self._disarm(folder)

    def _disarm(self, folder: str) -> None:
        armed = self._armed.pop(folder, None)
        if armed is not None and self._observer is not None:
            self._observer.unschedule(armed.watch)


def _identity(folder: str) -> tuple[int, int]:
    """Which folder it is, by device and inode: another mount or a swapped folder is another one."""
    if not os.access(folder, os.R_OK):
        # Raises what is wrong; watchdog would watch nothing and say nothing.
        os.close(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    found = Path(folder).stat()
    return found.st_dev, found.st_ino


class _Handler(FileSystemEventHandler):
    def __init__(self, changed: Callable[[FileSystemEvent], object]) -> None:
        self._changed = changed

    def dispatch(self, event: FileSystemEvent) -> None:
        try:
            self._changed(event)
        except Exception:
            log.exception("an event was not handled; the resync makes up for it")


watchdog_log = logging.getLogger("watchdog.observers.inotify_c")


class _OverflowHandler(logging.Handler):
    """Hears of an overflow where watchdog tells it: in its log."""

    def __init__(self, overflowed: Callable[[], object]) -> None:
        super().__init__(logging.WARNING)
        self._overflowed = overflowed

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._overflowed()
