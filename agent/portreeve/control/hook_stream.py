"""The stream of a package's hook: what it touches, and how that takes notice, or proves itself again."""

from collections.abc import Iterator, Mapping

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.control.agent import Agent
from portreeve.control.outcome import Outcome, as_wanted
from portreeve.control.seen import Seen, differences, look, looks, only
from portreeve.control.streams import Line
from portreeve.errors import Reason
from portreeve.reconcile.status import State, SyncStatus
from portreeve.upgrade.mark import Event
from portreeve.upgrade.pending import Hooked


def hook_progress(
    agent: Agent,
    hooked: Hooked,
    before: Mapping[str, SyncStatus],
    *,
    timeout: float,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[Line]:
    """Changes of the syncs that a package touches.

    Before the package is changed it ends when none of them is being worked on. After that, when all have
    proved themselves, or when those that have not stand as they did before the hook, or are held for another
    package: their time comes later. Where files of just any package were changed, nobody waits for a sync
    longer than for one look at it.

    Args:
        agent: whose boards they are.
        hooked: what the hook's event touches.
        before: the syncs as they were before it.
        timeout: seconds; may be infinite.
        clock: for the deadline.
    """
    mark, syncs = hooked.mark, hooked.syncs
    touched = {"syncs": list(syncs), "services": list(hooked.services)}
    yield {"hook": {"package": mark.package, "event": mark.event.value, **touched}}
    told, pending = Seen(), list(syncs)
    for looked in looks(agent, timeout, clock):
        if looked is None:
            yield None
            continue
        seen = only(looked, syncs=syncs)
        yield from differences(told, seen)
        told = seen
        package = agent.packages.get(mark.package)
        unnoticed = [name for name, status in seen.syncs.items() if not _looked_at(status, syncs[name])]
        if mark.event.before:
            pending, done = unnoticed, not unnoticed
        else:
            pending = [name for name, status in seen.syncs.items() if not as_wanted(status)]
            done = package is None
        if done:
            # What was looked at is of a moment ago.
            yield from differences(told, only(look(agent), syncs=syncs))
            kept = "" if mark.event.before else agent.kept(mark.package)
            yield {"result": Outcome.DONE.value, "pending": [], "kept": kept}
            return
        # Their statuses alone would not do: they are told a moment before it is known what they prove.
        unproved = package.unproved if package is not None else ()
        no_use = mark.event is Event.TRIGGERED or all(
            _stays(seen.syncs.get(name), before.get(name)) for name in unproved
        )
        if unproved and no_use and not unnoticed:
            yield {"result": Outcome.NOT_YET.value, "pending": pending, "kept": ""}
            return
    ending = Outcome.STOPPING if agent.board.changes.closed else Outcome.NOT_YET
    yield {"result": ending.value, "pending": pending, "kept": ""}


def _looked_at(status: SyncStatus, runs: int) -> bool:
    return status.runs > runs and status.state is not State.PENDING


def _stays(status: SyncStatus | None, before: SyncStatus | None) -> bool:
    """It stands as it did before the hook, or is held: waiting for it would not help."""
    if status is None:
        return False
    if status.trouble is not None and status.trouble.reason is Reason.PACKAGE_CHANGING:
        return True
    return before is not None and _why(status) == _why(before)


def _why(status: SyncStatus) -> tuple[State, Reason | None]:
    return status.state, None if status.trouble is None else status.trouble.reason
