"""The stream of ``wait``: changes of what is waited for, until all of it is as it was asked for."""

from collections.abc import Iterator, Mapping

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.control.agent import Agent
from portreeve.control.codec import to_json
from portreeve.control.conditions import (
    Condition,
    condition_of,
    container_is,
    docker_is,
    is_hopeless,
    service_is,
    sync_is,
)
from portreeve.control.names import Kind, WaitTarget, unknown_service, unknown_sync
from portreeve.control.outcome import Outcome
from portreeve.control.overview import Overview
from portreeve.control.seen import Seen, differences, look, looks, only
from portreeve.control.streams import Line
from portreeve.errors import Reason, Refused
from portreeve.reconcile.status import DockerStatus, State

Wanted = Mapping[WaitTarget, Condition]


def waiting(
    agent: Agent,
    targets: tuple[WaitTarget, ...],
    condition: Condition | None,
    *,
    trusted: bool,
    timeout: float,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[Line]:
    """Changes of what is waited for, until all of it is as wanted, one was given up, or the deadline passes.

    A container that was not ready, or healthy, is waited for on: it may become so until the deadline. Docker
    has no place on a board: it is looked at whenever something changes, which is what its coming up does, and
    with each heartbeat.

    Args:
        agent: whose boards they are.
        targets: what is waited for.
        condition: what each of them must be; ``None``: what its kind is by default.
        trusted: who asks may have a container watched that nobody declared.
        timeout: seconds; may be infinite.
        clock: for the deadline.

    Raises:
        Misuse: ``usage``: a target cannot be so. ``unknown-name``: the definitions are loaded and have no
            such sync or service. Also from the stream, when they are loaded only later.
        Refused: a container that nobody declared is to be watched, for somebody else than root.
    """
    wanted = {target: condition_of(target, condition) for target in targets}
    waited = _Waiting(agent, wanted, trusted=trusted)
    waited.select(look(agent), agent.overview())
    return waited.lines(timeout, clock)


class _Waiting:
    """What is waited for, and the names that its containers go by on the board."""

    def __init__(self, agent: Agent, wanted: Wanted, *, trusted: bool) -> None:
        self._agent = agent
        self._wanted = wanted
        self._trusted = trusted
        self._names: dict[WaitTarget, str] = {}

    def lines(self, timeout: float, clock: Clock) -> Iterator[Line]:
        told = seen = Seen()
        docker: DockerStatus | None = None
        pending: list[str] = []
        for looked in looks(self._agent, timeout, clock):
            seen = seen if looked is None else looked
            overview = self._agent.overview()
            selected = self.select(seen, overview)
            lines: list[Line] = list(differences(told, selected))
            if overview.docker != docker and any(target.kind is Kind.DOCKER for target in self._wanted):
                lines.append({"docker": to_json(overview.docker)})
            yield from lines or [None]
            told, docker = selected, overview.docker
            pending = [target.text for target in self._wanted if not self._holds(target, seen, overview)]
            if not pending:
                yield {"result": Outcome.DONE.value, "pending": []}
                return
            hopeless = [self._known_as(target) for target in self._wanted if self._is_hopeless(target, seen)]
            if hopeless:
                yield {"result": Outcome.FAILED.value, "pending": pending, "gave_up": hopeless}
                return
        ending = Outcome.STOPPING if self._agent.board.changes.closed else Outcome.NOT_YET
        yield {"result": ending.value, "pending": pending}

    def select(self, seen: Seen, overview: Overview) -> Seen:
        """The statuses that are waited for."""
        named = {kind: [target.name for target in self._wanted if target.kind is kind] for kind in Kind}
        # Before the definitions are loaded, a name that is not there is not wrong yet.
        for name in named[Kind.SYNC] if overview.ready else ():
            if name not in seen.syncs:
                raise unknown_sync(name, seen.syncs)
        for name in named[Kind.SERVICE] if overview.ready else ():
            if name not in seen.services:
                raise unknown_service(name, seen.services)
        for target in self._wanted:
            if target.kind is Kind.CONTAINER and self._name(target) not in seen.containers:
                self._names[target] = self._watched(target.name, seen)
        syncs = named[Kind.SYNC]
        if named[Kind.ALL]:
            syncs = [*syncs, *(name for name, status in seen.syncs.items() if _is_declared(status.state))]
        containers = [self._name(target) for target in self._wanted if target.kind is Kind.CONTAINER]
        return only(seen, syncs=syncs, containers=containers, services=named[Kind.SERVICE])

    def _watched(self, name: str, seen: Seen) -> str:
        if not self._trusted and _defined(name, seen) is None:
            raise Refused(
                Reason.PERMISSION,
                f"there is no declared container `{name}`, and another is watched for root alone",
                hint="`portreeve containers list` has the declared ones; for others, run it with sudo",
            )
        # Also for one that is declared by another name: units may follow it by this one.
        return self._agent.watch_container(name)

    def _name(self, target: WaitTarget) -> str:
        return self._names.get(target, target.name)

    def _known_as(self, target: WaitTarget) -> str:
        """The target by the name that other commands know it by."""
        return WaitTarget(target.kind, self._name(target)).text

    def _holds(self, target: WaitTarget, seen: Seen, overview: Overview) -> bool:
        condition = self._wanted[target]
        match target.kind:
            case Kind.DOCKER:
                return docker_is(overview.docker)
            case Kind.CONTAINER:
                container = seen.containers.get(self._name(target))
                return container is not None and container_is(container, condition)
            case Kind.SERVICE:
                service = seen.services.get(target.name)
                return service is not None and service_is(service, condition)
            case Kind.SYNC:
                sync = seen.syncs.get(target.name)
                return sync is not None and sync_is(sync, condition)
        declared = [status for status in seen.syncs.values() if _is_declared(status.state)]
        return overview.ready and all(sync_is(status, condition) for status in declared)

    def _is_hopeless(self, target: WaitTarget, seen: Seen) -> bool:
        condition = self._wanted[target]
        if target.kind is Kind.SERVICE:
            service = seen.services.get(target.name)
            return service is not None and is_hopeless(service, condition)
        if target.kind is Kind.CONTAINER:
            container = seen.containers.get(self._name(target))
            return container is not None and is_hopeless(container, condition)
        return False


def _defined(container: str, seen: Seen) -> str | None:
    """The name of the definition of a container, where it has one."""
    return next((name for name, status in seen.containers.items() if status.container == container), None)


def _is_declared(state: State) -> bool:
    """Nothing is asked of a sync that is no longer declared."""
    return state is not State.UNDECLARED
