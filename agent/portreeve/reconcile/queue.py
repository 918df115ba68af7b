"""The work queue: each key at most once, never worked on twice at the same time, never lost.

A key that is added while it is being worked on runs again afterwards: whatever changed during the work was
perhaps read too early. (The contract of Kubernetes' workqueue; see controller-runtime ``pkg/reconcile``.)
A key that has others before it is not given out while one of those is due or worked on.
"""

import heapq
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.reconcile.chains import Chains


@dataclass(slots=True)
class _Waiting:
    """When each key that is not being worked on is due; the heap may hold entries that are no longer true."""

    due: dict[str, float] = field(default_factory=dict)
    heap: list[tuple[float, str]] = field(default_factory=list)

    def put(self, key: str, at: float) -> bool:
        """Make ``key`` due at ``at`` unless it is due earlier; tell whether that moved it."""
        if key in self.due and self.due[key] <= at:
            return False
        self.due[key] = at
        heapq.heappush(self.heap, (at, key))
        return True

    def first(self) -> tuple[float, str] | None:
        while self.heap:
            at, key = self.heap[0]
            if self.due.get(key) == at:
                return at, key
            heapq.heappop(self.heap)
        return None

    def take(self, key: str) -> None:
        del self.due[key]


class Queue:
    """A queue of keys with due times, shared by triggers and workers.

    Args:
        clock: for due times.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting = _Waiting()
        self._working: dict[str, frozenset[str] | None] = {}
        self._about: dict[str, set[str] | None] = {}
        self._again: dict[str, float] = {}
        self._chains = Chains()
        self._closed = False
        self._roll_call = 0

    def order(self, before: Mapping[str, Iterable[str]]) -> None:
        """Say which keys come before which others, when both are due; replaces what was said before.

        Args:
            before: by key, those directly before it.
        """
        with self._changed:
            self._chains.order(before)
            self._changed.notify()

    def add(self, key: str, delay: float = 0.0, about: str | None = None) -> None:
        """Make a key due in ``delay`` seconds, or keep its earlier due time.

        Args:
            key: what to work on.
            delay: seconds.
            about: what of it alone may be another now; ``None``: anything.
        """
        at = self._clock.monotonic() + delay
        with self._changed:
            if about is None:
                self._about[key] = None
            elif (known := self._about.setdefault(key, set())) is not None:
                known.add(about)
            if key in self._working:
                self._again[key] = min(at, self._again.get(key, at))
            elif self._waiting.put(key, at):
                self._changed.notify()

    def take(self, roll_call: int) -> tuple[str | None, int]:
        """Block until a key is due, a newer roll call than ``roll_call`` is held, or the queue is closed.

        Returns:
            the key (``None`` for a roll call or when closed) and the newest roll call.
        """
        with self._changed:
            while not self._closed:
                key, remaining = self._choose(self._clock.monotonic())
                if key is not None:
                    self._waiting.take(key)
                    about = self._about.pop(key, None)
                    self._working[key] = None if about is None else frozenset(about)
                    # Another key may be due as well; its worker may be waiting with a longer timeout.
                    self._changed.notify()
                    return key, self._roll_call
                if self._roll_call != roll_call:
                    return None, self._roll_call
                self._changed.wait(remaining)
            return None, self._roll_call

    def about(self, key: str) -> frozenset[str] | None:
        """What of a key that is worked on may be another now; ``None``: anything. See :meth:`add`."""
        return self._working.get(key)

    def done(self, key: str) -> None:
        """The work on a key ended; if it was added meanwhile, it becomes due again."""
        with self._changed:
            self._working.pop(key, None)
            at = self._again.pop(key, None)
            awaited = self._chains.ended(key, self._clock.monotonic())
            if (at is not None and self._waiting.put(key, at)) or awaited:
                self._changed.notify()

    def due(self, keys: Iterable[str]) -> bool:
        """One of the keys is about to be given out."""
        now = self._clock.monotonic()
        with self._changed:
            due = self._waiting.due
            return any(due.get(key, now + 1) <= now for key in keys)

    def forget(self, key: str) -> None:
        """Drop a key that no longer exists; work that has begun on it ends by itself."""
        with self._changed:
            self._waiting.due.pop(key, None)
            self._again.pop(key, None)
            # Another may have waited for it.
            self._changed.notify()

    def call_roll(self) -> int:
        """Ask every idle worker to answer; a worker that cannot is not working."""
        with self._changed:
            self._roll_call += 1
            self._changed.notify_all()
            return self._roll_call

    @property
    def closed(self) -> bool:
        """No more work is given out."""
        return self._closed

    def close(self) -> None:
        """Give out no more work and let every worker go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _choose(self, now: float) -> tuple[str | None, float | None]:
        """The key to take now; without one, in how many seconds to look again, ``None`` for any time."""
        passed: list[tuple[float, str]] = []
        chosen, again = None, None
        while (first := self._waiting.first()) is not None:
            due, key = first
            ready = due
            if due <= now:
                ready = self._chains.ready_at(key, due, now, working=self._working, waiting=self._waiting.due)
            if ready <= now:
                chosen = key
                break
            again = ready - now if again is None else min(again, ready - now)
            if due > now:
                break
            passed.append(heapq.heappop(self._waiting.heap))
        for entry in passed:
            heapq.heappush(self._waiting.heap, entry)
        return chosen, again
