"""What to do next with a container: all that is known goes in, a plan comes out, and nothing else happens."""

import random as random_module
from dataclasses import replace

from portreeve.containers.observed import Observed
from portreeve.supervise import budget as budgets
from portreeve.supervise import told, upkeep
from portreeve.supervise.budget import Random
from portreeve.supervise.decision import Action, Plan, Snapshot
from portreeve.supervise.record import Record, Wanted
from portreeve.supervise.state import ContainerState

_STOP_TIMEOUT = 10.0
"""Seconds Docker gives a container to end that names none of its own."""

_IS_UP = ("running", "paused", "restarting")


def decide(snapshot: Snapshot, random: Random = random_module.random) -> Plan:
    """Say what to do next.

    Args:
        snapshot: all that is known.
        random: draws from [0, 1), for the jitter of backoff.
    """
    if snapshot.truth.state is ContainerState.UNKNOWN or (
        snapshot.seen is None and snapshot.truth.state is not ContainerState.ABSENT
    ):
        # Nothing is known, so nothing is believed: what is remembered stays as it was.
        return Plan(snapshot.record, trouble=told.of_state(snapshot, kept_up=False), again=None)
    before = snapshot.record
    snapshot = replace(snapshot, record=noted(snapshot))
    record, declared = snapshot.record, snapshot.declared
    if not declared.declared:
        return Plan(record, trouble=told.of_state(snapshot, kept_up=False), again=_settles(snapshot))
    if record.journal:
        return upkeep.recreation(snapshot, random)
    if record.wanted is Wanted.DOWN:
        return _down(snapshot, random)
    if not declared.autostart and record.wanted is None:
        return Plan(record, trouble=told.of_state(snapshot, kept_up=False), again=_settles(snapshot))
    return upkeep.keep_up(snapshot, before, random)


def noted(snapshot: Snapshot) -> Record:
    """The record with what this look has shown: state, readiness, Docker's restarts, what was earned back."""
    record, budget, now = snapshot.record, snapshot.declared.restart, snapshot.now
    record = budgets.trimmed(record, budget, now)
    if snapshot.seen is not None:
        record = _of_this_container(record, snapshot.seen)
        record = budgets.count_docker_restarts(record, snapshot.seen, budget, now)
    record = budgets.earned_back(record, budget, now)
    ready = snapshot.truth.state is ContainerState.READY
    since = record.ready_since if record.ready_since is not None else now
    return replace(
        record,
        ready_since=since if ready else None,
        state=snapshot.truth.state,
        since=min(snapshot.truth.since, now),
    )


def _of_this_container(record: Record, seen: Observed) -> Record:
    if record.container_id not in ("", seen.id):
        # Somebody made it anew, which is as good as a reset; a recreation of ours forgets the id before.
        record = record.reset()
    # It was found ended then, so somebody has started it since, whatever the clock says.
    return replace(record, stopped_by_hand=None) if seen.runs else record


def _down(snapshot: Snapshot, random: Random) -> Plan:
    """Stopped and then left."""
    record, now = snapshot.record, snapshot.now
    if snapshot.seen is None or snapshot.seen.status not in _IS_UP:
        # A one-shot that has done its work is down and ready.
        ready = snapshot.truth.state is ContainerState.READY
        stopped = snapshot.seen is not None and not ready
        trouble = told.stopped_as_asked(snapshot) if stopped else None
        return Plan(record, trouble=trouble, again=_settles(snapshot))
    if snapshot.truth.state is ContainerState.STOPPING:
        patience = (snapshot.declared.stop_timeout or _STOP_TIMEOUT) + _STOP_TIMEOUT
        rest = snapshot.truth.since + patience - now
        if rest > 0:
            return Plan(record, again=rest, trouble=told.of_state(snapshot, kept_up=False))
    if record.not_before > now:
        rest = record.not_before - now
        return Plan(record, again=rest, trouble=told.of_state(snapshot, kept_up=False))
    tried = budgets.after_try(record, snapshot.declared.restart, now, random)
    trouble = told.of_state(snapshot, kept_up=False)
    return Plan(tried, Action.STOP, trouble=trouble, again=tried.not_before - now)


def _settles(snapshot: Snapshot) -> float | None:
    """Of a container that is left alone: what passes by itself is looked at again."""
    elapsed = snapshot.now - snapshot.truth.since
    if snapshot.truth.state in (ContainerState.REMOVING, ContainerState.STOPPING, ContainerState.STARTING):
        return upkeep.patience(elapsed, 0.5, 60.0)
    return None
