"""Gathers what is known of a container and has it decided what to do."""

from collections.abc import Callable
from dataclasses import replace

from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import ManagedContainer
from portreeve.supervise.admission import Admission
from portreeve.supervise.decision import Action, Plan, Snapshot, Unmet
from portreeve.supervise.memory import Verb
from portreeve.supervise.plan import decide
from portreeve.supervise.rebuilding import Rebuilding
from portreeve.supervise.record import Record
from portreeve.supervise.remaking import Remaking
from portreeve.supervise.start_cause import cause
from portreeve.supervise.state import ContainerState, Truth

_ON_ITS_WAY = (ContainerState.STARTING, ContainerState.RUNNING)
_TAKES_A_SLOT = (Action.START, Action.RESTART, Action.RECREATE, Action.MAKE)


class Deciding:
    """What to do next.

    Args:
        docker: asked whether what kept a container from starting is still there.
        rebuilding: has the word while a recreation is under way.
        remaking: knows what can be made again.
        admission: gives out slots for starts.
        dependents: how many wait for a container.
        docker_since: wall-clock seconds since when Docker has answered without a break.
        clock: for times.
    """

    def __init__(
        self,
        docker: Docker,
        rebuilding: Rebuilding,
        remaking: Remaking,
        admission: Admission,
        dependents: Callable[[str], int],
        docker_since: Callable[[], float],
        clock: Clock,
    ) -> None:
        self._docker = docker
        self._rebuilding = rebuilding
        self._remaking = remaking
        self._admission = admission
        self._dependents = dependents
        self._docker_since = docker_since
        self._clock = clock

    def plan(
        self,
        declared: ManagedContainer,
        truth: Truth,
        observed: Observed | None,
        record: Record,
        unmet: tuple[Unmet, ...],
        verbs: tuple[Verb, ...],
    ) -> Plan:
        """Decide; a slot is taken for what needs one.

        Args:
            declared: the definition.
            truth: what the container amounts to.
            observed: the container; ``None`` when it is absent or Docker is away.
            record: what is remembered.
            unmet: what it waits for.
            verbs: what somebody asked for.

        Raises:
            PortreeveError: Docker does not answer, or refuses a step of a recreation.
        """
        if record.journal:
            record, plan = self._rebuilding.go_on(declared, truth, record)
            # After a recreation that was taken back another container is there, to be looked at anew.
            return plan or Plan(record, again=0.0)
        still = None
        if truth.state is ContainerState.FAILED_TO_START and observed is not None:
            still = cause(self._docker, observed, observed.error)
        absent = truth.state is ContainerState.ABSENT and declared.declared
        snapshot = Snapshot(
            declared=declared,
            truth=truth,
            seen=observed,
            record=record,
            unmet=unmet,
            cause=still or "",
            remembered=self._remaking.remembered(declared) if absent else None,
            docker_since=self._docker_since(),
            now=self._clock.wall(),
        )
        plan = decide(snapshot)
        asked = _asked(verbs, truth, observed) if declared.declared and plan.action is None else None
        if asked is not None:
            # Somebody waits for it, and whoever asked knows what it costs: it takes nobody's turn.
            return replace(plan, action=asked, record=replace(plan.record, container_id=""))
        if plan.action in _TAKES_A_SLOT:
            why_not = self._no_slot(declared)
            return decide(replace(snapshot, held_back=why_not)) if why_not else plan
        if truth.state not in _ON_ITS_WAY:
            self._admission.leave(declared.name)
        return plan

    def _no_slot(self, declared: ManagedContainer) -> str:
        """Why it cannot be started now; empty when a slot was taken for it."""
        dependents = self._dependents(declared.name)
        why_not = self._admission.why_not(declared.name, dependents)
        if not why_not and not self._admission.enter(declared.name, declared.start_timeout, dependents):
            why_not = "others were faster"
        return why_not


def _asked(verbs: tuple[Verb, ...], truth: Truth, observed: Observed | None) -> Action | None:
    """What somebody asked for that would not be done by itself."""
    if observed is None or not verbs:
        return None
    if Verb.RECREATE in verbs:
        return Action.RECREATE
    if verbs[-1] is not Verb.START:
        return None
    match truth.state:
        case ContainerState.UNREADY:
            # Whoever asks for a start of what runs and does not serve does not want to hear that it runs.
            return Action.RESTART
        case ContainerState.READY | ContainerState.EXITED | ContainerState.CREATED if not observed.runs:
            # One that has done its work does it again; no backoff is waited for.
            return Action.START
        case ContainerState.PAUSED:
            return Action.UNPAUSE
        case _:
            return None
