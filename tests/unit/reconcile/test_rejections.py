"""Content that does not work, and good content that does not come back."""

from dataclasses import replace

import pytest

from portreeve.definitions.steps import Listening
from portreeve.errors import Failed, Reason
from portreeve.reconcile import outcome
from portreeve.reconcile.outcome import REJECTED_FIRST, REJECTED_MOST
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import Stage, State, SyncStatus
from unit.reconcile.host import Host


@pytest.fixture
def on_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "REJECTED_JITTER", 0.0)


def test_contents_that_failed_together_are_not_tried_again_together() -> None:
    """One action is done for all, so a good content would fail with a bad one each time."""
    failure = Failed(Reason.UNIT_JOB_FAILED, "reload did not succeed")
    tries = {outcome.rejected(Record("app"), "digest", failure, 0.0).next_try for _ in range(20)}
    assert len(tries) > 1
    assert all(each is not None and 10 < each <= REJECTED_FIRST for each in tries)


def test_all_files_of_rejected_content_are_taken_back_also_those_that_the_good_one_has_not(
    host: Host,
) -> None:
    host.bring_in_step(9000)
    extra = host.add_target("extra.conf", "extra {{ port }}\n")
    host.let_restarts_end("failed", "done")
    assert host.look().state is State.FAILED
    assert not extra.exists()
    assert host.target.read_text() == "listen 9000\n"


def test_the_good_content_is_proved_by_its_own_steps_while_other_content_is_rejected(host: Host) -> None:
    host.bring_in_step(9000)
    host.declare(replace(host.sync, verify=(Listening("{{ 1 if port == 9443 else 2 }}", timeout=0.02),)))
    host.choose(9443)
    host.look()
    restarts = host.restarts
    host.restart_agent()
    host.declare(replace(host.sync, verify=(Listening("1", timeout=0.02),)))
    status = host.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.VERIFY_FAILED
    assert host.restarts == restarts


def test_good_content_that_could_not_be_made_effective_again_is_not_in_step(host: Host) -> None:
    host.sync = replace(host.sync, verify=())
    host.declare(host.sync)
    host.bring_in_step(9000)
    host.target.write_text("tampered\n")
    host.let_restarts_end("failed", "done")
    assert host.look().state is State.FAILED
    restarts = host.restarts
    assert host.look().state is State.FAILED
    assert host.restarts == restarts
    host.pass_time(15)
    assert host.look().state is State.IN_STEP
    assert host.restarts == restarts + 1


@pytest.mark.usefixtures("on_time")
def test_good_content_that_does_not_come_back_either_makes_the_next_try_no_later(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.let_restarts_end("failed", "failed", "failed", "failed", "done")
    host.look()
    assert host.record.next_try == host.now + REJECTED_FIRST
    host.pass_time(REJECTED_FIRST)
    host.look()
    assert host.record.next_try == host.now + 2 * REJECTED_FIRST


@pytest.mark.usefixtures("on_time")
def test_good_content_that_does_not_come_back_is_tried_ever_more_rarely(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.let_restarts_end("failed")
    host.look()
    host.source.unlink()
    waits = []
    for _ in range(3):
        assert host.record.next_try is not None
        waits.append(host.record.next_try - host.now)
        host.pass_time(waits[-1])
        host.look()
    assert waits == [REJECTED_FIRST, 2 * REJECTED_FIRST, 4 * REJECTED_FIRST]


def test_good_content_that_did_not_come_back_is_tried_again_when_the_value_went_back(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.let_restarts_end("failed", "failed", "done")
    assert host.look().state is State.FAILED
    host.choose(9000)
    assert host.look().state is State.FAILED
    host.pass_time(REJECTED_MOST)
    restarts = host.restarts
    assert host.look().state is State.IN_STEP
    assert host.restarts == restarts + 1


def test_good_content_that_did_not_come_back_is_tried_again_while_its_source_is_away(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.let_restarts_end("failed", "failed", "done")
    host.look()
    host.source.unlink()
    restarts = host.restarts
    host.look()
    assert host.restarts == restarts
    host.pass_time(REJECTED_MOST)
    host.look()
    assert host.restarts == restarts + 1


def test_a_unit_that_crashes_until_systemd_gives_up_did_not_come_up(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.unit.result = "start-limit-hit"
    host.let_restarts_end("failed", "done")
    assert host.look().state is State.FAILED
    assert host.target.read_text() == "listen 9000\n"


def test_a_stopping_agent_rejects_nothing(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.cancelled.set()
    host.let_restarts_end("canceled", "done")
    host.look()
    assert host.record.rejected is None
    host.restart_agent()
    host.source.unlink()
    host.look()
    assert host.target.read_text() == "listen 9443\n"
    assert host.record.stage is Stage.VERIFIED


def test_a_proof_that_a_stopping_agent_did_not_see_is_given_after_its_start(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.cancelled.set()
    host.unit.active_state = "activating"
    host.sync = replace(host.sync, verify=(replace(host.sync.verify[0], timeout=30.0),))
    host.declare(host.sync)
    host.look()
    assert (host.record.rejected, host.record.stage) == (None, Stage.APPLIED)
    host.unit.active_state = "active"
    host.restart_agent()
    restarts = host.restarts
    assert host.look().state is State.IN_STEP
    assert host.restarts == restarts


def test_a_clock_that_was_set_back_does_not_delay_the_next_try(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.let_restarts_end("failed", "done")
    host.look()
    host.pass_time(14)
    host.pass_time(-8 * 3600)
    assert host.look().state is State.IN_STEP


def test_trying_again_and_again_does_not_push_good_generations_out_of_the_history(host: Host) -> None:
    host.bring_in_step(9000)
    host.bring_in_step(9001)
    host.choose(9443)
    host.unit.later_job_results = ["done", "failed"] * 30
    host.unit.job_result = "failed"
    for _ in range(15):
        host.look()
        host.pass_time(REJECTED_MOST)
    numbers = [number for number, outcome in host.outcomes if outcome == "verified"]
    assert numbers == [1, 2]


def test_another_proof_is_asked_for_at_once_although_the_last_one_failed(host: Host) -> None:
    host.bring_in_step(9000)
    good = host.sync
    host.declare(replace(good, verify=(Listening("1", timeout=0.02),)))
    assert host.look().state is State.FAILED
    restarts = host.restarts
    assert host.look().state is State.FAILED
    assert host.restarts == restarts, "not tried again before its time"
    host.declare(good)
    assert host.look().state is State.IN_STEP


def test_a_trouble_is_told_until_it_is_over(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[State] = []
    host.choose(9000)
    host.let_restarts_end("failed", "done")
    host.look()
    host.pass_time(REJECTED_MOST)
    post = host.board.post

    def note(status: SyncStatus) -> None:
        told.append(status.state)
        post(status)

    monkeypatch.setattr(host.board, "post", note)
    host.look()
    assert told == [State.IN_STEP]
