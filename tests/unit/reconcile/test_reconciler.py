"""A look at a sync: what stands, what is looked at, what stands then."""

from dataclasses import replace

import pytest

from fakes.systemd_manager import FakeUnit
from portreeve.definitions.steps import Command, Listening, Restart, Tcp, UnitActive
from portreeve.errors import Reason
from portreeve.reconcile.generations import BASELINE
from portreeve.reconcile.status import Stage, State, SyncStatus
from portreeve.systemd.messages import MessageId
from unit.reconcile.host import UNIT, Host


def reason(status: SyncStatus) -> Reason | None:
    return status.trouble.reason if status.trouble else None


def test_the_first_content_is_written_applied_and_verified(host: Host) -> None:
    host.choose(9000)
    status = host.look()
    assert (status.state, status.stage, status.generation) == (State.IN_STEP, Stage.VERIFIED, 1)
    assert host.target.read_text() == "listen 9000\n"
    assert host.restarts == 1
    assert host.outcomes == [(0, "baseline"), (1, "verified")]


def test_a_look_without_a_change_does_nothing(host: Host) -> None:
    host.bring_in_step(9000)
    before = host.target.stat()
    assert host.look().state is State.IN_STEP
    assert host.target.stat() == before
    assert host.restarts == 1


def test_a_changed_value_is_brought_in_step(host: Host) -> None:
    host.bring_in_step(9000)
    host.bring_in_step(9443)
    assert host.target.read_text() == "listen 9443\n"
    assert host.outcomes[1:] == [(1, "verified"), (2, "verified")]


def test_what_cannot_be_read_leaves_what_is_in_force(host: Host) -> None:
    host.bring_in_step(9000)
    host.source.unlink()
    status = host.look()
    assert (status.state, reason(status)) == (State.WAITING, Reason.FILE_ABSENT)
    assert host.target.read_text() == "listen 9000\n"


def test_waiting_longer_than_the_deadline_is_overdue_and_goes_on(host: Host) -> None:
    host.look()
    host.pass_time(61)
    assert host.look().state is State.OVERDUE
    host.bring_in_step(9000)


def test_what_a_check_refuses_is_not_written(host: Host) -> None:
    host.bring_in_step(9000)
    host.declare(replace(host.sync, check=(Command(("false",)),)))
    host.choose(9443)
    status = host.look()
    assert (status.state, reason(status)) == (State.FAILED, Reason.CHECK_FAILED)
    assert host.target.read_text() == "listen 9000\n"
    assert host.restarts == 1


