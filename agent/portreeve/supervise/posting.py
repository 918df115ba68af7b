"""Tells how a container stands: on the board, in the log, by alerts; and wakes who waits for it."""

import logging
from collections.abc import Callable
from dataclasses import replace

from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.containers.log_tail import log_tail
from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import ManagedContainer
from portreeve.errors import PortreeveError, Reason
from portreeve.reconcile.board import Board
from portreeve.reconcile.status import Trouble
from portreeve.supervise.decision import Plan, Unmet
from portreeve.supervise.memory import Memory
from portreeve.supervise.state import ContainerState, Truth
from portreeve.supervise.status import ContainerStatus
from portreeve.supervise.status_of import blank, status_of
from portreeve.supervise.telling import Telling

log = logging.getLogger(__name__)

_LOG_LINES = 10
_ENDED = (
    ContainerState.EXITED,
    ContainerState.RESTARTING,
    ContainerState.FAILED_TO_START,
    ContainerState.UNREADY,
    ContainerState.DEAD,
)


class Posting:
    """Where statuses go.

    Args:
        board: takes them.
        docker: asked for the end of a log.
        telling: tells of what is lost, restored and given up.
        is_overdue: whether a container was not ready in time.
        is_first: whether a container was not told of since Docker came, by its name and the time now.
        looked_after: whether a container still is; one that is not any more is not posted.
        moved: called when a container's state has become another one.
        clock: for times.
    """

    def __init__(
        self,
        *,
        board: Board[ContainerStatus],
        docker: Docker,
        telling: Telling,
        is_overdue: Callable[[str], bool],
        is_first: Callable[[str, float], bool],
        looked_after: Callable[[str], bool],
        moved: Callable[[ContainerStatus], object],
        clock: Clock,
    ) -> None:
        self._board = board
        self._docker = docker
        self._telling = telling
        self._is_overdue = is_overdue
        self._is_first = is_first
        self._looked_after = looked_after
        self._moved = moved
        self._clock = clock

    def post(
        self,
        declared: ManagedContainer,
        memory: Memory,
        truth: Truth,
        observed: Observed | None,
        plan: Plan,
        unmet: tuple[Unmet, ...],
    ) -> None:
        """Tell what a look has found.

        Args:
            declared: the definition.
            memory: of the container; its status becomes this one.
            truth: what it amounts to.
            observed: the container; ``None`` when it is absent or Docker is away.
            plan: what was decided.
            unmet: what it waits for.
        """
        before, now = memory.status, self._clock.wall()
        if before is not None and self._is_first(declared.name, now):
            # Docker was away since. What becomes of its containers by that is told of Docker.
            before = replace(before, state=ContainerState.UNKNOWN)
        tail = self._tail(memory, truth, observed)
        status = status_of(
            declared,
            truth,
            observed,
            plan,
            memory,
            unmet=unmet,
            log_tail=tail,
            overdue=self._is_overdue(declared.name),
            now=now,
        )
        memory.status = status
        if not self._looked_after(declared.name):
            return
        self._board.post(status)
        told = self._telling.container(before, status)
        if before is None or before.state is not status.state:
            if not told:
                log.info("container %s is %s: %s", status.name, status.state, status.evidence)
            self._moved(status)

    def keep(
        self, declared: ManagedContainer, memory: Memory, error: PortreeveError, *, lasts: bool = False
    ) -> None:
        """Tell that a look came to nothing; what was known before stays.

        Args:
            declared: the definition.
            memory: of the container.
            error: why.
            lasts: it has been so for too long to believe what was known before.
        """
        status = memory.status or blank(declared)
        if lasts:
            since = status.since if status.state is ContainerState.UNKNOWN else self._clock.wall()
            evidence = f"nothing can be told about it: {error}"
            status = replace(status, state=ContainerState.UNKNOWN, evidence=evidence, since=since)
            memory.status = status
        if lasts or error.reason is not Reason.CONTAINER_BUSY:
            trouble = Trouble(error.reason, error.what, error.evidence, error.hint, "look")
            status = replace(status, trouble=trouble)
        if self._looked_after(declared.name):
            self._board.post(replace(status, runs=memory.runs))

    def _tail(self, memory: Memory, truth: Truth, observed: Observed | None) -> tuple[str, ...]:
        """The end of its log, fetched once for each end of it."""
        if observed is None or truth.state not in _ENDED:
            return ()
        of = (observed.id, observed.started_at, observed.restart_count, truth.state)
        if memory.log_tail[0] != of:
            try:
                memory.log_tail = (of, log_tail(self._docker, observed.id, _LOG_LINES))
            except PortreeveError as error:
                # How it stands is told without it; the next look asks again.
                log.debug("the log of container %s cannot be read: %s", observed.name, error)
                return ()
        return memory.log_tail[1]
