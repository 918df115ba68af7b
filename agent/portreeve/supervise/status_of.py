"""What is told of a container, from all that is known of it. Pure."""

from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import ManagedContainer
from portreeve.supervise.budget import counted
from portreeve.supervise.decision import Plan, Unmet
from portreeve.supervise.memory import Memory
from portreeve.supervise.probing import effective
from portreeve.supervise.state import ContainerState, Truth
from portreeve.supervise.status import ContainerStatus

_SHORT_ID = 12
_ENDED = ("restarting", "exited", "dead")


def blank(declared: ManagedContainer) -> ContainerStatus:
    """The status of a container that was not looked at yet."""
    return ContainerStatus(
        declared.name,
        declared.description,
        str(declared.container),
        declared.declared,
        declared.autostart,
        restarts_most=declared.restart.max,
        window=declared.restart.window,
        unit=f"portreeve-container@{declared.name}.service",
    )


def status_of(
    declared: ManagedContainer,
    truth: Truth,
    seen: Observed | None,
    plan: Plan,
    memory: Memory,
    *,
    unmet: tuple[Unmet, ...],
    log_tail: tuple[str, ...],
    overdue: bool,
    now: float,
) -> ContainerStatus:
    """The status of a container.

    Args:
        declared: its definition.
        truth: what it amounts to.
        seen: the container; ``None`` when it is absent or Docker is away.
        plan: what was decided.
        memory: for its probes, and the number of looks.
        unmet: what it waits for.
        log_tail: the end of its log.
        overdue: it was not ready in time after Docker came up.
        now: wall-clock seconds.
    """
    record = plan.record
    tries = plan.again is not None and plan.trouble is not None
    condition = declared.ready.condition if seen is None else effective(declared.ready, seen)
    return ContainerStatus(
        name=declared.name,
        description=declared.description,
        container=str(declared.container) if seen is None else seen.name,
        declared=declared.declared,
        autostart=declared.autostart,
        state=truth.state,
        evidence=truth.evidence,
        since=truth.since,
        wanted=record.wanted or "",
        stopped_by_hand=record.stopped_by_hand is not None,
        ready="" if condition is None else str(condition),
        probe=memory.probing.evidence if seen is not None and seen.runs else "",
        docker_status=seen.status if seen else "",
        health=seen.health if seen else "none",
        container_id=seen.id[:_SHORT_ID] if seen else "",
        image=seen.image if seen else "",
        started_at=seen.started_at if seen else None,
        exit_code=seen.exit_code if seen and seen.status in _ENDED and seen.started_at is not None else None,
        restart_policy=seen.policy if seen else "",
        restart_count=seen.restart_count if seen else 0,
        restarts=counted(record, declared.restart, now),
        restarts_most=declared.restart.max,
        window=declared.restart.window,
        gave_up=record.gave_up is not None,
        overdue=overdue and truth.state is not ContainerState.READY,
        trouble=plan.trouble,
        # Rounded, so that looks that change nothing tell nothing new.
        next_try=float(round(now + plan.again)) if tries and plan.again is not None else None,
        waits_for=tuple(f"{each.name} ({each.wanted})" for each in unmet),
        log_tail=log_tail,
        unit=f"portreeve-container@{declared.name}.service",
        runs=memory.runs,
    )
