"""What stands on all boards at one moment, and what became different since another."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from portreeve.clock import Clock
from portreeve.control.agent import Agent
from portreeve.control.codec import to_json
from portreeve.reconcile.status import SyncStatus
from portreeve.supervise.status import ContainerStatus, ServiceStatus

HEARTBEAT = 15.0
"""Seconds of silence after which a heartbeat is sent."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The statuses of everything, by name."""

    syncs: Mapping[str, SyncStatus] = field(default_factory=dict)
    containers: Mapping[str, ContainerStatus] = field(default_factory=dict)
    services: Mapping[str, ServiceStatus] = field(default_factory=dict)


def look(agent: Agent) -> Seen:
    """What stands now, as everybody may know it: what containers log is for root alone."""
    containers = agent.containers.snapshot()
    return Seen(
        agent.board.snapshot(),
        {name: without_log(status) for name, status in containers.items()},
        agent.services.snapshot(),
    )


def without_log(status: ContainerStatus) -> ContainerStatus:
    """A status without the lines of the container's log, which may hold what is not for everybody."""
    return replace(status, log_tail=()) if status.log_tail else status


def looks(agent: Agent, timeout: float, clock: Clock) -> Iterator[Seen | None]:
    """What stands now and after each change; ``None`` when it was quiet for a heartbeat.

    Ends when the deadline passed or the agent stops, after what was posted last.
    """
    changes = agent.board.changes
    deadline = clock.monotonic() + timeout
    number = changes.number
    yield look(agent)
    while (remaining := deadline - clock.monotonic()) > 0:
        closed = changes.closed
        latest = changes.wait_for(since=number, timeout=min(remaining, HEARTBEAT))
        if closed and latest == number:
            return
        yield None if latest == number else look(agent)
        number = latest


def differences(before: Seen, after: Seen) -> Iterator[dict[str, Any]]:
    """A line for each status that is another now, and for each that is gone."""
    yield from _changed("sync", "", before.syncs, after.syncs)
    yield from _changed("container", "container:", before.containers, after.containers)
    yield from _changed("service", "service:", before.services, after.services)


def _changed(
    kind: str, prefix: str, before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[dict[str, Any]]:
    for name, status in sorted(after.items()):
        if before.get(name) != status:
            yield {kind: to_json(status)}
    for name in sorted(before.keys() - after.keys()):
        yield {"gone": prefix + name}


def only(
    seen: Seen, *, syncs: Iterable[str] = (), containers: Iterable[str] = (), services: Iterable[str] = ()
) -> Seen:
    """What is about these alone, where it has a status."""
    return Seen(
        {name: seen.syncs[name] for name in syncs if name in seen.syncs},
        {name: seen.containers[name] for name in containers if name in seen.containers},
        {name: seen.services[name] for name in services if name in seen.services},
    )
