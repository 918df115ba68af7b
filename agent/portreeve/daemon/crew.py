"""The workers of all queues as the watchdog sees them: whether each of them works."""

from collections.abc import Sequence
from typing import Protocol

from portreeve.reconcile.queue import Queue
from portreeve.reconcile.workers import Pulse, Workers


class Crew(Protocol):
    """Workers, their queue, and their signs of life."""

    queue: Queue
    pulse: Pulse
    workers: Workers


class RollCall:
    """Asks every worker to answer, and tells later who has not.

    Args:
        crews: whose workers.
    """

    def __init__(self, crews: Sequence[Crew]) -> None:
        self._crews = crews
        self._numbers = [0] * len(crews)

    def call(self) -> None:
        """Ask; an idle worker answers at once."""
        self._numbers = [crew.queue.call_roll() for crew in self._crews]

    def missing(self) -> tuple[str, ...]:
        """Who does not work, each with what it was doing; empty when all is well."""
        found: list[str] = []
        for crew, number in zip(self._crews, self._numbers, strict=True):
            found += crew.pulse.stuck(number)
            if not crew.workers.alive():
                found.append("its thread ended")
        return tuple(found)
