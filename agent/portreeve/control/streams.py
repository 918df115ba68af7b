"""Streams of lines about changes on the board: each is a generator that sleeps on the board alone.

A line is ``{"sync": STATUS}``, ``{"gone": NAME}`` or ``{"docker": STATUS}``; the last one, of the streams
that have an end, is ``{"result": OUTCOME, …}``. ``None`` is a heartbeat: nothing changed for a while. Writing
it is how a client that went away is noticed, and reading it is how a client tells a quiet agent from a hung
one.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.control.agent import Agent
from portreeve.control.codec import to_json
from portreeve.control.names import Condition, WaitTarget, unknown_sync
from portreeve.control.outcome import Outcome, as_wanted, outcome_of
from portreeve.reconcile.board import Board
from portreeve.reconcile.status import DockerStatus, State, SyncStatus

Line = dict[str, Any] | None
Statuses = Mapping[str, SyncStatus]

HEARTBEAT = 15.0
"""Seconds of silence after which a heartbeat is sent."""


def events(agent: Agent) -> Iterator[Line]:
    """All syncs, then each change, until the agent stops."""
    told: Statuses = {}
    for statuses in _looks(agent.board, float("inf"), SYSTEM_CLOCK):
        if statuses is None:
            yield None
        else:
            yield from _changes(told, statuses)
            told = statuses


def waiting(
    agent: Agent,
    targets: tuple[WaitTarget, ...],
    condition: Condition,
    *,
    timeout: float,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[Line]:
    """Changes of what is waited for, until all of it is as wanted, the deadline passes or the agent stops.

    Docker has no place on the board: it is looked at whenever a sync changes, which is what its coming up
    does, and with each heartbeat.

    Args:
        agent: whose board it is.
        targets: what is waited for.
        condition: what each of them must be.
        timeout: seconds; may be infinite.
        clock: for the deadline.

    Raises:
        Misuse: ``unknown-name``: the definitions are loaded and have no such sync. Also from the stream, when
            they are loaded only later.
    """
    _select(targets, agent.board.snapshot()[1], ready=agent.overview().ready)
    return _waiting(agent, targets, condition, timeout, clock)


def _waiting(
    agent: Agent, targets: tuple[WaitTarget, ...], condition: Condition, timeout: float, clock: Clock
) -> Iterator[Line]:
    told: Statuses = {}
    docker: DockerStatus | None = None
    pending: list[str] = []
    statuses: Statuses = {}
    for look in _looks(agent.board, timeout, clock):
        statuses = statuses if look is None else look
        overview = agent.overview()
        selected = _select(targets, statuses, ready=overview.ready)
        lines: list[Line] = list(_changes(told, selected))
        if overview.docker != docker and any(target.text == "docker" for target in targets):
            lines.append({"docker": to_json(overview.docker)})
        yield from lines or [None]
        told, docker = selected, overview.docker
        pending = [
            target.text
            for target in targets
            if not _holds(target, condition, statuses, docker, ready=overview.ready)
        ]
        if not pending:
            yield {"result": Outcome.DONE.value, "pending": []}
            return
    ending = Outcome.STOPPING if agent.board.closed else Outcome.NOT_YET
    yield {"result": ending.value, "pending": pending}


def progress(
    agent: Agent, requested: Mapping[str, int], *, timeout: float, clock: Clock = SYSTEM_CLOCK
) -> Iterator[Line]:
    """Changes of syncs, until each has been worked on after a request.

    Args:
        agent: whose board it is.
        requested: for each sync, the number of runs that it must exceed.
        timeout: seconds; may be infinite.
        clock: for the deadline.
    """
    told: Statuses = {}
    unfinished: list[str] = []
    for statuses in _looks(agent.board, timeout, clock):
        if statuses is None:
            yield None
            continue
        selected = {name: statuses[name] for name in requested if name in statuses}
        yield from _changes(told, selected)
        told = selected
        unfinished = [name for name, runs in requested.items() if not _worked_on(statuses.get(name), runs)]
        if not unfinished:
            yield {"result": outcome_of(selected.values()).value, "pending": []}
            return
    ending = Outcome.STOPPING if agent.board.closed else Outcome.NOT_YET
    yield {"result": ending.value, "pending": unfinished}


def _looks(board: Board, timeout: float, clock: Clock) -> Iterator[Statuses | None]:
    """The statuses now and after each change; ``None`` when it was quiet for a heartbeat.

    Ends when the deadline passed or the board is closed, after what was posted last.
    """
    deadline = clock.monotonic() + timeout
    number, statuses = board.snapshot()
    yield statuses
    while (remaining := deadline - clock.monotonic()) > 0:
        closed = board.closed
        latest, statuses = board.wait_for(_never, timeout=min(remaining, HEARTBEAT), since=number)
        if closed and latest == number:
            return
        yield None if latest == number else statuses
        number = latest


def _never(_: Statuses) -> bool:
    return False


def _changes(before: Statuses, after: Statuses) -> Iterator[dict[str, Any]]:
    for name, status in sorted(after.items()):
        if before.get(name) != status:
            yield {"sync": to_json(status)}
    for name in sorted(before.keys() - after.keys()):
        yield {"gone": name}


def _select(targets: tuple[WaitTarget, ...], statuses: Statuses, *, ready: bool) -> Statuses:
    """The statuses that are waited for."""
    named = {target.sync for target in targets if target.sync is not None}
    for name in sorted(named - statuses.keys()):
        # Before the definitions are loaded, a name that is not there is not wrong yet.
        if ready:
            raise unknown_sync(name, statuses)
    if any(target.text == "all" for target in targets):
        return {name: status for name, status in statuses.items() if _is_declared(status) or name in named}
    return {name: status for name, status in statuses.items() if name in named}


def _holds(
    target: WaitTarget, condition: Condition, statuses: Statuses, docker: DockerStatus, *, ready: bool
) -> bool:
    if target.text == "docker":
        return docker.state == "up"
    fits: Callable[[SyncStatus], bool] = as_wanted if condition is Condition.IN_STEP else _was_tried
    if target.sync is not None:
        return target.sync in statuses and fits(statuses[target.sync])
    return ready and all(fits(status) for status in statuses.values() if _is_declared(status))


def _is_declared(status: SyncStatus) -> bool:
    """Nothing is asked of a sync that is no longer declared."""
    return status.state is not State.UNDECLARED


def _was_tried(status: SyncStatus) -> bool:
    return status.state is not State.PENDING


def _worked_on(status: SyncStatus | None, runs: int) -> bool:
    return status is not None and status.runs > runs and status.state is not State.PENDING
