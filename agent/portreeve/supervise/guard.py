"""Keeps the heartbeat of a host service: one look at its unit, its probe and its memory, and what follows."""

from dataclasses import replace

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.definitions.supervised import Probe, Service
from portreeve.errors import Failed, Refused, Waiting
from portreeve.reconcile.status import Trouble
from portreeve.supervise.guard_plan import GuardAction, GuardPlan, ServiceSnapshot, decide
from portreeve.supervise.probes import probe_service
from portreeve.supervise.probing import ProbeResult, Probing, next_probe_in
from portreeve.supervise.service_record import ServiceRecord
from portreeve.supervise.status import ServiceState, ServiceStatus
from portreeve.systemd.bus import Systemd
from portreeve.systemd.generate import container_unit
from portreeve.systemd.main_process import is_stopped
from portreeve.systemd.unit_life import UnitLife
from portreeve.systemd.unit_memory import resident

_QUIET = 10.0
"""Seconds between looks at what is down or has no probe: systemd is asked, which takes it a millisecond."""

_MOVING = 1.0
"""Seconds until what is starting or being restarted is looked at again."""

_CONTAINER = "container:"


class Guard:
    """Looks at services and restarts those that do not serve, within their budgets.

    Args:
        systemd: the system manager.
        clock: where time comes from.
    """

    def __init__(self, systemd: Systemd, clock: Clock = SYSTEM_CLOCK) -> None:
        self._systemd = systemd
        self._clock = clock
        self._probings: dict[str, Probing] = {}

    def look(
        self, service: Service, record: ServiceRecord
    ) -> tuple[ServiceRecord, ServiceStatus, float | None]:
        """Look at a service, and restart it where that is to be done; no job is waited for.

        One service is looked at by one thread at a time.

        Args:
            service: its definition.
            record: what is remembered of it.

        Returns:
            the new record, how it stands, and seconds until it is to be looked at again.

        Raises:
            Unreachable: systemd does not answer.
        """
        life = self._systemd.life(service.unit)
        probing = self._probe(service, life)
        plan = decide(
            ServiceSnapshot(
                service=service,
                life=life,
                probing=probing,
                resident=_unlimited_memory(service, life),
                held_by=self._held_by(service, life),
                record=record,
                now=self._clock.wall(),
            )
        )
        plan = self._act(service, plan)
        return plan.record, _status(service, plan, probing, life), self._again(service, plan, probing)

    def _probe(self, service: Service, life: UnitLife) -> Probing | None:
        probe = service.probe
        if probe is None or probe.condition is None or not life.active:
            return None
        known = self._probings.get(service.name, Probing())
        known = known.of(life.invocation, life.active_since, service.start_grace)
        if is_stopped(life.main_pid):
            result = ProbeResult(False, "its main process is frozen (SIGSTOP)")
        else:
            result = probe_service(probe.condition, timeout=probe.timeout)
        self._probings[service.name] = known.after(result, probe, self._clock.wall())
        return self._probings[service.name]

    def _held_by(self, service: Service, life: UnitLife) -> tuple[str, ...]:
        if life.active or life.active_state == "failed":
            return ()
        required = (word.removeprefix(_CONTAINER) for word in service.requires if word.startswith(_CONTAINER))
        return tuple(name for name in required if not self._systemd.life(container_unit(name)).active)

    def _act(self, service: Service, plan: GuardPlan) -> GuardPlan:
        try:
            match plan.action:
                case GuardAction.RESTART:
                    # Its start limit would stop it and then refuse to start it; our own budget bounds this.
                    self._systemd.reset_failed(service.unit)
                    self._systemd.restart_soon(service.unit)
                case GuardAction.FORGET:
                    self._systemd.reset_failed(service.unit)
                case GuardAction.START:
                    self._systemd.reset_failed(service.unit)
                    self._systemd.start_soon(service.unit)
        except (Failed, Refused, Waiting) as error:
            # It was counted, so what cannot be moved is not tried for ever.
            return replace(plan, trouble=Trouble(error.reason, error.what, error.evidence, error.hint))
        return plan

    def _again(self, service: Service, plan: GuardPlan, probing: Probing | None) -> float:
        probe = service.probe or Probe(interval=_QUIET)
        if plan.action in {GuardAction.RESTART, GuardAction.START}:
            return _MOVING
        match plan.record.state:
            case ServiceState.STARTING if probing is not None:
                return next_probe_in(probing, probe, starting=True) or _MOVING
            case ServiceState.STARTING:
                return _MOVING
            case ServiceState.UNREADY if plan.record.gave_up is None and service.restart is not None:
                return max(_MOVING, min(probe.interval, plan.record.not_before - self._clock.wall()))
            case _:
                return probe.interval


def _unlimited_memory(service: Service, life: UnitLife) -> int | None:
    """What it uses, where its definition has a limit and systemd cannot hold it to that."""
    if service.memory_max is None or life.memory is not None or not life.active:
        return None
    return resident(life.control_group)


def _status(service: Service, plan: GuardPlan, probing: Probing | None, life: UnitLife) -> ServiceStatus:
    record, budget = plan.record, service.restart
    waits = record.state is ServiceState.UNREADY and record.gave_up is None and budget is not None
    return ServiceStatus(
        name=service.name,
        description=service.description,
        unit=service.unit,
        requires=service.requires,
        state=record.state,
        evidence=plan.evidence,
        since=record.since,
        probe="" if probing is None else probing.evidence,
        restarts=len(record.restarts),
        restarts_most=0 if budget is None else budget.max,
        window=0.0 if budget is None else budget.window,
        restarted_at=record.restarts[-1] if record.restarts else None,
        restarted_for=record.cause if record.restarts else "",
        auto_restarts=life.auto_restarts,
        gave_up=record.gave_up is not None,
        trouble=plan.trouble,
        next_try=record.not_before if waits else None,
    )
