"""Looks after containers: one at a time, sees what is there, decides, acts, and tells.

Whatever wakes it is a hint. A look that finds everything as it should be changes nothing.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import ManagedContainer
from portreeve.errors import PortreeveError, Reason, Waiting
from portreeve.reconcile.board import Board
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.status import Trouble
from portreeve.reconcile.unexpected import named
from portreeve.reconcile.workers import Pulse
from portreeve.supervise.abandoned import Abandoned
from portreeve.supervise.acts import Acts
from portreeve.supervise.admission import Admission
from portreeve.supervise.booted import booted_at
from portreeve.supervise.deciding import Deciding
from portreeve.supervise.decision import Action, Plan, Snapshot
from portreeve.supervise.due import next_look, soonest
from portreeve.supervise.followers import Followers
from portreeve.supervise.following import Following
from portreeve.supervise.looking import absent_how, look
from portreeve.supervise.memory import Memory, Verb
from portreeve.supervise.neighbours import Neighbours
from portreeve.supervise.noticing import heed, notice_end
from portreeve.supervise.posting import Posting
from portreeve.supervise.probes import probe
from portreeve.supervise.probing import Probing, effective
from portreeve.supervise.rebuilding import Rebuilding
from portreeve.supervise.records import KIND, Records
from portreeve.supervise.remaking import Remaking
from portreeve.supervise.seen import Away
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus
from portreeve.supervise.telling import Telling
from portreeve.supervise.told import of_state
from portreeve.supervise.truth import judge

log = logging.getLogger(__name__)

LOOK = 30.0
"""Seconds that a look may take beside what is done: a few questions to Docker, and one probe."""

AGAIN = 5.0
"""Seconds until the next look after one that came to nothing."""

_ENDS_IT = (Action.STOP, Action.RESTART, Action.RECREATE)

BUSY_AT_MOST = 60.0
"""Seconds for which a container counts as it was while Docker, at work on it, says nothing about it."""

_NEIGHBOURS = 120.0
"""Seconds for questions about containers that nobody declared and that come first: several, each probed."""

BUSY = 0.5
"""Seconds until Docker is asked again about a container that it is at work on."""


def key(name: str) -> str:
    """What a container is called on the queue."""
    return f"{KIND}:{name}"


class Supervisor:
    """Looks after the containers that were declared, and watches those that somebody asked for.

    Args:
        records: what is remembered.
        queue: takes keys for the next look; :func:`key` makes them.
        board: where statuses go.
        docker: to ask and to act.
        remaking: makes again what removed itself.
        pulse: told what a worker does.
        followers: units of the host that depend on containers; ``None`` where systemd does not run.
        admission: how many may be started at once.
        telling: tells of what is lost, restored and given up.
        is_overdue: whether a container was not ready in time after Docker came up.
        docker_since: wall-clock seconds since when Docker has answered without a break.
        moved: called when the state of a container has become another one.
        clock: for times.
    """

    def __init__(
        self,
        *,
        records: Records,
        queue: Queue,
        board: Board[ContainerStatus],
        docker: Docker,
        remaking: Remaking,
        pulse: Pulse,
        followers: Followers | None,
        admission: Admission,
        telling: Telling,
        is_overdue: Callable[[str], bool],
        docker_since: Callable[[], float],
        moved: Callable[[ContainerStatus], object],
        clock: Clock,
    ) -> None:
        self._records = records
        self._queue = queue
        self._docker = docker
        self._pulse = pulse
        self._following = Following(followers, records, pulse)
        self._docker_since = docker_since
        self._on_move = moved
        self._clock = clock
        self._admission = admission
        self._longest_look = LOOK + 4 * docker.settings.timeout
        self._acts = Acts(docker, pulse, remaking)
        self._remaking = remaking
        self._rebuilding = Rebuilding(docker, pulse, records, remaking)
        self._abandoned = Abandoned(records, self._rebuilding, queue)
        self._neighbours = Neighbours(docker, board, docker_since, clock)
        self._deciding = Deciding(
            docker, self._rebuilding, remaking, admission, self._neighbours.dependents, docker_since, clock
        )
        self._posting = Posting(
            board=board,
            docker=docker,
            telling=telling,
            is_overdue=is_overdue,
            is_first=self._neighbours.is_first,
            looked_after=lambda name: name in self._containers,
            moved=self._moved,
            clock=clock,
        )
        self._lock = threading.Lock()
        self._containers: Mapping[str, ManagedContainer] = {}
        self._memories: dict[str, Memory] = {}

    def define(self, containers: Mapping[str, ManagedContainer]) -> None:
        """Look after these from now on.

        Args:
            containers: by name; those that are only watched among them.
        """
        with self._lock:
            self._containers = containers
            for name in self._memories.keys() - containers.keys():
                del self._memories[name]
        self._neighbours.define(containers)
        self._admission.keep_only(containers)
        self._abandoned.find(containers)

    def ask(self, verb: Verb, name: str) -> int:
        """Have something done at the next look; the caller enqueues it.

        Returns:
            a number; once the status has more ``runs``, a look that began after this call has ended.
        """
        return self._memory(name).ask(verb)

    def also_called(self, name: str, other: str) -> None:
        """Units wait for a container by another name than its definition's.

        Args:
            name: its definition's.
            other: the instance of ``portreeve-container@``.
        """
        memory = self._memory(name)
        if other not in memory.other_names:
            memory.other_names.add(other)
            memory.followed = None
            self._queue.add(key(name))

    def heard(self, action: str, container: str, attributes: Mapping[str, str]) -> None:
        """Docker tells how one that was defined ends: see :meth:`portreeve.supervise.memory.Memory.hear`."""
        self._memory(container).hear(action, attributes, self._clock.wall(), self._docker_since())

    def work(self, name: str) -> None:
        """Look at a container and do what can be done now."""
        declared = self._containers.get(name)
        if declared is None:
            self._abandoned.look(name)
            return
        memory = self._memory(name)
        again: float | None = AGAIN
        try:
            with self._pulse.step(f"container {name}: look", self._longest_look), named(f"container {name}"):
                again = self._look(declared, memory, memory.begin())
            memory.busy_since = None
        except Waiting as error:
            # Docker is at work on it; whatever it stood for a moment ago still stands, for a while.
            again = BUSY if error.reason is Reason.CONTAINER_BUSY else AGAIN
            memory.end()
            self._admission.step_aside(name)
            self._posting.keep(declared, memory, error, lasts=memory.busy_for(self._clock) > BUSY_AT_MOST)
        except PortreeveError as error:
            log.error("container %s: %s", name, error)
            memory.end()
            self._admission.step_aside(name)
            self._posting.keep(declared, memory, error)
        if again is not None:
            self._queue.add(key(name), again)

    def _look(self, declared: ManagedContainer, memory: Memory, verbs: tuple[Verb, ...]) -> float | None:
        """One look, and what follows from it; returns in how many seconds the next one is due."""
        now, record = self._clock.wall(), heed(verbs, declared, self._records.get(declared.name))
        if not memory.resumed:
            record = self._rebuilding.resume(declared, record)
            memory.resumed = True
        seen = absent_how(look(self._docker, declared.container, memory.seen), memory)
        observed = seen if isinstance(seen, Observed) else None
        if observed is not None:
            seen = observed = memory.with_refusal(observed)
            memory.saw(observed)
            self._remaking.notice(declared, observed)
            memory.probing = self._probe(declared, memory, observed, now)
        truth = judge(declared, seen, memory.probing, record, now, booted=booted_at(self._clock))
        record = notice_end(record, seen, memory, now, self._docker_since())
        with self._pulse.step(f"container {declared.name}: what comes before it", _NEIGHBOURS):
            unmet = self._neighbours.unmet(declared, observed, ready=truth.state is ContainerState.READY)
        plan = self._deciding.plan(declared, truth, observed, record, unmet, verbs)
        if plan.action is not None:
            # One that is on its way out would still do it, and then end what it has begun.
            self._docker.require_up(now=True)
        plan = self._remembered(plan)
        memory.heeded(verbs)
        if plan.action is None:
            memory.end()
            self._posting.post(declared, memory, truth, observed, plan, unmet)
            self._wake(self._neighbours.looked(declared.name, now))
            follows = self._following.follow(declared.name, memory, truth)
            # Nobody tells that a process ends while Docker is away, nor that it answers every question again.
            away = isinstance(seen, Away) and not seen.process_gone
            again = None if follows and not away else AGAIN
            waits = plan.trouble is not None and plan.trouble.reason is Reason.DEPENDENCY_NOT_READY
            foreign = self._neighbours.foreign_again(declared.name) if waits else None
            by_itself = next_look(declared, memory.probing, truth, observed, now)
            return soonest(plan.again, again, foreign, by_itself)
        meanwhile = judge(declared, seen, memory.probing, record, now, acting=plan.action)
        trouble = of_state(Snapshot(declared, meanwhile, observed, plan.record), kept_up=True)
        self._posting.post(declared, memory, meanwhile, observed, replace(plan, trouble=trouble), unmet)
        self._wake(self._neighbours.looked(declared.name, now))
        self._following.follow(declared.name, memory, meanwhile)
        self._act(declared, memory, plan, observed)
        memory.end()
        return 0.0

    def _remembered(self, plan: Plan) -> Plan:
        """The plan, with a trouble where what it needs to have remembered cannot be stored."""
        error = self._records.keep(plan.record, durable=plan.action is not None)
        if error is None:
            return plan
        trouble = plan.trouble or Trouble(error.reason, error.what, error.evidence, error.hint, "look")
        again = soonest(plan.again, AGAIN)
        return replace(plan, trouble=trouble, again=again)

    def _probe(self, declared: ManagedContainer, memory: Memory, observed: Observed, now: float) -> Probing:
        probing = memory.probing.of(observed.id, observed.started_at, declared.start_timeout)
        condition = effective(declared.ready, observed)
        wanted = replace(declared.ready, condition=condition)
        if not observed.runs or probing.settled(wanted):
            return probing
        with self._pulse.step(f"container {declared.name}: probe", self._longest_look + wanted.timeout):
            result = probe(condition, observed, self._docker, timeout=wanted.timeout)
        return probing.after(result, wanted, now)

    def _act(self, declared: ManagedContainer, memory: Memory, plan: Plan, observed: Observed | None) -> None:
        assert plan.action is not None
        memory.acting, began = plan.action, self._clock.wall()
        memory.refused = None
        log.info("container %s: %s", declared.name, plan.action)
        try:
            if plan.action is Action.RECREATE and observed is not None:
                # Which units fell with it was remembered since the plan was made.
                self._rebuilding.begin(declared, observed, self._records.get(declared.name))
            else:
                self._acts.carry_out(plan.action, declared, observed, plan.networks)
        except PortreeveError as error:
            # What stands now is for the next look to find out, which comes at once.
            log.warning("container %s: %s did not work: %s", declared.name, plan.action, error)
            memory.met(error)
        finally:
            memory.acting = None
            if plan.action in _ENDS_IT:
                memory.own_end = began, self._clock.wall()

    def _moved(self, status: ContainerStatus) -> None:
        self._on_move(status)
        self._wake(self._neighbours.waiting_for(status.name))

    def _wake(self, names: tuple[str, ...]) -> None:
        for name in names:
            self._queue.add(key(name))

    def _memory(self, name: str) -> Memory:
        with self._lock:
            return self._memories.setdefault(name, Memory())
