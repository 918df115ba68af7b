"""What a look at a sync means for its record."""

from dataclasses import replace

import pytest

from portreeve.errors import Failed, Reason, Waiting
from portreeve.reconcile import outcome
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import State

NEW = Record("s")
ABSENT = Waiting(Reason.CONTAINER_ABSENT, "container c is not there")
HELD_PORT = Failed(Reason.PORT_HELD, "port 9443 is taken", evidence="by python3 (pid 7)")


def test_what_is_not_there_yet_is_waited_for() -> None:
    record = outcome.out_of_step(NEW, ABSENT, now=10, deadline=60)
    assert (record.state, record.since, record.out_of_step_since) == (State.WAITING, 10, 10)


def test_a_deadline_names_the_state_and_the_waiting_goes_on() -> None:
    record = outcome.out_of_step(NEW, ABSENT, now=10, deadline=60)
    record = outcome.out_of_step(record, ABSENT, now=71, deadline=60)
    assert (record.state, record.attempts) == (State.OVERDUE, 2)


def test_a_failure_is_a_failure_at_once() -> None:
    assert outcome.out_of_step(NEW, HELD_PORT, now=10, deadline=60).state is State.FAILED


def test_since_tells_when_this_reason_began() -> None:
    record = outcome.out_of_step(NEW, ABSENT, now=10, deadline=60)
    record = outcome.out_of_step(record, ABSENT, now=20, deadline=60)
    assert record.since == 10
    record = outcome.out_of_step(record, HELD_PORT, now=30, deadline=60)
    assert record.since == 30


def test_in_step_forgets_the_tries() -> None:
    record = outcome.out_of_step(NEW, ABSENT, now=10, deadline=60)
    record = outcome.in_step(record, now=20)
    assert (record.state, record.attempts, record.trouble, record.out_of_step_since) == (
        State.IN_STEP,
        0,
        None,
        None,
    )


def test_rejected_content_is_tried_after_15_s_and_then_ever_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "REJECTED_JITTER", 0.0)
    error = Failed(Reason.VERIFY_FAILED, "nothing listens on 9443")
    record, waits = NEW, []
    for _ in range(8):
        record = outcome.rejected(record, "digest", error, now=100)
        assert record.next_try is not None
        waits.append(record.next_try - 100)
    assert waits == [15, 30, 60, 120, 240, 480, 600, 600]


def test_a_held_sync_says_how_to_let_it_go() -> None:
    record = outcome.held(replace(NEW, hold=3), now=5)
    assert record.state is State.HELD
    assert record.trouble is not None
    assert "portreeve sync s" in record.trouble.hint
