"""Exponential backoff with jitter, so that what failed together does not come back together."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Delays that double from ``minimum`` to ``maximum``.

    Args:
        minimum: seconds before the first new try.
        maximum: seconds at most, jitter included.
        random: draws from [0, 1); a test passes its own.
    """

    minimum: float
    maximum: float
    random: Callable[[], float] = random.random
    _failures: int = field(default=0, init=False)

    def next(self) -> float:
        """Seconds until the next try: between half of the current step and all of it."""
        # The exponent is bounded: 2.0 ** 1100 overflows after a few weeks of failing.
        step = min(self.maximum, self.minimum * 2.0 ** min(self._failures, 60))
        self._failures += 1
        return step * (0.5 + self.random() / 2)

    def reset(self) -> None:
        """Start over: it worked, or something changed that makes it worth a try."""
        self._failures = 0
