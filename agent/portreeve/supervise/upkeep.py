"""What to do next with a container that is to be up."""

from dataclasses import replace

from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import OnUnready
from portreeve.reconcile.status import Trouble
from portreeve.supervise import budget as budgets
from portreeve.supervise import told
from portreeve.supervise.budget import Random
from portreeve.supervise.decision import Action, Plan, Snapshot
from portreeve.supervise.record import Record
from portreeve.supervise.state import ContainerState, StartFailure

DOCKER_FIRST = 5.0
"""Seconds that Docker's own restart policy gets before a container that ended is started by us."""

_LONGEST_REST = 60.0
"""Seconds between two looks at what passes without any event, such as a port that becomes free."""

_EXTERNAL = (StartFailure.PORT, StartFailure.MOUNT, StartFailure.NETWORK, StartFailure.NAMESPACE)
"""What makes a start fail outside of the container: trying again costs nothing but time."""

_TRANSIENT = (ContainerState.REMOVING, ContainerState.STOPPING, ContainerState.DEAD)
_ON_UNREADY = {OnUnready.RESTART: Action.RESTART, OnUnready.RECREATE: Action.RECREATE}


def patience(elapsed: float, least: float, most: float) -> float:
    """Seconds to wait before another look at what has been so for a while: half as long again."""
    return max(least, min(most, elapsed / 2))


def keep_up(snapshot: Snapshot, before: Record, random: Random) -> Plan:
    """Say what to do next.

    Args:
        snapshot: all that is known; its record has what this look has shown.
        before: the record as it was before this look.
        random: draws from [0, 1).
    """
    snapshot = _paused_for_breath(snapshot, before, random)
    record, seen = snapshot.record, snapshot.seen
    trouble = told.of_state(snapshot, kept_up=True)
    if snapshot.truth.state is ContainerState.READY:
        steady = budgets.steady(snapshot.declared.restart)
        return Plan(record, again=steady if record.gave_up is not None else None)
    if seen is None:
        return _absent(snapshot, trouble, random)
    match snapshot.truth.state:
        case ContainerState.STARTING | ContainerState.RUNNING:
            began = snapshot.truth.since if seen.started_at is None else seen.started_at
            rest = began + snapshot.declared.start_timeout - snapshot.now
            rest = min(max(rest, 1.0), snapshot.declared.start_timeout)
            return Plan(record, trouble=trouble, again=rest)
        case ContainerState.UNREADY:
            return _unready(snapshot, seen, trouble, random)
        case ContainerState.RESTARTING:
            return _looping(snapshot, trouble, random)
        case ContainerState.PAUSED if snapshot.declared.unpause:
            return _try(snapshot, Action.UNPAUSE, trouble, random)
        case ContainerState.PAUSED:
            return Plan(record, trouble=trouble)
        case state if state in _TRANSIENT:
            return Plan(record, trouble=trouble, again=_rest(snapshot, 0.5))
        case ContainerState.FAILED_TO_START if snapshot.cause:
            return Plan(record, trouble=told.cause_stands(snapshot), again=_rest(snapshot, 2.0))
        case ContainerState.FAILED_TO_START:
            free = snapshot.truth.failure in _EXTERNAL
            return _start(snapshot, Action.START, trouble, random, free=free)
        case _:
            return _ended(snapshot, seen, trouble, random)


def recreation(snapshot: Snapshot, random: Random) -> Plan:
    """One was cut off half-way: it is finished or taken back before anything else."""
    trouble = told.of_state(snapshot, kept_up=True)
    return _try(snapshot, Action.RECREATE, trouble, random)


def _paused_for_breath(snapshot: Snapshot, before: Record, random: Random) -> Snapshot:
    """The first look at a failure begins the wait before it is acted on; later ones leave that alone."""
    failing = (ContainerState.UNREADY, ContainerState.EXITED, ContainerState.FAILED_TO_START)
    record, state = snapshot.record, snapshot.truth.state
    if (
        (state not in failing and snapshot.remembered is None)
        or before.state is state
        or _first_start(snapshot)
    ):
        return snapshot
    delay = budgets.backoff_delay(record.failures, snapshot.declared.restart, random)
    not_before = max(record.not_before, snapshot.now + delay)
    return replace(snapshot, record=replace(record, not_before=not_before))


def _first_start(snapshot: Snapshot) -> bool:
    """It did not crash: it never ran, or it ended before Docker came up, and nothing was tried since."""
    record, seen = snapshot.record, snapshot.seen
    if record.failures or record.not_before > snapshot.docker_since:
        return False
    if seen is None:
        # What removes itself is gone when Docker comes up, and there is no telling when it ended.
        return snapshot.truth.since - snapshot.docker_since < DOCKER_FIRST
    if seen.error:
        return False
    if snapshot.docker_since > snapshot.now:
        # The clock was set back: everything that ends until it has caught up would have ended before.
        return seen.status == "created"
    return seen.status == "created" or (
        seen.status == "exited" and (seen.finished_at is None or seen.finished_at <= snapshot.docker_since)
    )


def _absent(snapshot: Snapshot, trouble: Trouble | None, random: Random) -> Plan:
    """It is gone; it can be made again where it removed itself and is remembered."""
    record, remembered = snapshot.record, snapshot.remembered
    if record.stopped_by_hand is not None:
        return Plan(record, trouble=told.stopped_by_hand(snapshot))
    if remembered is None:
        return Plan(record, trouble=trouble)
    if remembered.obstacle is not None:
        told_why = told.cannot_be_made(snapshot, remembered.obstacle)
        return Plan(record, trouble=told_why, again=_rest(snapshot, 2.0))
    first = _first_start(snapshot)
    free = first or snapshot.truth.failure in _EXTERNAL
    return _start(snapshot, Action.MAKE, told.made_again(snapshot), random, free=free, first=first)


