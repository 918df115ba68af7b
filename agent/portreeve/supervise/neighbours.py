"""What a container has to wait for, how that stands, and who waits for it."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.containers.observe import observe_id
from portreeve.containers.observed import Observed
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.supervised import HasExited, ManagedContainer, Probe
from portreeve.errors import DockerUnavailable, Waiting
from portreeve.reconcile.board import Board
from portreeve.supervise.decision import Unmet
from portreeve.supervise.dependencies import Dependency, circle, dependencies, unmet
from portreeve.supervise.looking import look
from portreeve.supervise.probes import probe
from portreeve.supervise.probing import Probing, effective
from portreeve.supervise.record import Record
from portreeve.supervise.seen import Absent, Away
from portreeve.supervise.state import ContainerState, Truth
from portreeve.supervise.status import ContainerStatus
from portreeve.supervise.truth import judge

FOREIGN = 2.0
"""Seconds between two looks at a container that nobody declared and that is waited for."""

_COMPLETED = "completed"
_ID = re.compile("[0-9a-f]{64}")


class Neighbours:
    """Knows which containers wait for which.

    Args:
        docker: asked about containers that nobody declared.
        board: tells how those stand that are looked after.
        docker_since: wall-clock seconds since when Docker has answered without a break; what was told before
            is of another life.
        clock: for times.
    """

    def __init__(
        self,
        docker: Docker,
        board: Board[ContainerStatus],
        docker_since: Callable[[], float],
        clock: Clock,
    ) -> None:
        self._docker = docker
        self._board = board
        self._docker_since = docker_since
        self._clock = clock
        self._lock = threading.Lock()
        self._containers: Mapping[str, ManagedContainer] = {}
        self._graph: dict[str, tuple[Dependency, ...]] = {}
        self._seen: dict[str, Observed] = {}
        self._looked: dict[str, float] = {}

    def define(self, containers: Mapping[str, ManagedContainer]) -> None:
        """These are looked after."""
        with self._lock:
            self._containers = containers
            self._graph = {name: found for name, found in self._graph.items() if name in containers}
            self._seen = {name: seen for name, seen in self._seen.items() if name in containers}
            self._looked = {name: at for name, at in self._looked.items() if name in containers}

    def looked(self, name: str, at: float) -> tuple[str, ...]:
        """How one of them stands was told.

        Args:
            name: of the definition.
            at: wall-clock seconds when the look began.

        Returns:
            who waited for that: those it comes before, when it was the first since Docker came.
        """
        first = self.is_first(name, at)
        with self._lock:
            self._looked[name] = at
        return self.waiting_for(name) if first else ()

    def is_first(self, name: str, at: float) -> bool:
        """Whether a look is the first since Docker came.

        Args:
            name: of the definition.
            at: wall-clock seconds when it began.
        """
        return self._looked.get(name, 0.0) < self._docker_since() <= at

    def unmet(
        self, declared: ManagedContainer, seen: Observed | None, *, ready: bool = False
    ) -> tuple[Unmet, ...]:
        """What must come before a container and is not there yet.

        Args:
            declared: its definition; one that is only watched waits for nothing.
            seen: the container; ``None`` when it is absent or Docker is away.
            ready: it is, so that it waits for nothing any more, whatever became of the others.

        Raises:
            Waiting: Docker is at work on one of them.
        """
        if not declared.declared:
            return ()
        with self._lock:
            if seen is not None:
                self._seen[declared.name] = seen
            found = tuple(self._known(each) for each in dependencies(declared, seen, self._containers))
        if not ready:
            found = tuple(each if each.defined else self._recognised(each) for each in found)
        with self._lock:
            self._graph[declared.name] = found
            if ready:
                return ()
            graph = {name: [each.name for each in others] for name, others in self._graph.items()}
        way = circle(declared.name, graph)
        if way:
            circular = f"they wait for each other: {' → '.join(way)}"
            return (Unmet(way[1], "ready", circular, hopeless=True, circular=True),)
        return unmet(found, self._stands, self._gave_up)

    def waiting_for(self, name: str) -> tuple[str, ...]:
        """Who has to wait for a container."""
        with self._lock:
            return tuple(
                waiting
                for waiting, others in self._graph.items()
                if any(each.name == name for each in others)
            )

    def dependents(self, name: str) -> int:
        """How many have to wait for it."""
        return len(self.waiting_for(name))

    def foreign_again(self, name: str) -> float | None:
        """Seconds until the next look at what nobody declared; ``None`` where it waits for no such."""
        with self._lock:
            foreign = any(each.name not in self._containers for each in self._graph.get(name, ()))
        return FOREIGN if foreign else None

    def _known(self, dependency: Dependency) -> Dependency:
        """A definition may name by another way the container that a label names."""
        if dependency.defined:
            return dependency
        for name, seen in self._seen.items():
            if dependency.ref.matches(seen.name, seen.labels) or dependency.ref.name == seen.id:
                return replace(dependency, name=name, defined=True)
        return dependency

    def _recognised(self, dependency: Dependency) -> Dependency:
        """The definition of it may not have been looked at yet: Docker knows which container it means."""
        seen = self._look(dependency.ref)
        if isinstance(seen, Observed):
            for name, known in self._containers.items():
                if known.container.matches(seen.name, seen.labels):
                    return replace(dependency, name=name, defined=True)
        return dependency

    def _stands(self, dependency: Dependency) -> Truth | None:
        status = self._board.get(dependency.name) if dependency.defined else None
        if status is None:
            return self._foreign(dependency)
        if not status.runs or self._looked.get(dependency.name, 0.0) < self._docker_since():
            return None
        if dependency.wanted == _COMPLETED and not self._is_one_shot(dependency.name):
            done = status.docker_status == "exited" and status.exit_code == 0
            state = ContainerState.READY if done else ContainerState.STARTING
            return Truth(
                state, status.evidence if done else f"{dependency.name} has not ended yet", status.since
            )
        evidence = f"{dependency.name} is {status.state}: {status.evidence}"
        return Truth(status.state, evidence, status.since)

    def _is_one_shot(self, name: str) -> bool:
        """Its definition says when it is done; of others their exit code alone does."""
        declared = self._containers.get(name)
        return declared is not None and isinstance(declared.ready.condition, HasExited)

    def _foreign(self, dependency: Dependency) -> Truth | None:
        ready = Probe(HasExited(0)) if dependency.wanted == _COMPLETED else Probe()
        declared = ManagedContainer(dependency.name, "", dependency.ref, ready=ready)
        seen, now = self._look(dependency.ref), self._clock.wall()
        probing = Probing()
        if isinstance(seen, Observed) and seen.runs:
            condition = effective(ready, seen)
            probing = probing.of(seen.id, seen.started_at, 0.0).after(
                probe(condition, seen, self._docker, timeout=ready.timeout),
                replace(ready, condition=condition),
                now,
            )
        truth = judge(declared, seen, probing, Record(dependency.name), now)
        return replace(truth, evidence=f"{dependency.name} is {truth.state}: {truth.evidence}")

    def _look(self, ref: ContainerRef) -> Observed | Absent | Away:
        if ref.name is None or not _ID.fullmatch(ref.name):
            return look(self._docker, ref, None)
        # The mode of a network names a container by its id.
        try:
            return observe_id(self._docker, ref.name, ref.name[:12])
        except DockerUnavailable as error:
            return Away(error)
        except Waiting as error:
            return Absent(error.what)

    def _gave_up(self, name: str) -> bool:
        status = self._board.get(name)
        return status is not None and status.gave_up
