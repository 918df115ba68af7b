"""The read model survives its way over the sockets."""

import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.board_agent import sync
from portreeve.control import codec
from portreeve.control.overview import Overview
from portreeve.errors import Failed
from portreeve.reconcile.status import (
    DockerStatus,
    FileDiff,
    GenerationInfo,
    Preview,
    SyncStatus,
    Trouble,
)
from portreeve.supervise.status import ContainerStatus, ServiceStatus

text = st.text(max_size=20)
seconds = st.floats(allow_nan=False, allow_infinity=False)
names = st.dictionaries(text, text, max_size=3)
troubles = st.none() | st.from_type(Trouble)
texts = st.lists(text, max_size=3).map(tuple)

statuses = st.builds(
    SyncStatus,
    name=text,
    since=seconds,
    trouble=troubles,
    next_try=st.none() | seconds,
    values=names,
    defaulted=texts,
    left_out=texts,
    generation=st.none() | st.integers(),
    targets=texts,
    sources=names,
)
containers = st.builds(
    ContainerStatus,
    name=text,
    since=seconds,
    started_at=st.none() | seconds,
    window=seconds,
    trouble=troubles,
    next_try=st.none() | seconds,
    waits_for=texts,
    log_tail=texts,
)
services = st.builds(
    ServiceStatus,
    name=text,
    since=seconds,
    window=seconds,
    requires=texts,
    trouble=troubles,
    next_try=st.none() | seconds,
)
overviews = st.builds(
    Overview,
    started=seconds,
    docker=st.builds(DockerStatus, since=seconds),
    syncs=st.lists(statuses, max_size=3).map(tuple),
    problems=st.lists(st.dictionaries(text, text | st.integers(), max_size=3), max_size=2).map(tuple),
    containers=st.lists(containers, max_size=2).map(tuple),
    services=st.lists(services, max_size=2).map(tuple),
    pressure=texts,
)
generations = st.builds(GenerationInfo, created=seconds, values=names, files=texts)
previews = st.builds(Preview, files=st.lists(st.builds(FileDiff), max_size=2).map(tuple), trouble=troubles)


def over_the_wire(value: object) -> Any:
    return json.loads(json.dumps(codec.to_json(value)))


@given(statuses)
def test_a_status_comes_back_as_it_was(status: SyncStatus) -> None:
    assert codec.sync_status(over_the_wire(status)) == status


@given(containers)
def test_a_container_comes_back_as_it_was(status: ContainerStatus) -> None:
    assert codec.container_status(over_the_wire(status)) == status


@given(services)
def test_a_service_comes_back_as_it_was(status: ServiceStatus) -> None:
    assert codec.service_status(over_the_wire(status)) == status


@given(overviews)
def test_an_overview_comes_back_as_it_was(overview: Overview) -> None:
    assert codec.overview(over_the_wire(overview)) == overview


@given(st.lists(generations, max_size=3).map(tuple))
def test_a_history_comes_back_as_it_was(history: tuple[GenerationInfo, ...]) -> None:
    assert codec.history({"generations": over_the_wire(history)}) == history


@given(previews)
def test_a_preview_comes_back_as_it_was(preview: Preview) -> None:
    assert codec.preview(over_the_wire(preview)) == preview


def test_a_read_only_mapping_can_be_told() -> None:
    status = sync("a", values=MappingProxyType({"port": "9000"}))
    assert over_the_wire(status)["values"] == {"port": "9000"}


def test_a_field_that_only_a_newer_agent_knows_is_passed_over() -> None:
    data = over_the_wire(sync("a")) | {"new": 1}
    assert codec.sync_status(data) == sync("a")


@pytest.mark.parametrize("change", [{"state": "sideways"}, {"values": 3}, {"trouble": "x"}])
def test_an_answer_of_another_version_is_told_as_such(change: dict[str, Any]) -> None:
    with pytest.raises(Failed) as caught:
        codec.sync_status(over_the_wire(sync("a")) | change)
    assert "systemctl restart portreeve" in caught.value.hint
