"""Stand-in until the real one lands."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
    DirMovedEvent,
    DirDeletedEvent,
    DirCreatedEvent,
)
from watchdog.observers import Observer

FILTER = [FileClosedEvent, FileMovedEvent, FileCreatedEvent, FileDeletedEvent, DirMovedEvent, DirDeletedEvent, DirCreatedEvent]


class FileWatcher(FileSystemEventHandler):
    def __init__(self, enqueue: Callable[[str, float], None]) -> None:
        self._enqueue = enqueue
        self._observer = Observer()
        self._lock = threading.Lock()
        self._paths: dict[str, frozenset[Path]] = {}
        self._watches: dict[Path, object] = {}

    def start(self) -> None:
        self._observer.start()

    def stop(self) -> None:
        self._observer.stop()
        if self._observer.ident:
            self._observer.join()

    def watch(self, key: str, paths: Iterable[Path]) -> None:
        with self._lock:
            self._paths[key] = frozenset(paths)
            wanted = set()
            for paths_ in self._paths.values():
                for path in paths_:
                    folder = path if key == "@definitions" and path.is_dir() else path.parent
                    while not folder.is_dir():
                        folder = folder.parent
                    wanted.add(folder)
                    if path.is_dir():
                        wanted.add(path)
            for folder in wanted - self._watches.keys():
                self._watches[folder] = self._observer.schedule(self, str(folder), event_filter=FILTER)

    def check(self) -> tuple[str, ...]:
        return ()

    def on_any_event(self, event: FileSystemEvent) -> None:
        names = {Path(str(event.src_path)), Path(str(event.dest_path or event.src_path))}
        for key, paths in list(self._paths.items()):
            if any(n in paths or n.parent in paths or any(n in p.parents for p in paths) for n in names):
                self._enqueue(key, 0.05 if isinstance(event, FileCreatedEvent) else 0.0)
