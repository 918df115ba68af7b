"""Makes commits survive a power cut, those of several threads by one sync of the disk."""

import os
import threading
from pathlib import Path


class WriteAhead:
    """The write-ahead log of the state file.

    A commit in WAL mode with ``synchronous=NORMAL`` is in the log and not yet on the disk; what SQLite does
    more with ``FULL`` is to sync the log (https://sqlite.org/pragma.html#pragma_synchronous). Here that is
    done after the commit and outside the database's lock, so that all who committed meanwhile share one sync.

    Args:
        database: the state file.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}-wal")
        self._changed = threading.Condition()
        self._descriptor: int | None = None
        self._syncing = False
        self._begun = 0
        self._done = 0

    def sync(self) -> None:
        """Return when everything that was committed before this call would survive a power cut.

        Raises:
            OSError: the disk does not take it.
        """
        with self._changed:
            # A sync that has begun may have missed the caller's commit; the one after it has it for sure.
            wanted = self._begun + 1
            while self._syncing and self._done < wanted:
                self._changed.wait()
            if self._done >= wanted:
                return
            self._syncing = True
            self._begun += 1
            mine = self._begun
        done = False
        try:
            os.fdatasync(self._open())
            done = True
        finally:
            with self._changed:
                self._syncing = False
                # What failed is tried again by each who waits, and is told to each.
                self._done = mine if done else self._done
                self._changed.notify_all()

    def _open(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            # SQLite syncs the folder only when it syncs the log itself.
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return self._descriptor

    def close(self) -> None:
        """Let go of the log."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
