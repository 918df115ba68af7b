"""The one clock: monotonic seconds for waiting, wall-clock seconds for people and for the state file."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time comes from; a test passes its own functions.

    Args:
        monotonic: seconds that never go back, for deadlines and backoff.
        wall: seconds since the epoch, for what is stored or shown.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


SYSTEM_CLOCK = Clock()
