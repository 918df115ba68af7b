"""What is remembered of a container survives being written down, every field of it."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from portreeve.supervise.record import Record, Wanted, dump, load
from portreeve.supervise.state import ContainerState

times = st.floats(min_value=0, max_value=1e10)
counts = st.integers(min_value=0, max_value=99)
units = st.lists(st.sampled_from(["app.service", "web.service"]), unique=True).map(tuple)
FIELDS = {
    "name": st.just("db"),
    "wanted": st.none() | st.sampled_from(Wanted),
    "stopped_by_hand": st.none() | times,
    "restarts": st.lists(times, max_size=5).map(tuple),
    "failures": counts,
    "not_before": times,
    "gave_up": st.none() | times,
    "ready_since": st.none() | times,
    "state": st.sampled_from(ContainerState),
    "since": times,
    "container_id": st.text(),
    "restart_count": counts,
    "lost_units": units,
    "waiting_units": units,
    "unit_boot": st.text(),
    "unit_run": st.text(),
    "journal": st.text(),
}


@given(st.builds(Record, **FIELDS))
def test_a_record_is_read_back_as_it_was_written(record: Record) -> None:
    assert load(dump(record)) == record


def test_no_field_is_left_out() -> None:
    assert {field.name for field in fields(Record)} == set(FIELDS)
