"""The status board: the newest status of each sync, and a way to wait for it to change without polling."""

import threading
from collections.abc import Callable, Iterable, Mapping

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.reconcile.status import SyncStatus


class Board:
    """Holds one status a sync; every change has a number, and whoever waits is woken by it.

    Args:
        clock: for the deadlines of waiting.
        on_change: called after every change, under the board's lock, so it must be quick.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK, on_change: Callable[[], None] | None = None) -> None:
        self._clock = clock
        self._on_change = on_change
        self._changed = threading.Condition()
        self._statuses: dict[str, SyncStatus] = {}
        self._number = 0
        self._closed = False

    def post(self, status: SyncStatus) -> None:
        """Put up a sync's newest status; the same status again is no change."""
        with self._changed:
            if self._statuses.get(status.name) == status:
                return
            self._statuses[status.name] = status
            self._bump()

    def keep_only(self, names: Iterable[str]) -> None:
        """Take down the statuses of syncs that are no longer declared."""
        wanted = set(names)
        with self._changed:
            gone = self._statuses.keys() - wanted
            for name in gone:
                del self._statuses[name]
            if gone:
                self._bump()

    def snapshot(self) -> tuple[int, Mapping[str, SyncStatus]]:
        """The number of the last change, and all statuses by name."""
        with self._changed:
            return self._number, dict(self._statuses)

    def get(self, name: str) -> SyncStatus | None:
        """One sync's status, or ``None`` when it has none."""
        with self._changed:
            return self._statuses.get(name)

    def wait_for(
        self, done: Callable[[Mapping[str, SyncStatus]], bool], *, timeout: float, since: int = -1
    ) -> tuple[int, Mapping[str, SyncStatus]]:
        """Block until ``done`` holds, a change after ``since`` came, the deadline passed, or :meth:`close`.

        Args:
            done: a predicate of all statuses; called under the board's lock, so it must be quick.
            timeout: seconds.
            since: return on any change with a higher number; -1 waits for ``done`` alone.

        Returns:
            the number of the last change and all statuses.
        """
        deadline = self._clock.monotonic() + timeout
        with self._changed:
            while not (self._closed or done(self._statuses) or 0 <= since < self._number):
                remaining = deadline - self._clock.monotonic()
                if remaining <= 0:
                    break
                self._changed.wait(remaining)
            return self._number, dict(self._statuses)

    @property
    def closed(self) -> bool:
        """The agent is stopping: nothing will change any more."""
        return self._closed

    def close(self) -> None:
        """Wake everybody who waits, for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _bump(self) -> None:
        self._number += 1
        self._changed.notify_all()
        if self._on_change is not None:
            self._on_change()
