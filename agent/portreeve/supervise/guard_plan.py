"""What is done about a guarded service, decided from what was seen of it; nothing here looks or acts."""

from dataclasses import dataclass, replace
from enum import StrEnum

from portreeve.definitions.supervised import Budget, Service
from portreeve.errors import Reason
from portreeve.reconcile.status import Trouble
from portreeve.supervise.budget import backoff_delay, steady
from portreeve.supervise.probing import Probing
from portreeve.supervise.service_record import ServiceRecord
from portreeve.supervise.status import ServiceState
from portreeve.systemd.unit_life import UnitLife
from portreeve.systemd.unit_state import START_LIMIT_RESULTS

_MIB = 1 << 20


class GuardAction(StrEnum):
    """What can be done with a service."""

    RESTART = "restart"
    START = "start"
    FORGET = "forget"
    """Have systemd forget how often it was started, or its start limit would refuse the administrator too."""


@dataclass(frozen=True, slots=True)
class ServiceSnapshot:
    """All that a decision is made from.

    Args:
        service: its definition.
        life: its unit.
        probing: what its probes amount to; ``None`` without a probe.
        resident: bytes of memory that it uses, where no control group limits them; ``None`` where one does,
            or its definition has no limit.
        held_by: containers that it requires and that are not ready.
        record: what is remembered.
        now: wall-clock seconds.
    """

    service: Service
    life: UnitLife
    probing: Probing | None
    resident: int | None
    held_by: tuple[str, ...]
    record: ServiceRecord
    now: float


@dataclass(frozen=True, slots=True)
class GuardPlan:
    """What is decided.

    Args:
        record: what is remembered from now on.
        evidence: what was seen that says that it stands as the record has it.
        action: what is done now; ``None``: nothing.
        trouble: why it is not as it should be; ``None`` when it is, or when somebody wants it so.
    """

    record: ServiceRecord
    evidence: str
    action: GuardAction | None = None
    trouble: Trouble | None = None


def decide(seen: ServiceSnapshot) -> GuardPlan:
    """What a service amounts to, and what is to be done about it.

    systemd restarts what ended; a service that runs and does not serve, or has grown beyond its memory, is
    restarted here, each as often as the budget allows. What an administrator stopped or masked is left alone,
    and what they start again is forgiven its past.
    """
    life = seen.life
    match life.load_state:
        case "not-found":
            return _stands(seen, ServiceState.ABSENT, f"there is no {life.name}")
        case "masked":
            return _stands(seen, ServiceState.MASKED, f"{life.name} is masked")
        case "loaded":
            pass
        case wrong:
            evidence = f"systemd cannot read {life.name}: {wrong}"
            hint = f"`systemctl status {life.name}` tells what is wrong in it"
            trouble = Trouble(Reason.UNITS_INVALID, evidence, life.describe(), hint)
            return _stands(seen, ServiceState.FAILED, evidence, trouble=trouble)
    if life.active:
        return _up(replace(seen, record=_forgiven(seen)))
    match life.active_state:
        case "failed":
            return _failed(seen)
        case "activating":
            again = f"systemd restarts it, for the {life.auto_restarts + 1}. time"
            evidence = again if life.sub_state == "auto-restart" else life.describe()
            return _stands(seen, ServiceState.STARTING, evidence)
        case "deactivating" if seen.record.state is ServiceState.STARTING:
            return _stands(seen, ServiceState.STARTING, f"{life.name} is being restarted")
    return _down(seen)


def _down(seen: ServiceSnapshot) -> GuardPlan:
    evidence = seen.life.describe()
    if seen.held_by:
        waits = f"it waits for container {', '.join(seen.held_by)}, which is not ready"
        hint = f"`portreeve explain container:{seen.held_by[0]}` tells why"
        trouble = Trouble(Reason.NOT_YET, waits, evidence, hint)
        return _stands(seen, ServiceState.STOPPED, f"{evidence}; {waits}", trouble=trouble)
    if seen.life.job:
        return _stands(seen, ServiceState.STARTING, f"{seen.life.name} is about to be started")
    left = f"{evidence}; it is left so until `systemctl start {seen.life.name}`"
    return _stands(seen, ServiceState.STOPPED, left)


