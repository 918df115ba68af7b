"""Status boards: the newest status of each thing, and a way to wait for any to change without polling."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, Protocol, TypeVar

from portreeve.clock import SYSTEM_CLOCK, Clock


class Named(Protocol):
    """A status says what it is about."""

    @property
    def name(self) -> str:
        """Of the sync, container or service."""


S = TypeVar("S", bound=Named)


class Changes:
    """Counts the changes of one or several boards; whoever waits sleeps here and is woken by each.

    Args:
        clock: for the deadlines of waiting.
        on_change: called after every change, under the lock, so it must be quick.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK, on_change: Callable[[], None] | None = None) -> None:
        self._clock = clock
        self._on_change = on_change
        self._number = 0
        self._closed = False
        self.lock = threading.Condition()
        """Held while a board is read or changed; it may be taken again by who holds it."""

    @property
    def number(self) -> int:
        """Of the last change. Read it before the boards: what changes in between is then not overlooked."""
        with self.lock:
            return self._number

    @property
    def closed(self) -> bool:
        """The agent is stopping: nothing will change any more."""
        return self._closed

    def count(self) -> None:
        """There was a change; called by a board."""
        with self.lock:
            self._number += 1
            self.lock.notify_all()
            if self._on_change is not None:
                self._on_change()

    def close(self) -> None:
        """Wake everybody who waits, for good."""
        with self.lock:
            self._closed = True
            self.lock.notify_all()

    def wait_for(self, *, since: int, timeout: float) -> int:
        """Block until a change after ``since`` came, the deadline passed, or :meth:`close`.

        Args:
            since: the number of the last change that is known.
            timeout: seconds.

        Returns:
            the number of the last change.
        """
        deadline = self._clock.monotonic() + timeout
        with self.lock:
            while not self._closed and self._number <= since:
                remaining = deadline - self._clock.monotonic()
                if remaining <= 0:
                    break
                self.lock.wait(remaining)
            return self._number


class Board(Generic[S]):
    """Holds one status a name.

    Args:
        changes: where they are counted; boards that share them are waited for as one.
    """

    def __init__(self, changes: Changes | None = None) -> None:
        self.changes = changes or Changes()
        self._statuses: dict[str, S] = {}

    def post(self, status: S) -> None:
        """Put up the newest status of something; the same status again is no change."""
        with self.changes.lock:
            if self._statuses.get(status.name) == status:
                return
            self._statuses[status.name] = status
            self.changes.count()

    def keep_only(self, names: Iterable[str]) -> None:
        """Take down the statuses of what is no longer declared."""
        wanted = set(names)
        with self.changes.lock:
            gone = self._statuses.keys() - wanted
            for name in gone:
                del self._statuses[name]
            if gone:
                self.changes.count()

    def snapshot(self) -> Mapping[str, S]:
        """All statuses by name."""
        with self.changes.lock:
            return dict(self._statuses)

    def get(self, name: str) -> S | None:
        """One status, or ``None`` when it has none."""
        with self.changes.lock:
            return self._statuses.get(name)
