"""Applying steps to units of a fake manager on a private message bus."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.systemd_manager import FakeManager, FakeUnit, fake_systemd
from portreeve.actions.units import act_on_unit
from portreeve.definitions.steps import (
    Disable,
    Enable,
    Reload,
    ReloadOrRestart,
    Restart,
    Start,
    Stop,
    UnitStep,
)
from portreeve.errors import Failed, Reason, Waiting
from portreeve.systemd.bus import Systemd

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[FakeManager]:
    with fake_systemd(tmp_path) as fake:
        yield fake


def jobs(manager: FakeManager) -> list[str]:
    """The calls that change something."""
    asking = ("LoadUnit", "GetAll", "Subscribe")
    return [call for call in manager.calls if not call.startswith(asking)]


def test_a_restart_step_restarts(manager: FakeManager) -> None:
    manager.units["cockpit.socket"] = FakeUnit()
    act_on_unit(Restart("cockpit.socket"), Systemd(manager.address))
    assert jobs(manager) == ["ResetFailedUnit cockpit.socket", "RestartUnit cockpit.socket"]


def test_a_restart_step_starts_what_is_down(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(active_state="inactive")
    act_on_unit(Restart("a.service"), Systemd(manager.address))
    assert jobs(manager) == ["ResetFailedUnit a.service", "RestartUnit a.service"]


def test_a_socket_that_could_not_listen_is_started_again(manager: FakeManager) -> None:
    manager.units["a.socket"] = FakeUnit(
        active_state="failed", result="resources", job_result="failed", later_job_results=["done"]
    )
    act_on_unit(Restart("a.socket"), Systemd(manager.address))
    assert jobs(manager) == ["ResetFailedUnit a.socket", "RestartUnit a.socket", "StartUnit a.socket"]


def test_a_socket_that_cannot_listen_fails_in_the_end(manager: FakeManager) -> None:
    manager.units["a.socket"] = FakeUnit(active_state="failed", result="resources", job_result="failed")
    with pytest.raises(Failed) as caught:
        act_on_unit(Restart("a.socket"), Systemd(manager.address))
    assert caught.value.reason is Reason.UNIT_JOB_FAILED
    assert jobs(manager).count("StartUnit a.socket") == 3


def test_a_service_that_failed_is_not_started_again(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(active_state="failed", result="resources", job_result="failed")
    with pytest.raises(Failed):
        act_on_unit(Restart("a.service"), Systemd(manager.address))
    assert "StartUnit a.service" not in jobs(manager)


def test_a_reload_step_reloads(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit()
    act_on_unit(Reload("a.service"), Systemd(manager.address))
    assert jobs(manager) == ["ReloadUnit a.service"]


@pytest.mark.parametrize("state", ["inactive", "failed", "deactivating"])
def test_a_reload_of_what_is_down_has_nothing_to_do(manager: FakeManager, state: str) -> None:
    manager.units["a.service"] = FakeUnit(active_state=state)
    act_on_unit(Reload("a.service"), Systemd(manager.address))
    assert jobs(manager) == []


@pytest.mark.parametrize("state", ["active", "inactive"])
def test_a_reload_or_restart_is_left_to_systemd_which_knows_what_the_unit_can(
    manager: FakeManager, state: str
) -> None:
    manager.units["a.service"] = FakeUnit(active_state=state)
    act_on_unit(ReloadOrRestart("a.service"), Systemd(manager.address))
    assert jobs(manager) == ["ResetFailedUnit a.service", "ReloadOrRestartUnit a.service"]


def test_a_start_clears_the_count_of_starts_and_starts(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(active_state="failed", result="start-limit-hit")
    act_on_unit(Start("a.service"), Systemd(manager.address))
    assert jobs(manager) == ["ResetFailedUnit a.service", "StartUnit a.service"]


def test_a_start_that_systemd_refuses_for_its_limit_is_named(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit("loaded", "failed", "failed", "start-limit-hit", "failed")
    with pytest.raises(Failed) as caught:
        act_on_unit(Start("a.service"), Systemd(manager.address))
    assert caught.value.reason is Reason.UNIT_START_LIMIT


@pytest.mark.parametrize("load_state", ["loaded", "masked"])
def test_what_runs_is_stopped_also_when_it_was_masked_since(manager: FakeManager, load_state: str) -> None:
    manager.units["a.service"] = FakeUnit(load_state=load_state)
    act_on_unit(Stop("a.service"), Systemd(manager.address))
    assert jobs(manager) == ["StopUnit a.service"]


@pytest.mark.parametrize("state", ["inactive", "failed"])
def test_what_is_down_is_not_stopped(manager: FakeManager, state: str) -> None:
    manager.units["a.service"] = FakeUnit(load_state="masked", active_state=state)
    act_on_unit(Stop("a.service"), Systemd(manager.address))
    assert jobs(manager) == []


def test_a_unit_is_enabled_and_systemd_reads_its_files_anew(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(unit_file_state="disabled")
    act_on_unit(Enable("a.service"), Systemd(manager.address))
    assert jobs(manager) == ["EnableUnitFiles ['a.service']", "Reload"]


def test_a_unit_that_is_enabled_already_costs_no_daemon_reload(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(unit_file_state="enabled")
    act_on_unit(Enable("a.service"), Systemd(manager.address))
    assert jobs(manager) == ["EnableUnitFiles ['a.service']"]


def test_a_unit_that_nothing_can_enable_is_named(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(unit_file_state="static")
    with pytest.raises(Failed) as caught:
        act_on_unit(Enable("a.service"), Systemd(manager.address))
    assert caught.value.reason is Reason.UNIT_STATIC


def test_a_unit_is_disabled_and_systemd_reads_its_files_anew(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(unit_file_state="enabled")
    act_on_unit(Disable("a.service"), Systemd(manager.address))
    assert jobs(manager) == ["DisableUnitFiles ['a.service']", "Reload"]


@pytest.mark.parametrize("kind", [Restart, Reload, ReloadOrRestart, Start, Enable, Disable])
def test_a_masked_unit_is_named(manager: FakeManager, kind: type[UnitStep]) -> None:
    manager.units["a.service"] = FakeUnit(load_state="masked", active_state="inactive")
    with pytest.raises(Failed) as caught:
        act_on_unit(kind("a.service"), Systemd(manager.address))
    assert caught.value.reason is Reason.UNIT_MASKED
    assert jobs(manager) == []


@pytest.mark.parametrize("kind", [Restart, Reload, ReloadOrRestart, Start, Stop, Enable, Disable])
def test_an_absent_unit_is_waited_for(manager: FakeManager, kind: type[UnitStep]) -> None:
    with pytest.raises(Waiting) as caught:
        act_on_unit(kind("a.service"), Systemd(manager.address))
    assert caught.value.reason is Reason.UNIT_ABSENT