def _failed(seen: ServiceSnapshot) -> GuardPlan:
    life, record = seen.life, seen.record
    evidence = f"{life.describe()}, exit status {life.exit_status}"
    if record.asked:
        told = f"{evidence}; it is started again, as it was asked for"
        return _stands(seen, ServiceState.STARTING, told, action=GuardAction.START)
    if life.job:
        # It did not end well when it was stopped, and a restart goes on to start it.
        return _stands(seen, ServiceState.STARTING, f"{life.name} is about to be started")
    if life.result in START_LIMIT_RESULTS or life.auto_restarts:
        what = f"{life.name} keeps ending, and systemd has stopped to restart it"
        again = f"`systemctl reset-failed {life.name} && systemctl start {life.name}`"
        hint = f"see why with `journalctl -u {life.name}`, then {again}"
        # systemd counts the restart that its limit refused.
        restarts = f"{evidence}, after {max(0, life.auto_restarts - 1)} restarts by systemd"
        trouble = Trouble(Reason.UNIT_START_LIMIT, what, restarts, hint)
        record = replace(record, gave_up=record.gave_up or seen.now)
        return _stands(replace(seen, record=record), ServiceState.FAILED, restarts, trouble=trouble)
    if life.restart_policy not in {"", "no"}:
        # A crash would have been followed by a restart, so it was a stop, at which it did not end well; or
        # the unit forbids that restart (RestartPreventExitStatus=), which looks the same afterwards.
        ended = "it was stopped and ended badly, or its unit forbids a restart after such an end"
        return _stands(seen, ServiceState.STOPPED, f"{ended}: {evidence}")
    hint = f"see why with `journalctl -u {life.name}`, then `systemctl start {life.name}`"
    if seen.service.restart is not None:
        hint = "`sudo portreeve units install` has systemd restart it from then on"
    what = f"{life.name} has ended, and nothing restarts it"
    trouble = Trouble(Reason.UNIT_JOB_FAILED, what, evidence, hint)
    return _stands(seen, ServiceState.FAILED, evidence, trouble=trouble)


def _up(seen: ServiceSnapshot) -> GuardPlan:
    service, life, probing = seen.service, seen.life, seen.probing
    most = service.memory_max
    if seen.resident is not None and most is not None and seen.resident > most:
        what = f"{life.name} uses more memory than it may, and no control group holds it to that"
        evidence = f"{seen.resident / _MIB:.0f} MiB of {most / _MIB:.0f} MiB"
        return _restart(seen, Trouble(Reason.MEMORY_MAX, what, evidence, f"`systemctl status {life.name}`"))
    fine = replace(seen, record=_earned_back(seen))
    if probing is None:
        return _stands(fine, ServiceState.ACTIVE, life.describe())
    evidence = probing.evidence or "it was not probed yet"
    if probing.verdict is None:
        return _stands(seen, ServiceState.STARTING, evidence)
    if probing.verdict:
        return _stands(fine, ServiceState.ACTIVE, evidence)
    what = f"{life.name} runs and does not serve"
    hint = f"see why with `journalctl -u {life.name}`"
    return _restart(seen, Trouble(Reason.SERVICE_UNREADY, what, evidence, hint))


def _restart(seen: ServiceSnapshot, trouble: Trouble) -> GuardPlan:
    """Restart it for a trouble, where its budget allows that."""
    record, budget, now = seen.record, seen.service.restart, seen.now
    if budget is None or record.gave_up is not None or _must_wait(record, budget, now):
        return _stands(seen, ServiceState.UNREADY, trouble.evidence, trouble=trouble)
    if len(_recent(record, budget, now)) >= budget.max:
        given_up = replace(seen, record=replace(record, gave_up=now))
        return _stands(
            given_up, ServiceState.UNREADY, trouble.evidence, trouble=trouble, action=GuardAction.FORGET
        )
    restarts = (*_recent(record, budget, now), now)
    cause = f"{trouble.what}: {trouble.evidence}"
    not_before = now + backoff_delay(len(restarts) - 1, budget)
    record = replace(record, restarts=restarts, cause=cause, not_before=not_before)
    evidence = f"it is restarted: {cause}"
    restarted = replace(seen, record=record)
    return _stands(restarted, ServiceState.STARTING, evidence, trouble=trouble, action=GuardAction.RESTART)


def _stands(
    seen: ServiceSnapshot,
    state: ServiceState,
    evidence: str,
    *,
    trouble: Trouble | None = None,
    action: GuardAction | None = None,
) -> GuardPlan:
    record, budget = seen.record, seen.service.restart
    recent = () if budget is None else _recent(record, budget, seen.now)
    since = record.since if state is record.state else seen.now
    record = replace(record, restarts=recent, asked=False, state=state, since=since)
    return GuardPlan(record, evidence, action, trouble)


def _forgiven(seen: ServiceSnapshot) -> ServiceRecord:
    """An administrator who starts it again has seen to it; a restart by systemd itself is none."""
    record, life = seen.record, seen.life
    if record.gave_up is None or life.active_since <= record.gave_up or life.auto_restarts:
        return record
    return replace(record, restarts=(), gave_up=None, not_before=0.0)


def _earned_back(seen: ServiceSnapshot) -> ServiceRecord:
    """What was given up and has served by itself for a while is kept up again; its restarts count on."""
    record, budget = seen.record, seen.service.restart
    steady_since = record.since if record.state is ServiceState.ACTIVE else seen.now
    if budget is not None and seen.now - steady_since < steady(budget):
        return record
    return replace(record, gave_up=None)


def _recent(record: ServiceRecord, budget: Budget, now: float) -> tuple[float, ...]:
    # One from the future was stored under a clock that was set back since, and would never be over.
    return tuple(min(when, now) for when in record.restarts if now - when < budget.window)


def _must_wait(record: ServiceRecord, budget: Budget, now: float) -> bool:
    # Further away than any delay: under a clock that was set back since.
    return now < record.not_before <= now + budget.backoff[1]
