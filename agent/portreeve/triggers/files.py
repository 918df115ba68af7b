"""Wakes the keys of a file when it is written, replaced, made or removed."""

import queue
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from portreeve.trail import EVERY
from portreeve.triggers.folders import Change, Folders, Kind
from portreeve.triggers.points import Point, points

_CREATED = 0.05
"""Seconds until a file that was just made is looked at: its writer mostly needs less."""

_TRIES = 3
"""A folder may appear, go or be swapped while its watch is set: what was found is looked at once more."""

Enqueue = Callable[[str, float, str | None], object]


class FileWatcher:
    """Enqueues a key whenever one of its paths may have changed.

    Folders are watched, not files: a file that is replaced would take its watch with it. Where a folder is
    not there, the nearest one above it is watched, and the watch moves closer when that changes.

    Args:
        enqueue: takes a key, a delay in seconds, and what path of it alone may be another now, ``None`` for
            any; called from several threads.
    """

    def __init__(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._lock = threading.Lock()
        self._paths: dict[str, frozenset[Path]] = {}
        self._points: dict[str, frozenset[Point]] = {}
        # By folder, then by name. Watchdog's thread reads it without our lock, which stop() holds while it
        # waits for that thread: it only takes copies, each in one step that no other thread comes between.
        self._index: dict[str, dict[str, set[str]]] = {}
        self._folders = Folders(self._changed, self._overflowed)
        self._moved: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._mover = threading.Thread(target=self._move_watches, name="file-watches", daemon=True)
        self._started = False

    def start(self) -> None:
        """Begin; what was asked for before is watched from now on."""
        with self._lock:
            self._folders.start()
            self._started = True
            for key in self._paths:
                self._settle(key)
        self._mover.start()

    def stop(self) -> None:
        """End every watch and every thread; no key is enqueued afterwards."""
        with self._lock:
            if not self._started:
                return
            self._started = False
        self._moved.put(None)
        self._mover.join()
        with self._lock:
            self._folders.stop()

    def watch(self, key: str, paths: Iterable[Path]) -> None:
        """Say which paths a key depends on; replaces what was said before, and nothing ends it.

        A key is enqueued once when something of it is watched for the first time: that may just have changed.

        Args:
            key: what to enqueue.
            paths: absolute; they need not exist; the last name may be ``EVERY``. Links among their
                parents are followed and watched. A path that is a link itself is watched by its name; give
                its trail to watch what it leads to as well.
        """
        wanted = frozenset(paths)
        with self._lock:
            if wanted == self._paths.get(key) and self._holds(key):
                return
            if wanted:
                self._paths[key] = wanted
            else:
                self._paths.pop(key, None)
            if self._started:
                self._settle(key)

    def watch_first(self, key: str, paths: Iterable[Path]) -> None:
        """Watch these paths of a key as well, of which none was read yet, and do not enqueue it for that.

        Who watches first, then reads, and then says by :meth:`watch` what it was, need not look twice.

        Args:
            key: what to enqueue when they change.
            paths: as for :meth:`watch`.
        """
        with self._lock:
            known = self._paths.get(key, frozenset())
            wanted = known.union(paths)
            if wanted == known:
                return
            self._paths[key] = wanted
            if self._started:
                self._settle(key, wake=False)

    def check(self) -> tuple[str, ...]:
        """Look after every watch; for the resync timer.

        Returns:
            what was wrong: a watch that had ended, a folder that is another one now or cannot be watched.
        """
        with self._lock:
            if not self._started:
                return ()
            wrong = ["the watching thread had ended"] if self._folders.revive() else []
            for key in list(self._paths):
                wrong += self._settle(key)
        return tuple(dict.fromkeys(wrong))

    def _holds(self, key: str) -> bool:
        """Everything of a key that was watched is watched as it is now, down to which folder it is."""
        return all(map(self._folders.armed, {folder for folder, _ in self._points.get(key, ())}))

    def _settle(self, key: str, *, wake: bool = True) -> list[str]:
        """Watch a key's paths where they are now, and enqueue it if that is elsewhere than before.

        Args:
            key: whose.
            wake: also where it is for the first time.
        """
        before = published = self._points.get(key, frozenset())
        problems: list[str] = []
        rearmed: set[str] = set()
        left = {folder for folder, _ in before}
        for _ in range(_TRIES):
            now, folders = points(self._paths.get(key, ()), self._folders.armed)
            self._publish(key, now)
            fresh, problems = self._folders.arm(folders)
            rearmed |= fresh
            left |= {folder for folder, _ in now}
            if not fresh and not problems and now == published:
                break
            published = now
        for folder in left - self._index.keys():
            self._folders.disarm(folder)
        known = {folder for folder, _ in before}
        # What every name of a folder stood for was watched, whichever name it is that is asked for now.
        news = any((folder, EVERY) not in before for folder, _ in now - before)
        if rearmed & known or (wake and (rearmed or news)):
            self._enqueue(key, _CREATED, None)
        return problems + [f"{folder} was not watched any more" for folder in sorted(rearmed & known)]

    def _publish(self, key: str, now: frozenset[Point]) -> None:
        before = self._points.get(key, frozenset())
        if now:
            self._points[key] = now
        else:
            self._points.pop(key, None)
        for folder, name in now - before:
            self._index.setdefault(folder, {}).setdefault(name, set()).add(key)
        for folder, name in before - now:
            names = self._index[folder]
            names[name].discard(key)
            if not names[name]:
                del names[name]
            if not names:
                del self._index[folder]

    def _changed(self, change: Change) -> None:
        """In watchdog's thread: match names and enqueue, no more."""
        names = self._index.get(change.folder, {})
        keys = names.get(change.name, set()) | names.get(EVERY, set())
        if change.kind is Kind.FOLDER_GONE:
            keys = set().union(*list(names.values()))
        delay = _CREATED if change.kind is Kind.MADE else 0.0
        path = None if change.kind is Kind.FOLDER_GONE else f"{change.folder}/{change.name}"
        for key in keys:
            self._enqueue(key, delay, path)
            if change.kind is not Kind.WRITTEN:
                self._moved.put(key)

    def _overflowed(self) -> None:
        for key in list(self._points):
            self._enqueue(key, 0.0, None)
            self._moved.put(key)

    def _move_watches(self) -> None:
        while True:
            # A set of many files that is replaced moves as many names of one key: it is settled once for all.
            moved = {self._moved.get()}
            while not self._moved.empty():
                moved.add(self._moved.get())
            for key in moved - {None}:
                with self._lock:
                    if self._started and key in self._paths:
                        self._settle(key)
            if None in moved:
                return
