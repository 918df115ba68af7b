"""Applying steps to units of a fake manager on a private message bus."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.systemd_manager import FakeManager, FakeUnit, fake_systemd
from portreeve.actions.units import apply
from portreeve.definitions.steps import Reload, Restart
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
    apply(Restart("cockpit.socket"), Systemd(manager.address))
    assert jobs(manager) == ["ResetFailedUnit cockpit.socket", "RestartUnit cockpit.socket"]


def test_a_restart_step_starts_what_is_down(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(active_state="inactive")
    apply(Restart("a.service"), Systemd(manager.address))
    assert jobs(manager) == ["ResetFailedUnit a.service", "RestartUnit a.service"]


def test_a_socket_that_could_not_listen_is_started_again(manager: FakeManager) -> None:
    manager.units["a.socket"] = FakeUnit(
        active_state="failed", result="resources", job_result="failed", later_job_results=["done"]
    )
    apply(Restart("a.socket"), Systemd(manager.address))
    assert jobs(manager) == ["ResetFailedUnit a.socket", "RestartUnit a.socket", "StartUnit a.socket"]


def test_a_socket_that_cannot_listen_fails_in_the_end(manager: FakeManager) -> None:
    manager.units["a.socket"] = FakeUnit(active_state="failed", result="resources", job_result="failed")
    with pytest.raises(Failed) as caught:
        apply(Restart("a.socket"), Systemd(manager.address))
    assert caught.value.reason is Reason.UNIT_JOB_FAILED
    assert jobs(manager).count("StartUnit a.socket") == 3


def test_a_service_that_failed_is_not_started_again(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(active_state="failed", result="resources", job_result="failed")
    with pytest.raises(Failed):
        apply(Restart("a.service"), Systemd(manager.address))
    assert "StartUnit a.service" not in jobs(manager)


def test_a_reload_step_reloads(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit()
    apply(Reload("a.service"), Systemd(manager.address))
    assert jobs(manager) == ["ReloadUnit a.service"]


@pytest.mark.parametrize("state", ["inactive", "failed", "deactivating"])
def test_a_reload_of_what_is_down_has_nothing_to_do(manager: FakeManager, state: str) -> None:
    manager.units["a.service"] = FakeUnit(active_state=state)
    apply(Reload("a.service"), Systemd(manager.address))
    assert jobs(manager) == []


@pytest.mark.parametrize("step", [Restart("a.service"), Reload("a.service")])
def test_a_masked_unit_is_named(manager: FakeManager, step: Restart | Reload) -> None:
    manager.units["a.service"] = FakeUnit(load_state="masked", active_state="inactive")
    with pytest.raises(Failed) as caught:
        apply(step, Systemd(manager.address))
    assert caught.value.reason is Reason.UNIT_MASKED
    assert jobs(manager) == []


@pytest.mark.parametrize("step", [Restart("a.service"), Reload("a.service")])
def test_an_absent_unit_is_waited_for(manager: FakeManager, step: Restart | Reload) -> None:
    with pytest.raises(Waiting) as caught:
        apply(step, Systemd(manager.address))
    assert caught.value.reason is Reason.UNIT_ABSENT
