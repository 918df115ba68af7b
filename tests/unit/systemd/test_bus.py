"""Jobs of units, on a private message bus with a fake manager that speaks the real protocol."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.systemd_manager import FakeManager, FakeUnit, fake_systemd, message_bus
from portreeve.errors import Failed, Reason, Unreachable, Waiting
from portreeve.systemd.bus import Systemd

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[FakeManager]:
    with fake_systemd(tmp_path) as fake:
        yield fake


def test_a_restart_returns_when_its_own_job_is_done(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit()
    Systemd(manager.address).restart("a.service", 5)
    assert "RestartUnit a.service" in manager.calls


def test_the_signals_are_subscribed_to_before_the_job_exists(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit()
    Systemd(manager.address).start("a.service", 5)
    assert manager.calls == ["Subscribe", "StartUnit a.service"]


def test_a_job_that_ended_before_the_reply_is_not_missed(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit()
    manager.signal_first = True
    Systemd(manager.address).restart("a.service", 5)


def test_a_failed_job_is_a_failure_with_the_units_state_as_evidence(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(
        active_state="failed", sub_state="failed", result="exit-code", job_result="failed"
    )
    with pytest.raises(Failed) as caught:
        Systemd(manager.address).restart("a.service", 5)
    assert caught.value.reason is Reason.UNIT_JOB_FAILED
    assert "job failed; a.service is failed (failed), result exit-code" in caught.value.evidence


def test_a_failed_job_whose_signal_came_first_is_a_failure_too(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(job_result="failed")
    manager.signal_first = True
    with pytest.raises(Failed):
        Systemd(manager.address).restart("a.service", 5)


def test_a_start_limit_has_its_own_name(manager: FakeManager) -> None:
    manager.units["a.socket"] = FakeUnit(result="start-limit-hit", job_result="failed")
    with pytest.raises(Failed) as caught:
        Systemd(manager.address).restart("a.socket", 5)
    assert caught.value.reason is Reason.UNIT_START_LIMIT


def test_a_skipped_job_had_nothing_to_do(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(job_result="skipped")
    Systemd(manager.address).reload("a.service", 5)


def test_a_job_that_never_ends_is_given_up_at_the_deadline(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(active_state="activating", sub_state="start")
    manager.never_ends = True
    began = time.monotonic()
    with pytest.raises(Failed) as caught:
        Systemd(manager.address).start("a.service", 0.3)
    assert time.monotonic() - began < 3
    assert "not ended after 0.3 s" in caught.value.evidence


def test_a_manager_that_never_answers_is_unreachable(manager: FakeManager) -> None:
    manager.never_answers = True
    with pytest.raises(Unreachable) as caught:
        Systemd(manager.address).restart("a.service", 0.3)
    assert caught.value.reason is Reason.SYSTEMD_UNREACHABLE


def test_a_forged_signal_of_another_user_does_not_end_a_job(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(job_result="failed")
    manager.forge_from_elsewhere = True
    with pytest.raises(Failed):
        Systemd(manager.address).restart("a.service", 5)


def test_an_absent_unit_is_waited_for(manager: FakeManager) -> None:
    with pytest.raises(Waiting) as caught:
        Systemd(manager.address).restart("cockpit.socket", 5)
    assert caught.value.reason is Reason.UNIT_ABSENT


def test_a_masked_unit_is_a_failure(manager: FakeManager) -> None:
    manager.units["a.service"] = FakeUnit(load_state="masked", active_state="inactive")
    with pytest.raises(Failed) as caught:
        Systemd(manager.address).restart("a.service", 5)
    assert caught.value.reason is Reason.UNIT_MASKED


def test_a_bus_without_a_manager_is_unreachable(tmp_path: Path) -> None:
    with message_bus(tmp_path) as address, pytest.raises(Unreachable):
        Systemd(address).unit("a.service")


def test_no_bus_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        Systemd(f"unix:path={tmp_path}/none").daemon_reload(1)


def test_a_units_state_is_read(manager: FakeManager) -> None:
    manager.units["cockpit.socket"] = FakeUnit(
        sub_state="listening", listen=(("Stream", "[::]:9090"),), triggers=("cockpit.service",)
    )
    state = Systemd(manager.address).unit("cockpit.socket")
    assert (state.name, state.active, state.sub_state) == ("cockpit.socket", True, "listening")
    assert state.listen == ("[::]:9090",)
    assert state.triggers == ("cockpit.service",)


def test_an_unknown_unit_is_a_state_and_no_error(manager: FakeManager) -> None:
    assert Systemd(manager.address).unit("none.service").load_state == "not-found"


def test_active_socket_units_are_found_by_port(manager: FakeManager) -> None:
    manager.units["a.socket"] = FakeUnit(listen=(("Stream", "/run/90"), ("Stream", "127.0.0.1:90")))
    manager.units["b.socket"] = FakeUnit(listen=(("Stream", "[::]:9090"),))
    manager.units["c.socket"] = FakeUnit(active_state="inactive", listen=(("Stream", "90"),))
    manager.units["d.socket"] = FakeUnit(listen=(("Datagram", "[::]:90"),))
    assert Systemd(manager.address).socket_units_listening(90) == ("a.socket",)


def test_a_daemon_reload_returns_when_it_is_done(manager: FakeManager) -> None:
    Systemd(manager.address).daemon_reload(5)
    assert manager.calls == ["Reload"]


def test_threads_share_one_object(manager: FakeManager) -> None:
    names = [f"{number}.service" for number in range(8)]
    manager.units.update({name: FakeUnit() for name in names})
    systemd = Systemd(manager.address)
    threads = [threading.Thread(target=systemd.restart, args=(name, 5)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f"RestartUnit {name}" for name in names} <= set(manager.calls)
