"""Notices what is not ready in time after Docker came up: ``[containers] deadline``."""

import logging
import math
from collections.abc import Callable, Sequence

from portreeve.clock import Clock
from portreeve.definitions.quantities import format_duration
from portreeve.reconcile.board import Board
from portreeve.reconcile.status import DockerStatus
from portreeve.supervise.record import Wanted
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus

log = logging.getLogger(__name__)

_NAMED = 20
"""Names in the log at most: `portreeve containers list` has all of them."""


class Overdue:
    """Told once for each time that Docker comes up.

    Args:
        deadline: seconds.
        board: tells how containers stand.
        docker: how Docker stands, and since when.
        wake: called with the name of each container that is overdue now and was not, or the other way.
        clock: for times.
    """

    def __init__(
        self,
        deadline: float,
        board: Board[ContainerStatus],
        docker: Callable[[], DockerStatus],
        wake: Callable[[str], object],
        clock: Clock,
    ) -> None:
        self._deadline = deadline
        self._board = board
        self._docker = docker
        self._wake = wake
        self._clock = clock
        self._told_of: float | None = None
        self._names = frozenset[str]()

    def is_overdue(self, name: str) -> bool:
        """Whether a container was not ready in time, and is not since."""
        return name in self._names

    def look(self) -> float:
        """See who is late; returns in how many seconds the deadline is over, infinite where none runs."""
        docker, before = self._docker(), self._names
        rest = docker.since + self._deadline - self._clock.wall()
        runs = docker.state == "up" and rest > 0
        self._names = frozenset() if docker.state != "up" or rest > 0 else self._late(docker.since)
        for name in before ^ self._names:
            self._wake(name)
        return rest if runs else math.inf

    def _late(self, since: float) -> frozenset[str]:
        expected = [each for each in self._board.snapshot().values() if _is_to_be_up(each)]
        late = [each for each in expected if each.state is not ContainerState.READY]
        names = frozenset(each.name for each in late)
        if self._told_of == since:
            # What was ready in time and was lost since is not late.
            return names & self._names
        self._told_of = since
        if late:
            log.warning("%s", self._told(late, len(expected)))
        return names

    def _told(self, late: Sequence[ContainerStatus], of: int) -> str:
        named = [f"{each.name} ({'given up' if each.gave_up else each.state})" for each in late[:_NAMED]]
        more = f" and {len(late) - _NAMED} more" if len(late) > _NAMED else ""
        return (
            f"{format_duration(self._deadline)} after Docker came up, {len(late)} of {of} containers "
            f"{'is' if len(late) == 1 else 'are'} not ready: {', '.join(named)}{more}; "
            "`portreeve containers list` tells why"
        )


def _is_to_be_up(status: ContainerStatus) -> bool:
    if not status.declared or status.stopped_by_hand or status.wanted == Wanted.DOWN:
        return False
    return status.autostart or status.wanted == Wanted.UP
