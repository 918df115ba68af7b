"""How often something was restarted, whether it may be again, and how long to wait before that."""

import random as random_module
from collections.abc import Callable
from dataclasses import replace

from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import Budget
from portreeve.supervise.record import Record

Random = Callable[[], float]
"""Draws from [0, 1)."""


def trimmed(record: Record, budget: Budget, now: float) -> Record:
    """What still counts: restarts within the window, and no time that is still to come.

    Restarts become old only of what was ready since: one that hangs at each start, for minutes, would
    otherwise never use up its budget. A clock that was set back leaves times in the future; they would never
    become old.
    """
    restarts = tuple(
        min(at, now) for at in record.restarts if record.ready_since is None or now - at < budget.window
    )
    return replace(
        record,
        # More than the budget and one are not needed to know that it is overspent.
        restarts=restarts[-(budget.max + 1) :],
        not_before=min(record.not_before, now + budget.backoff[1]),
        ready_since=None if record.ready_since is None else min(record.ready_since, now),
    )


def counted(record: Record, budget: Budget, now: float) -> int:
    """Restarts that count, Docker's own among them; one above the budget stands for any number above it."""
    return len(trimmed(record, budget, now).restarts)


def spent(record: Record, budget: Budget, now: float) -> bool:
    """One more restart would be one too many."""
    return counted(record, budget, now) >= budget.max


def overspent(record: Record, budget: Budget, now: float) -> bool:
    """There was already one too many, as Docker does not ask."""
    return counted(record, budget, now) > budget.max


def backoff_delay(failures: int, budget: Budget, random: Random = random_module.random) -> float:
    """Seconds before the next restart, after so many tries in a row that did not help."""
    least, most = budget.backoff
    # The exponent is bounded as in reconcile/backoff.py, which keeps its count to itself.
    step: float = min(most, least * 2.0 ** min(max(failures, 0), 60))
    return step * (0.5 + random() / 2)


def after_try(record: Record, budget: Budget, now: float, random: Random = random_module.random) -> Record:
    """A try is about to begin that the budget does not count; the next one waits longer."""
    tried = replace(record, failures=record.failures + 1)
    return replace(tried, not_before=now + backoff_delay(tried.failures, budget, random))


def after_restart(
    record: Record, budget: Budget, now: float, random: Random = random_module.random
) -> Record:
    """A restart is about to begin: it counts, also when nothing comes of it."""
    tried = after_try(trimmed(record, budget, now), budget, now, random)
    return replace(tried, restarts=(*tried.restarts, now))


def count_docker_restarts(record: Record, seen: Observed, budget: Budget, now: float) -> Record:
    """Docker's own restarts since the last look count too.

    The count of a container that was never looked at is only remembered: nobody knows when those were. Docker
    begins again at nought when somebody starts the container.
    """
    known = record.container_id == seen.id
    before = record.restart_count if known and record.restart_count <= seen.restart_count else 0
    new = seen.restart_count - before if known else 0
    # More than the budget and one are not needed to know that it is overspent.
    restarts = (*record.restarts, *((now,) * min(new, budget.max + 1)))
    return replace(record, container_id=seen.id, restart_count=seen.restart_count, restarts=restarts)


def steady(budget: Budget) -> float:
    """Seconds that something must be ready for without a break until its failures are forgiven.

    It is the longest time that its backoff may take: what fails more often than that never gets a quick try.
    The restarts themselves fall out of the window, and nothing else removes them.
    """
    return min(budget.window, budget.backoff[1])


def earned_back(record: Record, budget: Budget, now: float) -> Record:
    """Healthy time forgives: the backoff begins anew, and what was given up is kept up again."""
    if record.ready_since is None or now - record.ready_since < steady(budget):
        return record
    return replace(record, failures=0, gave_up=None)
