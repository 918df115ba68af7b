"""How often a unit may be moved: changes that come faster are put together, and none is dropped."""

import threading
from collections import deque
from collections.abc import Iterable

from portreeve.clock import Clock

MOST = 3
"""Moves of one unit within :data:`WINDOW`. systemd refuses the sixth start in 10 s (systemd-system.conf(5),
DefaultStartLimitBurst=); this leaves room for taking a bad content back, and for an administrator."""

WINDOW = 10.0
"""Seconds."""


class Pace:
    """When each unit was moved, for all syncs together: two may move the same one.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._moves: dict[str, deque[float]] = {}

    def delay(self, units: Iterable[str]) -> float:
        """Seconds until all of these units may be moved again; 0 when they may now."""
        now = self._clock.monotonic()
        with self._lock:
            waits = (
                moves[0] + WINDOW - now
                for moves in (self._moves.get(unit, deque()) for unit in units)
                if len(moves) == MOST
            )
            return max(0.0, *waits, 0.0)

    def note(self, units: Iterable[str]) -> None:
        """These units are moved now."""
        now = self._clock.monotonic()
        with self._lock:
            for unit in units:
                self._moves.setdefault(unit, deque(maxlen=MOST)).append(now)
