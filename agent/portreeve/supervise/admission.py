"""How many containers may be on their way to ready at the same time, and whose turn it is."""

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from threading import Lock

from portreeve.clock import SYSTEM_CLOCK, Clock


def _room() -> str:
    return ""


def _nobody(_name: str) -> None:
    return None


@dataclass(slots=True)
class Admission:
    """Slots for starts; safe to use from several threads.

    Args:
        limit: so many at the same time.
        clock: for deadlines.
        room: why the host has no room for another one (memory); empty when it has. It is asked without the
            lock held, so it may take its time.
        wake: called with the name of each whose turn it is when a slot may have become free; one that does
            not want it any more is to :meth:`leave`.
    """

    limit: int
    clock: Clock = SYSTEM_CLOCK
    room: Callable[[], str] = _room
    wake: Callable[[str], None] = _nobody
    _lock: Lock = field(default_factory=Lock, init=False)
    _inside: dict[str, float] = field(default_factory=dict, init=False)
    _waiting: dict[str, int] = field(default_factory=dict, init=False)
    """By name in the order they came: how many depend on each."""

    _held: str = field(default="", init=False)

    def why_not(self, name: str, dependents: int = 0) -> str:
        """Why it may not be started now; empty when it may. Whoever asks waits from then on.

        Args:
            name: of the definition.
            dependents: how many wait for it: those with any go first, else who came first.
        """
        room = self.room()
        with self._lock:
            self._expire()
            if name in self._inside:
                return ""
            self._waiting[name] = dependents
            return self._refusal(name, room)

    def enter(self, name: str, deadline: float, dependents: int = 0) -> bool:
        """Take a slot, where there is one and it is its turn.

        Args:
            name: of the definition.
            deadline: seconds after which the slot is free again, whatever became of it.
            dependents: as in :meth:`why_not`.
        """
        room = self.room()
        with self._lock:
            self._expire()
            self._waiting.setdefault(name, dependents)
            if name not in self._inside and self._refusal(name, room):
                return False
            self._waiting.pop(name, None)
            self._inside[name] = self.clock.monotonic() + deadline
            return True

    def leave(self, name: str) -> None:
        """It is ready, or failed, or is not wanted any more: its slot and its place in the row are free."""
        with self._lock:
            was = self._inside.pop(name, None) is not None
            was = self._waiting.pop(name, None) is not None or was
            next_ones = self._next() if was else []
        self._wake(next_ones)

    def step_aside(self, name: str) -> None:
        """Its wish cannot be told just now: nobody waits behind it; a slot that it has it keeps."""
        with self._lock:
            next_ones = self._next() if self._waiting.pop(name, None) is not None else []
        self._wake(next_ones)

    def keep_only(self, names: Container[str]) -> None:
        """Others have no definition any more: nobody waits behind them."""
        with self._lock:
            gone = [name for name in (*self._waiting, *self._inside) if name not in names]
        for name in gone:
            self.leave(name)

    def hold(self, why: str) -> None:
        """No slot is given until :meth:`release`; those inside stay."""
        with self._lock:
            self._held = why

    def release(self) -> None:
        """Slots are given again."""
        with self._lock:
            was, self._held = self._held, ""
            next_ones = self._next() if was else []
        self._wake(next_ones)

    def inside(self) -> tuple[str, ...]:
        """Who is on the way, the longest first."""
        with self._lock:
            self._expire()
            return tuple(self._inside)

    def _refusal(self, name: str, room: str) -> str:
        if self._held:
            return self._held
        free = max(self.limit, 1) - len(self._inside)
        if free <= 0:
            return f"{len(self._inside)} are on their way to ready: {', '.join(self._inside)}"
        # Something already on its way will make room, or show that there is none; alone it goes anyway.
        if room and self._inside:
            return room
        before = self._row()[: self._row().index(name)]
        return f"{', '.join(before)} come first" if len(before) >= free else ""

    def _row(self) -> list[str]:
        return sorted(self._waiting, key=lambda name: self._waiting[name] == 0)

    def _next(self) -> list[str]:
        """Whose turn it is: of many that wait the others need not even look."""
        return self._row()[: max(self.limit, 1) - len(self._inside)]

    def _expire(self) -> None:
        now = self.clock.monotonic()
        for name in [name for name, until in self._inside.items() if until <= now]:
            del self._inside[name]

    def _wake(self, names: list[str]) -> None:
        for name in names:
            self.wake(name)
