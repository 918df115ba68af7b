"""How often an action may be done: changes that come faster are put together, and none is dropped."""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from portreeve.clock import Clock
from portreeve.definitions.steps import (
    ApplyStep,
    Exec,
    Reload,
    ReloadOrRestart,
    Restart,
    Signal,
    Start,
    Stop,
    describe,
)

MOST = 3
"""Moves of one unit within :data:`WINDOW`. systemd refuses the sixth start in 10 s (systemd-system.conf(5),
DefaultStartLimitBurst=); this leaves room for taking a bad content back, and for an administrator."""

WINDOW = 10.0
"""Seconds."""

APART = 0.5
"""Seconds between two reloads of a unit, or two times of the same action in a container.

A burst of changes is a handful of them, and still in force within the second."""

_MOVES = (Restart, ReloadOrRestart, Start, Stop)
_RELOADS = (Reload, Exec, Signal)


@dataclass(frozen=True, slots=True)
class Pause:
    """Why an action is not done yet.

    Args:
        delay: seconds until it may be; 0 when it may now.
        why: one sentence; empty when it may.
    """

    delay: float = 0.0
    why: str = ""


class Pace:
    """When each action was done, for all syncs together: two may move the same unit.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._moves: dict[str, deque[float]] = {}
        self._reloads: dict[ApplyStep, float] = {}

    def pause(self, steps: Iterable[ApplyStep]) -> Pause:
        """How long it is until all of these steps may be done."""
        now = self._clock.monotonic()
        with self._lock:
            pauses = [self._of(step, now) for step in steps]
        return max(pauses, key=lambda pause: pause.delay, default=Pause())

    def note(self, step: ApplyStep) -> None:
        """The step is done now."""
        now = self._clock.monotonic()
        with self._lock:
            if isinstance(step, _MOVES):
                self._moves.setdefault(step.unit, deque(maxlen=MOST)).append(now)
            elif isinstance(step, _RELOADS):
                self._forget(now)
                self._reloads[replace(step, timeout=0.0)] = now

    def _of(self, step: ApplyStep, now: float) -> Pause:
        if isinstance(step, _MOVES):
            moves = self._moves.get(step.unit, deque())
            if len(moves) == MOST and moves[0] + WINDOW > now:
                why = f"{step.unit} was moved {MOST} times within {WINDOW:g} s"
                return Pause(moves[0] + WINDOW - now, why)
        elif isinstance(step, _RELOADS):
            last = self._reloads.get(replace(step, timeout=0.0))
            if last is not None and last + APART > now:
                return Pause(last + APART - now, f"{describe(step)} was done less than {APART:g} s ago")
        return Pause()

    def _forget(self, now: float) -> None:
        """Steps are rendered from values, so there may be ever new ones."""
        self._reloads = {step: when for step, when in self._reloads.items() if when + APART > now}
