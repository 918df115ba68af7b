"""Recreates a container and stays with it until the new one is ready, or the old one is back."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from portreeve.containers import recreate
from portreeve.containers.connection import Docker
from portreeve.containers.observe import observe
from portreeve.containers.observed import Observed
from portreeve.containers.recreate_journal import BothGone
from portreeve.containers.recreate_plan import plan_recreation
from portreeve.containers.removal import wait_gone
from portreeve.containers.start_failure import StartFailed
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.supervised import ManagedContainer
from portreeve.errors import Failed, Reason, Refused
from portreeve.reconcile.status import Trouble
from portreeve.reconcile.workers import Pulse
from portreeve.supervise.acts import longest, stop
from portreeve.supervise.decision import Action, Plan
from portreeve.supervise.record import Record, Wanted
from portreeve.supervise.records import Records
from portreeve.supervise.remaking import Remaking
from portreeve.supervise.state import ContainerState, Truth

log = logging.getLogger(__name__)

_STEPS = 120.0
"""Seconds for a removal and a start, as :mod:`portreeve.containers.recreate` has them."""

ANEW = "anew"
"""The journal of one that removes itself: it was stopped to be made again."""

_GONE_WITHIN = 60.0
"""Seconds for Docker to remove one that has ended."""

_MAY_BECOME_READY = (
    ContainerState.STARTING,
    ContainerState.RUNNING,
    ContainerState.UNKNOWN,
    ContainerState.STOPPING,
)


class Rebuilding:
    """Recreations, remembered step by step: whatever ends in between, one container is there in the end.

    Args:
        docker: to ask.
        pulse: told what the worker does.
        records: where the journal is kept.
        remaking: makes those again that remove themselves when they end.
    """

    def __init__(self, docker: Docker, pulse: Pulse, records: Records, remaking: Remaking) -> None:
        self._docker = docker
        self._pulse = pulse
        self._records = records
        self._remaking = remaking

    def begin(self, declared: ManagedContainer, seen: Observed, record: Record) -> None:
        """Put a new container in the place of one; :meth:`go_on` sees to what becomes of it.

        Args:
            declared: the definition.
            seen: the container.
            record: what is remembered of it.

        Raises:
            PortreeveError: it cannot be recreated, and is there as it was; or Docker went away in the middle.
        """
        with self._step(declared, seen):
            if seen.auto_remove:
                self._begin_anew(declared, seen, record)
                return
            recreate.begin(
                self._docker, seen.id, stop_timeout=declared.stop_timeout, journal=self._journal(record)
            )

    def go_on(self, declared: ManagedContainer, truth: Truth, record: Record) -> tuple[Record, Plan | None]:
        """Finish a recreation whose container is ready; take one back whose container will not be.

        Args:
            declared: the definition.
            truth: what the new container amounts to.
            record: with the journal.

        Returns:
            the record, without the journal when it came to an end; and what to do while it has not.

        Raises:
            PortreeveError: Docker refused a step; it is tried again at the next look.
        """
        if record.journal == ANEW:
            return self._go_on_anew(declared, truth, record), None
        if truth.state in _MAY_BECOME_READY:
            trouble = Trouble(
                Reason.CONTAINER_UNREADY,
                "it was recreated, and the new one is not ready yet",
                truth.evidence,
                "nothing: the old one is put back if the new one does not become ready in time",
                "recreate",
            )
            return record, Plan(record, trouble=trouble, again=1.0)
        with self._step(declared):
            if truth.state is ContainerState.READY and recreate.has_new(record.journal):
                recreate.finish(self._docker, record.journal, journal=self._journal(record))
                log.info("container %s was recreated", declared.name)
            else:
                outcome = self._taken_back(declared, record.journal)
                log.error(
                    "container %s was recreated, and the new one is %s (%s): %s",
                    declared.name,
                    truth.state,
                    truth.evidence,
                    outcome,
                )
        return self.over(record), None

    def resume(self, declared: ManagedContainer, record: Record) -> Record:
        """Look after a recreation in which an agent ended.

        Raises:
            PortreeveError: as :meth:`go_on`.
        """
        if not record.journal or record.journal == ANEW:
            return record
        with self._step(declared):
            outcome = self._taken_back(declared, record.journal)
        log.warning("container %s was being recreated when the agent ended: %s", declared.name, outcome)
        return self.over(record)

    def abandon(self, name: str, record: Record) -> None:
        """Take back the recreation of a container whose definition is gone.

        Args:
            name: of the definition that it had.
            record: with the journal.

        Raises:
            PortreeveError: as :meth:`go_on`.
        """
        if record.journal == ANEW:
            # What it was made of was forgotten with its definition.
            self.over(record)
        else:
            self.resume(ManagedContainer(name, "", ContainerRef(name=name)), record)

    def _taken_back(self, declared: ManagedContainer, journal: str) -> str:
        """Put the old one back; says how that ended. Whatever state it is in then is for the next look."""
        try:
            return str(recreate.roll_back(self._docker, journal))
        except StartFailed as error:
            return f"the old one is back, and could not be started: {error.evidence}"
        except BothGone as error:
            # It stays gone, and is told as absent from now on.
            log.error("container %s: %s (%s)", declared.name, error.what, error.evidence)
            return "nothing is left of it"

    def _begin_anew(self, declared: ManagedContainer, seen: Observed, record: Record) -> None:
        """There is nothing to put back of one that removes itself: its equal is all that can be made."""
        plan = plan_recreation(self._docker, seen.id)
        if plan.refusals:
            raise Refused(
                Reason.RECREATION_REFUSED,
                f"container {declared.name} cannot be recreated",
                evidence="; ".join(plan.refusals),
                hint="make it anew by what it was made with (`docker run`, `docker compose up`)",
            )
        self._remaking.remember(declared, seen)
        record = replace(record, journal=ANEW)
        self._records.put(record, durable=True)
        stop(self._docker, seen, declared.stop_timeout)
        wait_gone(self._docker, seen.id, seen.name, timeout=_GONE_WITHIN)
        self._make(declared, record)

    def _go_on_anew(self, declared: ManagedContainer, truth: Truth, record: Record) -> Record:
        if truth.state is ContainerState.ABSENT and record.wanted is not Wanted.DOWN:
            with self._step(declared):
                self._make(declared, record)
        return self.over(record)

    def _make(self, declared: ManagedContainer, record: Record) -> None:
        try:
            self._remaking.make(declared)
        except Failed:
            # What follows is for those that are kept up: to be tried again, within their budget.
            self.over(record)
            raise
        self.over(record)

    def _journal(self, record: Record) -> Callable[[str], None]:
        return lambda text: self._records.put(replace(record, journal=text), durable=True)

    def over(self, record: Record) -> Record:
        """It came to an end: the record without the journal, durably."""
        record = replace(record, journal="")
        self._records.put(record, durable=True)
        return record

    def _step(self, declared: ManagedContainer, seen: Observed | None = None) -> AbstractContextManager[None]:
        seconds = _STEPS + longest(Action.RECREATE, declared, seen, self._docker.settings.timeout)
        return self._pulse.step(f"container {declared.name}: recreate", seconds)


def describe_recreation(docker: Docker, declared: ManagedContainer) -> tuple[str, ...]:
    """What a recreation would do, one sentence each, without doing it.

    Args:
        docker: to ask.
        declared: the definition.

    Raises:
        DockerUnavailable: Docker does not answer.
        Waiting: there is no such container.
    """
    seen = observe(docker, declared.container)
    plan = plan_recreation(docker, seen.id)
    return (*plan.steps, *(f"refused: {why}" for why in plan.refusals))