def test_a_unit_that_does_not_come_up_gets_the_last_good_content_back(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.let_restarts_end("failed", "done")
    status = host.look()
    assert (status.state, reason(status)) == (State.FAILED, Reason.UNIT_JOB_FAILED)
    assert host.target.read_text() == "listen 9000\n"
    assert host.outcomes[1:] == [(1, "verified"), (2, "restored")]
    assert status.next_try is not None
    assert status.next_try >= host.now + 10


def test_rejected_content_is_not_tried_before_its_time_whatever_happens(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.let_restarts_end("failed", "done")
    host.look()
    restarts = host.restarts
    for _ in range(3):
        host.pass_time(3)
        status = host.look()
    assert (status.state, reason(status)) == (State.FAILED, Reason.UNIT_JOB_FAILED)
    assert host.restarts == restarts
    host.pass_time(6)
    assert host.look().state is State.IN_STEP
    assert host.target.read_text() == "listen 9443\n"


def test_rejected_content_is_tried_at_once_when_somebody_asks(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.let_restarts_end("failed", "done")
    host.look()
    host.reconciler.ask("app")
    assert host.look().state is State.IN_STEP


def test_other_content_does_not_wait_for_rejected_content(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.let_restarts_end("failed", "done")
    host.look()
    host.bring_in_step(9444)


def test_content_that_cannot_be_proved_is_taken_back(host: Host) -> None:
    host.bring_in_step(9000)
    host.declare(replace(host.sync, verify=(Listening("{{ 1 if port == 9443 else 2 }}", timeout=0.02),)))
    host.choose(9443)
    status = host.look()
    assert (status.state, reason(status)) == (State.FAILED, Reason.VERIFY_FAILED)
    assert host.target.read_text() == "listen 9000\n"


def test_the_first_content_ever_that_does_not_work_leaves_what_was_there_before(host: Host) -> None:
    host.target.write_text("by hand\n")
    host.choose(9000)
    host.let_restarts_end("failed", "done")
    status = host.look()
    assert (status.state, status.generation) == (State.FAILED, BASELINE)
    assert host.target.read_text() == "by hand\n"
    assert host.restarts == 2
    host.pass_time(15)
    assert host.look().state is State.IN_STEP


def test_a_file_that_was_not_there_before_is_not_there_after_a_first_content_that_failed(host: Host) -> None:
    host.choose(9000)
    host.let_restarts_end("failed", "done")
    host.look()
    assert not host.target.exists()


def test_a_tampered_file_is_written_again_and_made_effective(host: Host) -> None:
    host.bring_in_step(9000)
    host.target.write_text("tampered\n")
    assert host.look().state is State.IN_STEP
    assert host.target.read_text() == "listen 9000\n"
    assert host.restarts == 2


def test_a_unit_that_was_stopped_by_an_administrator_stays_stopped(host: Host) -> None:
    host.bring_in_step(9000)
    host.unit.active_state, host.unit.sub_state = "inactive", "dead"
    host.reconciler.ask("app")
    status = host.look()
    assert (status.state, reason(status)) == (State.WAITING, Reason.UNIT_STOPPED)
    assert host.restarts == 1
    host.unit.active_state = "active"
    assert host.look().state is State.IN_STEP


def test_a_unit_that_failed_meanwhile_is_started_again(host: Host) -> None:
    host.bring_in_step(9000)
    host.unit.active_state = "failed"
    host.pass_time(300)
    host.look()
    assert host.restarts == 2


def test_a_unit_whose_package_is_not_installed_is_waited_for_with_the_file_in_place(host: Host) -> None:
    del host.manager.units[UNIT]
    host.choose(9000)
    status = host.look()
    assert (status.state, status.stage, reason(status)) == (State.WAITING, Stage.WRITTEN, Reason.UNIT_ABSENT)
    host.manager.units[UNIT] = host.unit
    assert host.look().state is State.IN_STEP
    assert host.outcomes == [(0, "baseline"), (1, "verified")]


@pytest.mark.parametrize("load_state", ["not-found", "masked"])
def test_a_unit_is_not_restarted_again_while_another_one_is_waited_for(host: Host, load_state: str) -> None:
    later = host.manager.units["later.service"] = FakeUnit(load_state=load_state)
    host.sync = replace(host.sync, apply=(Restart(UNIT), Restart("later.service")))
    host.declare(host.sync)
    host.choose(9000)
    for _ in range(3):
        assert host.look().state is not State.IN_STEP
        host.pass_time(60)
    assert host.restarts == 1
    later.load_state = "loaded"
    assert host.look().state is State.IN_STEP
    assert host.restarts == 1


def test_a_unit_is_restarted_again_if_its_file_is_written_again_meanwhile(host: Host) -> None:
    host.manager.units["later.service"] = FakeUnit(load_state="not-found")
    host.sync = replace(host.sync, apply=(Restart(UNIT), Restart("later.service")))
    host.declare(host.sync)
    host.choose(9000)
    host.look()
    host.target.write_text("tampered\n")
    host.pass_time(60)
    host.look()
    assert host.restarts == 2


def test_drift_is_logged_with_what_differed(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    host.bring_in_step(9000)
    caplog.set_level("INFO")
    host.target.chmod(0o600)
    assert host.look().state is State.IN_STEP
    entries = [entry for entry in caplog.records if getattr(entry, "message_id", "") == MessageId.SYNC_DRIFT]
    assert [entry.getMessage() for entry in entries] == [
        (
            "app: generation 1 written again, the files differ from what was written "
            f"({host.target}: mode 0600 instead of 0644): {host.target}"
        )
    ]


def test_a_rollback_puts_the_generation_back_and_holds_it(host: Host) -> None:
    host.bring_in_step(9000)
    host.bring_in_step(9443)
    host.reconciler.hold("app", None)
    status = host.look()
    assert (status.state, status.generation) == (State.HELD, 1)
    assert host.target.read_text() == "listen 9000\n"
    host.choose(9444)
    assert host.look().state is State.HELD
    assert host.target.read_text() == "listen 9000\n"


def test_a_sync_that_somebody_asks_for_follows_its_sources_again(host: Host) -> None:
    host.bring_in_step(9000)
    host.reconciler.hold("app", BASELINE)
    assert host.look().state is State.HELD
    assert not host.target.exists()
    host.reconciler.ask("app")
    assert host.look().state is State.IN_STEP
    assert host.target.read_text() == "listen 9000\n"


def test_a_probe_by_itself_does_not_ask_over_the_network(host: Host) -> None:
    host.bring_in_step(9000)
    host.sync = replace(host.sync, verify=(UnitActive(UNIT), Tcp("127.0.0.1:1", timeout=0.02)))
    # A new agent, so that it is not the definition's change that asks.
    host.restart_agent()
    assert host.look().state is State.IN_STEP
    host.reconciler.ask("app")
    assert host.look().state is State.FAILED


def test_the_next_look_is_queued_for_the_next_try(host: Host) -> None:
    status = host.look()
    assert status.next_try is not None
    host.pass_time(status.next_try - host.now + 0.01)
    assert host.queue.take(0)[0] == "app"


def test_after_a_restart_the_values_in_force_are_told_although_the_source_is_away(host: Host) -> None:
    host.bring_in_step(9000)
    host.restart_agent()
    host.source.unlink()
    assert host.look().values == {"port": "9000"}
