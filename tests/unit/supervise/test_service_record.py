"""What is remembered of a service survives being written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.supervise.service_record import ServiceRecord, dump, load
from portreeve.supervise.status import ServiceState

times = st.floats(min_value=0, max_value=1e10)
records = st.builds(
    ServiceRecord,
    name=st.just("app"),
    restarts=st.lists(times, max_size=5).map(tuple),
    gave_up=st.none() | times,
    not_before=times,
    asked=st.booleans(),
    state=st.sampled_from(ServiceState),
    since=times,
)


@given(records)
def test_a_record_is_read_back_as_it_was_written(record: ServiceRecord) -> None:
    assert load("app", dump(record)) == record


@pytest.mark.parametrize("text", ["", "{}", "[]", "1", '{"restarts": 3}'])
def test_what_is_no_record_is_told(text: str) -> None:
    with pytest.raises(ValueError):
        load("app", text)


def test_a_reset_forgives_everything_and_asks_for_a_try() -> None:
    record = ServiceRecord("app", restarts=(1.0,), gave_up=2.0, not_before=3.0, state=ServiceState.FAILED)
    assert record.reset() == ServiceRecord("app", asked=True, state=ServiceState.FAILED)
