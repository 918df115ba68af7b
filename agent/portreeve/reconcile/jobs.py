"""Jobs that several syncs need: one that began after a sync's files were written serves that sync too."""

import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum

from portreeve.errors import PortreeveError

_REMEMBERED = 256
"""Actions whose last end is remembered: far more than are of use to anybody at the same time."""


class Turn(Enum):
    """What a sync is to do about an action."""

    BEGIN = "begin"
    """Carry it out, and say when it ended."""
    SERVED = "served"
    """It was carried out for another sync, and well."""
    WAIT = "wait"
    """It is being carried out just now, too early for this sync."""


@dataclass(frozen=True, slots=True)
class _Ended:
    began: int
    error: PortreeveError | None


@dataclass(slots=True)
class Jobs:
    """What is being carried out, and how it ended last. Moments are numbers that only grow."""

    _moment: int = 0
    _running: dict[Hashable, int] = field(default_factory=dict)
    _ended: dict[Hashable, _Ended] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> int:
        """This moment: whatever begins from now on begins later."""
        with self._lock:
            self._moment += 1
            return self._moment

    def served(self, action: Hashable, since: int) -> bool:
        """Whether an action was carried out, and well, by a job that began since.

        Args:
            action: equal for what one job does for all.
            since: the moment since when everything is there that it is to make effective.

        Raises:
            PortreeveError: such a job failed; each of those that it was for is told.
        """
        with self._lock:
            return self._served(action, since)

    def turn(self, action: Hashable, since: int) -> Turn:
        """Ask whether an action has to be carried out, and if so begin; otherwise as :meth:`served`."""
        with self._lock:
            if self._served(action, since):
                return Turn.SERVED
            if action in self._running:
                return Turn.WAIT
            self._moment += 1
            self._running[action] = self._moment
            return Turn.BEGIN

    def running(self, action: Hashable) -> bool:
        """Whether an action is being carried out just now."""
        with self._lock:
            return action in self._running

    def _served(self, action: Hashable, since: int) -> bool:
        ended = self._ended.get(action)
        if ended is None or ended.began < since:
            return False
        if ended.error is not None:
            raise _again(ended.error)
        return True

    def ended(self, action: Hashable, error: PortreeveError | None, *, known: bool = True) -> None:
        """Say how an action ended that was begun.

        Args:
            action: as for :meth:`turn`.
            error: why it did not work.
            known: whether that can be said at all; if not, others do not rely on it.
        """
        with self._lock:
            began = self._running.pop(action)
            if known:
                # The newest is the last of them, so that the oldest are forgotten first.
                self._ended.pop(action, None)
                self._ended[action] = _Ended(began, error)
                while len(self._ended) > _REMEMBERED:
                    del self._ended[next(iter(self._ended))]


def _again(error: PortreeveError) -> PortreeveError:
    """The same error for somebody else, who may add to it."""
    return type(error)(error.reason, error.what, evidence=error.evidence, hint=error.hint, step=error.step)
