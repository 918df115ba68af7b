"""What is done about a guarded service, decided from what was seen of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.definitions.supervised import Budget, Probe, Service, TcpConnects
from portreeve.errors import Reason
from portreeve.supervise.guard_plan import GuardAction, GuardPlan, ServiceSnapshot, decide
from portreeve.supervise.probing import Probing
from portreeve.supervise.service_record import ServiceRecord
from portreeve.supervise.status import ServiceState
from portreeve.systemd.unit_life import UnitLife

NOW = 1_000_000.0
SERVES = Probing(verdict=True, evidence="127.0.0.1:24444 accepts connections")
HANGS = Probing(verdict=False, evidence="127.0.0.1:24444 did not accept a connection within 5 s")
GUARDED = Service(
    name="app",
    description="",
    unit="app.service",
    requires=("docker",),
    origin=(Path("/etc/portreeve/services.d/app.toml"),),
    restart=Budget(max=3, window=600.0, backoff=(2.0, 5.0)),
    probe=Probe(TcpConnects("127.0.0.1:24444")),
)


def life(**changes: Any) -> UnitLife:
    values: dict[str, Any] = {
        "Id": "app.service",
        "LoadState": "loaded",
        "ActiveState": "active",
        "SubState": "running",
        "Restart": "on-failure",
        "ActiveEnterTimestamp": int((NOW - 100) * 1e6),
    }
    return UnitLife.from_properties({**values, **changes})


def seen(unit: UnitLife | None = None, **changes: Any) -> ServiceSnapshot:
    base = ServiceSnapshot(GUARDED, unit or life(), SERVES, None, (), ServiceRecord("app"), NOW)
    return replace(base, **changes)


def trouble_of(plan: GuardPlan) -> Reason | None:
    return plan.trouble.reason if plan.trouble else None


def test_a_service_that_runs_and_serves_is_active() -> None:
    plan = decide(seen())
    assert (plan.record.state, plan.action, plan.trouble) == (ServiceState.ACTIVE, None, None)
    assert plan.evidence == "127.0.0.1:24444 accepts connections"


def test_without_a_probe_running_is_all_there_is_to_ask() -> None:
    plan = decide(seen(service=replace(GUARDED, probe=None), probing=None))
    assert plan.record.state is ServiceState.ACTIVE


def test_what_no_probe_has_told_of_yet_is_starting() -> None:
    plan = decide(seen(probing=Probing(evidence="127.0.0.1:24444 refuses connections")))
    assert (plan.record.state, plan.action) == (ServiceState.STARTING, None)


def test_a_service_that_runs_and_does_not_serve_is_restarted() -> None:
    plan = decide(seen(probing=HANGS))
    assert plan.action is GuardAction.RESTART
    assert plan.record.restarts == (NOW,)
    assert NOW + 1.0 <= plan.record.not_before <= NOW + 2.0
    assert trouble_of(plan) is Reason.SERVICE_UNREADY


def test_without_a_budget_it_is_only_reported() -> None:
    plan = decide(seen(probing=HANGS, service=replace(GUARDED, restart=None)))
    assert (plan.record.state, plan.action) == (ServiceState.UNREADY, None)
    assert trouble_of(plan) is Reason.SERVICE_UNREADY


def test_the_next_restart_waits_for_its_time() -> None:
    record = ServiceRecord("app", restarts=(NOW - 1,), not_before=NOW + 1)
    plan = decide(seen(probing=HANGS, record=record))
    assert (plan.record.state, plan.action) == (ServiceState.UNREADY, None)


def test_restarts_are_further_and_further_apart_up_to_the_longest_pause() -> None:
    record, pauses = ServiceRecord("app"), []
    for count in range(3):
        now = NOW + 10 * count
        record = decide(seen(probing=HANGS, record=record, now=now)).record
        pauses.append(record.not_before - now)
    for pause, step in zip(pauses, (2.0, 4.0, 5.0), strict=True):
        assert step / 2 <= pause <= step


def test_a_budget_that_is_used_up_is_given_up_and_told() -> None:
    record = ServiceRecord("app", restarts=(NOW - 30, NOW - 20, NOW - 10))
    plan = decide(seen(probing=HANGS, record=record))
    assert (plan.record.state, plan.action) == (ServiceState.UNREADY, GuardAction.FORGET)
    assert plan.record.gave_up == NOW


def test_restarts_before_the_window_do_not_count() -> None:
    record = ServiceRecord("app", restarts=(NOW - 900, NOW - 800, NOW - 700))
    plan = decide(seen(probing=HANGS, record=record))
    assert (plan.action, plan.record.restarts) == (GuardAction.RESTART, (NOW,))


def test_what_was_given_up_is_left_alone() -> None:
    plan = decide(seen(probing=HANGS, record=ServiceRecord("app", gave_up=NOW - 50)))
    assert (plan.action, plan.record.gave_up) == (None, NOW - 50)


def test_what_an_administrator_starts_again_is_forgiven() -> None:
    unit = life(ActiveEnterTimestamp=int((NOW - 1) * 1e6))
    record = ServiceRecord("app", restarts=(NOW - 30, NOW - 20, NOW - 10), gave_up=NOW - 5)
    plan = decide(seen(unit, probing=HANGS, record=record))
    assert plan.action is GuardAction.RESTART
    assert plan.record.gave_up is None


def test_a_restart_by_systemd_forgives_nothing() -> None:
    unit = life(ActiveEnterTimestamp=int((NOW - 1) * 1e6), NRestarts=1)
    plan = decide(seen(unit, probing=HANGS, record=ServiceRecord("app", gave_up=NOW - 5)))
    assert (plan.action, plan.record.gave_up) == (None, NOW - 5)


@pytest.mark.parametrize(("seconds", "gave_up"), [(4.0, NOW - 50), (5.0, None)])
def test_what_has_served_by_itself_for_a_while_is_no_longer_given_up_and_its_restarts_still_count(
    seconds: float, gave_up: float | None
) -> None:
    record = ServiceRecord(
        "app", restarts=(NOW - 60,), gave_up=NOW - 50, state=ServiceState.ACTIVE, since=NOW - seconds
    )
    plan = decide(seen(record=record))
    assert (plan.record.gave_up, plan.record.restarts) == (gave_up, (NOW - 60,))


def test_what_serves_for_a_moment_after_it_was_given_up_is_not_kept_up_again() -> None:
    record = ServiceRecord("app", gave_up=NOW - 50, state=ServiceState.UNREADY, since=NOW - 50)
    assert decide(seen(record=record)).record.gave_up == NOW - 50


def test_a_clock_that_was_set_back_neither_forgives_nor_delays_for_ever() -> None:
    ahead = NOW + 86_400
    record = ServiceRecord("app", restarts=(ahead,), not_before=ahead)
    plan = decide(seen(probing=HANGS, record=record))
    assert plan.action is GuardAction.RESTART
    assert plan.record.restarts == (NOW, NOW)


def test_a_crash_loop_that_systemd_has_ended_is_given_up_by_name() -> None:
    unit = life(ActiveState="failed", SubState="failed", Result="exit-code", NRestarts=6, ExecMainStatus=3)
    plan = decide(seen(unit, probing=None))
    assert (plan.record.state, plan.record.gave_up, plan.action) == (ServiceState.FAILED, NOW, None)
    assert trouble_of(plan) is Reason.UNIT_START_LIMIT
    assert "exit status 3, after 5 restarts by systemd" in plan.evidence


def test_a_restart_that_the_start_limit_refused_is_given_up_too() -> None:
    unit = life(ActiveState="failed", SubState="failed", Result="start-limit-hit")
    plan = decide(seen(unit, probing=None))
    assert (plan.record.gave_up, trouble_of(plan)) == (NOW, Reason.UNIT_START_LIMIT)


def test_a_reset_starts_once_more_what_systemd_gave_up() -> None:
    unit = life(ActiveState="failed", SubState="failed", Result="exit-code", NRestarts=5)
    record = ServiceRecord("app", gave_up=NOW - 5, state=ServiceState.FAILED).reset()
    plan = decide(seen(unit, probing=None, record=record))
    assert (plan.action, plan.record.gave_up, plan.record.asked) == (GuardAction.START, None, False)


def test_a_daemon_that_ends_badly_when_it_is_stopped_was_stopped() -> None:
    unit = life(ActiveState="failed", SubState="failed", Result="signal", ExecMainStatus=3)
    plan = decide(seen(unit, probing=None))
    assert (plan.record.state, plan.trouble) == (ServiceState.STOPPED, None)


def test_a_service_that_ended_and_that_nothing_restarts_has_failed() -> None:
    unit = life(ActiveState="failed", SubState="failed", Result="core-dump", Restart="no")
    plan = decide(seen(unit, probing=None, service=replace(GUARDED, restart=None)))
    assert (plan.record.state, trouble_of(plan)) == (ServiceState.FAILED, Reason.UNIT_JOB_FAILED)


def test_a_budget_without_its_drop_in_is_pointed_out() -> None:
    unit = life(ActiveState="failed", SubState="failed", Result="core-dump", Restart="no")
    plan = decide(seen(unit, probing=None))
    assert plan.trouble is not None
    assert "portreeve units install" in plan.trouble.hint


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"LoadState": "not-found", "ActiveState": "inactive"}, ServiceState.ABSENT),
        ({"LoadState": "masked", "ActiveState": "inactive"}, ServiceState.MASKED),
        ({"LoadState": "bad-setting", "ActiveState": "inactive"}, ServiceState.FAILED),
        ({"ActiveState": "inactive", "SubState": "dead"}, ServiceState.STOPPED),
        ({"ActiveState": "inactive", "SubState": "dead", "Job": (7, "/")}, ServiceState.STARTING),
        ({"ActiveState": "activating", "SubState": "start"}, ServiceState.STARTING),
        ({"ActiveState": "activating", "SubState": "auto-restart", "NRestarts": 1}, ServiceState.STARTING),
        ({"ActiveState": "deactivating", "SubState": "stop-sigterm"}, ServiceState.STOPPED),
    ],
)
def test_what_does_not_run_is_named_and_left_alone(changes: dict[str, Any], state: ServiceState) -> None:
    plan = decide(seen(life(**changes), probing=None))
    assert (plan.record.state, plan.action) == (state, None)


def test_a_restart_on_its_way_is_no_stop() -> None:
    unit = life(ActiveState="deactivating", SubState="stop-sigterm")
    record = ServiceRecord("app", state=ServiceState.STARTING)
    assert decide(seen(unit, probing=None, record=record)).record.state is ServiceState.STARTING


def test_what_is_down_for_its_container_says_so() -> None:
    unit = life(ActiveState="inactive", SubState="dead")
    plan = decide(seen(unit, probing=None, held_by=("db",)))
    assert (plan.record.state, trouble_of(plan)) == (ServiceState.STOPPED, Reason.NOT_YET)
    assert "it waits for container db" in plan.evidence


@pytest.mark.parametrize(("mebibytes", "action"), [(65, GuardAction.RESTART), (64, None)])
def test_what_outgrows_its_memory_is_restarted_where_nothing_else_holds_it(
    mebibytes: int, action: GuardAction | None
) -> None:
    service = replace(GUARDED, memory_max=64 << 20)
    plan = decide(seen(service=service, resident=mebibytes << 20))
    assert plan.action is action
    if action:
        assert trouble_of(plan) is Reason.MEMORY_MAX
        assert "65 MiB of 64 MiB" in plan.evidence


def test_since_is_when_the_state_began() -> None:
    before = ServiceRecord("app", state=ServiceState.ACTIVE, since=NOW - 50)
    assert decide(seen(record=before)).record.since == NOW - 50
    assert decide(seen(record=before, probing=HANGS)).record.since == NOW


@given(st.lists(st.floats(min_value=0.1, max_value=300), min_size=1, max_size=60))
def test_however_often_it_is_looked_at_the_budget_holds_in_every_window(pauses: list[float]) -> None:
    record, now, restarts = ServiceRecord("app"), NOW, []
    for pause in pauses:
        now += pause
        plan = decide(seen(probing=HANGS, record=record, now=now))
        record = plan.record
        restarts += [now] if plan.action is GuardAction.RESTART else []
    for first in restarts:
        assert sum(first <= when < first + 600.0 for when in restarts) <= 3