def _ended(snapshot: Snapshot, seen: Observed, trouble: Trouble | None, random: Random) -> Plan:
    """Created or exited."""
    record, now = snapshot.record, snapshot.now
    if record.stopped_by_hand is not None:
        return Plan(record, trouble=told.stopped_by_hand(snapshot))
    if record.gave_up is not None:
        return Plan(record, trouble=told.gave_up(snapshot))
    if seen.status == "exited" and seen.auto_remove:
        # Docker is about to remove it, and refuses to start it; where Docker forgot, it is started.
        rest = (seen.finished_at or 0.0) + DOCKER_FIRST - now
        if 0 < rest <= DOCKER_FIRST:
            return Plan(record, trouble=trouble, again=min(rest, 0.5))
    if seen.status == "exited" and _docker_restarts(seen):
        until = max(seen.finished_at or 0.0, snapshot.docker_since) + DOCKER_FIRST
        if 0 < until - now <= DOCKER_FIRST:
            return Plan(record, trouble=trouble, again=until - now)
    first = _first_start(snapshot)
    return _start(
        snapshot, Action.START, trouble, random, free=first or seen.status == "created", first=first
    )


def _docker_restarts(seen: Observed) -> bool:
    return seen.policy in ("always", "unless-stopped") or (
        seen.policy == "on-failure" and seen.exit_code != 0
    )


def _unready(snapshot: Snapshot, seen: Observed, trouble: Trouble | None, random: Random) -> Plan:
    shared = seen.network_mode in ("host", "none") or seen.network_mode.startswith("container:")
    missing = tuple(name for name in snapshot.declared.networks if name not in seen.networks)
    if missing and not shared:
        plan = _try(snapshot, Action.CONNECT, trouble, random)
        return replace(plan, networks=missing if plan.action else ())
    action = _ON_UNREADY.get(snapshot.declared.on_unready)
    if action is None:
        return Plan(snapshot.record, trouble=trouble)
    plan = _start(snapshot, action, trouble, random)
    if plan.action is Action.RECREATE:
        # The id is forgotten, so that the container that comes of it is not taken for one made by others.
        return replace(plan, record=replace(plan.record, container_id=""))
    return plan


def _looping(snapshot: Snapshot, trouble: Trouble | None, random: Random) -> Plan:
    """Docker's own restarts are bounded by the same budget: to stop it is what ends Docker's loop."""
    record, budget, now = snapshot.record, snapshot.declared.restart, snapshot.now
    if record.gave_up is None and not budgets.overspent(record, budget, now):
        return Plan(record, trouble=trouble, again=_rest(snapshot, 2.0))
    told_now = record.gave_up is None
    record = replace(record, gave_up=now if told_now else record.gave_up)
    spent = told.gave_up(snapshot)
    if not told_now and record.not_before > now:
        return Plan(record, trouble=spent, again=record.not_before - now)
    tried = budgets.after_try(record, budget, now, random)
    return Plan(tried, Action.STOP, trouble=spent, again=tried.not_before - now, gave_up=told_now)


def _try(snapshot: Snapshot, action: Action, trouble: Trouble | None, random: Random) -> Plan:
    """What the budget does not count, with backoff."""
    record, now = snapshot.record, snapshot.now
    if record.not_before > now:
        return Plan(record, trouble=trouble, again=record.not_before - now)
    tried = budgets.after_try(record, snapshot.declared.restart, now, random)
    if action is Action.RECREATE:
        tried = replace(tried, container_id="")
    return Plan(tried, action, trouble=trouble, again=tried.not_before - now)


def _start(
    snapshot: Snapshot,
    action: Action,
    trouble: Trouble | None,
    random: Random,
    *,
    free: bool = False,
    first: bool = False,
) -> Plan:
    """Start, restart or recreate it, unless something stands against that.

    Args:
        snapshot: all that is known.
        action: what to do.
        trouble: why.
        random: draws from [0, 1).
        free: the budget does not count it.
        first: nothing has failed, so the backoff does not grow.
    """
    record, budget, now = snapshot.record, snapshot.declared.restart, snapshot.now
    if record.gave_up is not None:
        return Plan(record, trouble=told.gave_up(snapshot))
    if snapshot.unmet:
        return Plan(record, trouble=told.dependency(snapshot, snapshot.unmet[0]), again=_rest(snapshot, 2.0))
    if not free and budgets.spent(record, budget, now):
        return Plan(replace(record, gave_up=now), trouble=told.gave_up(snapshot), gave_up=True)
    if record.not_before > now and not first:
        return Plan(record, trouble=trouble, again=record.not_before - now)
    if snapshot.held_back:
        return Plan(record, trouble=told.held_back(snapshot), again=_rest(snapshot, 2.0))
    if first:
        tried = replace(record, not_before=now + budgets.backoff_delay(0, budget, random))
    elif free:
        tried = budgets.after_try(record, budget, now, random)
    else:
        tried = budgets.after_restart(record, budget, now, random)
    if action is Action.MAKE:
        # The one that comes of it is not taken for one made by others.
        tried = replace(tried, container_id="")
    return Plan(tried, action, trouble=trouble, again=tried.not_before - now)


def _rest(snapshot: Snapshot, least: float) -> float:
    # Mostly an event comes first; where none does, nobody waits for an hour since his backoff may.
    most = max(least, min(_LONGEST_REST, snapshot.declared.restart.backoff[1]))
    return patience(snapshot.now - snapshot.truth.since, least, most)
