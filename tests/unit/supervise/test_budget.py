from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.definitions.supervised import Budget
from portreeve.supervise.budget import after_restart, backoff_delay, counted, earned_back, spent, trimmed
from portreeve.supervise.record import Record, Wanted, dump, load

BUDGET = Budget(3, 100.0, (1.0, 60.0))


@given(st.lists(st.tuples(st.floats(0.0, 60.0), st.booleans()), max_size=60))
def test_there_are_never_more_restarts_in_any_window_than_the_budget_has(
    rests: list[tuple[float, bool]],
) -> None:
    now, record, done = 0.0, Record("db"), list[float]()
    for rest, ready in rests:
        record = trimmed(replace(record, ready_since=now if ready else None), BUDGET, now)
        now += rest
        if not spent(record, BUDGET, now):
            record = load(dump(after_restart(record, BUDGET, now)))
            done.append(now)
    for begin in done:
        assert sum(begin <= at < begin + BUDGET.window for at in done) <= BUDGET.max


@given(st.lists(st.floats(0.0, 1e6), max_size=20))
def test_what_is_never_ready_is_given_up_however_slowly_it_fails(rests: list[float]) -> None:
    now, record, done = 0.0, Record("db"), 0
    for rest in rests:
        now += rest
        if not spent(trimmed(record, BUDGET, now), BUDGET, now):
            record, done = load(dump(after_restart(record, BUDGET, now))), done + 1
    assert done == min(len(rests), BUDGET.max)


def test_ready_time_makes_restarts_old() -> None:
    record = Record("db", restarts=(1.0, 2.0, 3.0))
    assert counted(record, BUDGET, 500.0) == 3
    assert counted(replace(record, ready_since=102.5), BUDGET, 102.5) == 1


def test_times_that_are_still_to_come_count_as_now() -> None:
    record = after_restart(Record("db", restarts=(9e9,)), BUDGET, 50.0)
    assert record.restarts == (50.0, 50.0)
    assert counted(replace(record, ready_since=60.0), BUDGET, 150.0) == 0


@given(st.integers(0, 5000), st.floats(0.0, 0.999))
def test_backoff_grows_to_its_most_and_no_further(failures: int, drawn: float) -> None:
    assert 0.5 <= backoff_delay(failures, BUDGET, lambda: drawn) <= 60.0


def test_healthy_time_earns_it_back() -> None:
    record = Record("db", failures=4, gave_up=5.0, ready_since=10.0)
    assert earned_back(record, BUDGET, 69.0) == record
    assert earned_back(record, BUDGET, 70.0).gave_up is None


def test_a_record_is_the_same_after_it_was_stored() -> None:
    record = Record("db", Wanted.DOWN, 3.0, (1.0, 2.0), 2, 4.0, 5.0, lost_units=("a.service",), journal="{}")
    assert load(dump(record)) == record


DAMAGED = [
    *("", "[]", "{}", '{"name": 1}', '{"name": "db", "wanted": "sideways"}'),
    *('{"name": "db", "restarts": [NaN]}', '{"name": "db", "failures": "x"}', '{"name": "db", "since": "x"}'),
]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_record_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load(text)
