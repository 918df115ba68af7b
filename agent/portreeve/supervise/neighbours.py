"""What a container has to wait for, how that stands, and who waits for it."""

import re
import threading
from collections.abc import Mapping
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
        clock: for times.
    """

    def __init__(self, docker: Docker, board: Board[ContainerStatus], clock: Clock) -> None:
        self._docker = docker
        self._board = board
        self._clock = clock
        self._lock = threading.Lock()
        self._containers: Mapping[str, ManagedContainer] = {}
        self._graph: dict[str, tuple[Dependency, ...]] = {}
        self._seen: dict[str, Observed] = {}

    def define(self, containers: Mapping[str, ManagedContainer]) -> None:
        """These are looked after."""
        with self._lock:
            self._containers = containers
            self._graph = {name: found for name, found in self._graph.items() if name in containers}
            self._seen = {name: seen for name, seen in self._seen.items() if name in containers}

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
            self._graph[declared.name] = found
            graph = {name: [each.name for each in others] for name, others in self._graph.items()}
        if ready:
            return ()
        way = circle(declared.name, graph)
        if way:
            return (Unmet(way[1], "ready", f"they wait for each other: {' → '.join(way)}", hopeless=True),)
        return unmet(found, self._stands, self._gave_up)

    def waiting_for(self, status: ContainerStatus) -> tuple[str, ...]:
        """Who has to wait for a container.

        Args:
            status: the container's.
        """
        with self._lock:
            return tuple(
                name
                for name, others in self._graph.items()
                if any(status.name == each.name for each in others)
            )

    def dependents(self, name: str) -> int:
        """How many have to wait for it."""
        with self._lock:
            return sum(any(each.name == name for each in others) for others in self._graph.values())

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

    def _stands(self, dependency: Dependency) -> Truth | None:
        status = self._board.get(dependency.name) if dependency.defined else None
        if status is None:
            return self._foreign(dependency)
        if not status.runs:
            return None
        done = status.docker_status == "exited" and status.exit_code == 0
        if dependency.wanted == _COMPLETED and done:
            return Truth(ContainerState.READY, status.evidence, status.since)
        if dependency.wanted == _COMPLETED and status.state is ContainerState.READY and not done:
            return Truth(ContainerState.STARTING, "it has not ended yet", status.since)
        return Truth(status.state, f"it is {status.state}: {status.evidence}", status.since)

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
        return replace(truth, evidence=f"it is {truth.state}: {truth.evidence}")

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
