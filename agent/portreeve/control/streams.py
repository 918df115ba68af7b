"""Streams of lines about changes on the boards: each is a generator that sleeps on the boards alone.

A line is ``{"sync": STATUS}``, ``{"container": STATUS}``, ``{"service": STATUS}``, ``{"docker": STATUS}`` or
``{"gone": NAME}`` (``container:NAME``, ``service:NAME``); the last one, of the streams that have an end, is
``{"result": OUTCOME, …}``. ``None`` is a heartbeat: nothing changed for a while. Writing it is how a client
that went away is noticed, and reading it is how a client tells a quiet agent from a hung one.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.control.agent import Agent, ContainerVerb
from portreeve.control.outcome import Outcome, service_ended, sync_ended, verb_ended, worst
from portreeve.control.seen import Seen, differences, looks, only
from portreeve.supervise.status import ContainerStatus

Line = dict[str, Any] | None
Ended = Callable[[Seen, str, int], Outcome | None]


def events(agent: Agent) -> Iterator[Line]:
    """Everything, then each change, until the agent stops."""
    told = Seen()
    for seen in looks(agent, float("inf"), SYSTEM_CLOCK):
        if seen is None:
            yield None
        else:
            yield from differences(told, seen)
            told = seen


def progress(
    agent: Agent, requested: Mapping[str, int], *, timeout: float, clock: Clock = SYSTEM_CLOCK
) -> Iterator[Line]:
    """Changes of syncs, until each has been worked on after a request.

    Args:
        agent: whose boards they are.
        requested: for each sync, the number of runs that it must exceed.
        timeout: seconds; may be infinite.
        clock: for the deadline.
    """
    return _progress(
        agent,
        requested,
        lambda seen: only(seen, syncs=requested),
        lambda seen, name, runs: sync_ended(seen.syncs.get(name), runs),
        timeout,
        clock,
    )


def container_progress(
    agent: Agent,
    verb: ContainerVerb,
    requested: Mapping[str, int],
    *,
    before: Mapping[str, ContainerStatus],
    timeout: float,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[Line]:
    """Changes of containers, until each is as it was asked for, or cannot become so by itself.

    Args:
        agent: whose boards they are.
        verb: what was asked for.
        requested: for each container, the number of runs that it must exceed.
        before: the containers as they were before that.
        timeout: seconds; may be infinite.
        clock: for the deadline.
    """
    ids = {name: status.container_id for name, status in before.items()}
    return _progress(
        agent,
        requested,
        lambda seen: only(seen, containers=requested),
        lambda seen, name, runs: verb_ended(verb, seen.containers.get(name), runs, ids.get(name, "")),
        timeout,
        clock,
    )


def service_progress(
    agent: Agent, requested: Mapping[str, int], *, timeout: float, clock: Clock = SYSTEM_CLOCK
) -> Iterator[Line]:
    """Changes of services, until each was looked at after a request; as :func:`progress`."""
    return _progress(
        agent,
        requested,
        lambda seen: only(seen, services=requested),
        lambda seen, name, runs: service_ended(seen.services.get(name), runs),
        timeout,
        clock,
    )


def _progress(
    agent: Agent,
    requested: Mapping[str, int],
    select: Callable[[Seen], Seen],
    ended: Ended,
    timeout: float,
    clock: Clock,
) -> Iterator[Line]:
    told = Seen()
    pending = list(requested)
    for seen in looks(agent, timeout, clock):
        if seen is None:
            yield None
            continue
        selected = select(seen)
        yield from differences(told, selected)
        told = selected
        outcomes = {name: ended(selected, name, runs) for name, runs in requested.items()}
        pending = [name for name, outcome in outcomes.items() if outcome is None]
        if not pending:
            result = worst(outcome for outcome in outcomes.values() if outcome is not None)
            yield {"result": result.value, "pending": []}
            return
    ending = Outcome.STOPPING if agent.board.changes.closed else Outcome.NOT_YET
    yield {"result": ending.value, "pending": pending}
