"""Whatever Docker tells of a container, or the state file: read, or refused as is meant."""

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.dockerd import FakeContainer, bind, volume
from fakes.dockerd_handler import inspected
from fuzz.supervised import MEANT, read_text
from portreeve.containers.observe import parse
from portreeve.containers.recreate_journal import Journal, Phase
from portreeve.containers.view import ALL, LONGEST
from portreeve.supervise import record, service_record
from portreeve.supervise.record import Record
from portreeve.supervise.service_record import ServiceRecord

EXAMPLES = 2000 if os.environ.get("PORTREEVE_TEST_LONG") else 100


def answer() -> dict[str, Any]:
    """What inspect says of a container of compose's."""
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.depends_on": "db:x:true"}
    mounts = [volume("v", "/var/lib/v", "/v"), bind("/h", "/b")]
    told = inspected(FakeContainer("app", labels=labels, mounts=mounts, env=["A=1"], health="healthy"))
    return {**told, "Config": {**told["Config"], "Healthcheck": {"Test": ["CMD", "true"]}, "StopTimeout": 3}}


GOOD: dict[str, str] = {
    "observe": json.dumps(answer()),
    "rebuild": json.dumps(answer()),
    "record": record.dump(Record("app", restarts=(1.0,), lost_units=("a.service",), journal="{}")),
    "service-record": service_record.dump(ServiceRecord("app", restarts=(1.0,))),
    "alerts": '{"docker": {"kind": "restored", "sent": [], "held": null, "flapped": 0}}',
    "recipe": json.dumps(
        {"form": 1, "name": "app", "old": "a", "image_id": "b", "body": {}, "networks": {"bridge": {}}}
    ),
    "journal": Journal("app", "a" * 64, Phase.CREATING, {"Name": "no"}, True).text(),
}

words = st.sampled_from(
    [
        "",
        "a,b,c",
        "a:b:c",
        "0001-01-01T00:00:00Z",
        "2026-11-22T09:00:00.123456789Z",
        "container:x",
        "9" * 5000,
        "-1",
    ]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | words
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def changed(data: Any, draw: st.DataObject) -> Any:
    """The same with something else in one place of it."""
    if isinstance(data, dict) and data and draw.draw(st.integers(0, 5)):
        key = draw.draw(st.sampled_from(sorted(data)))
        if not draw.draw(st.integers(0, 5)):
            return {name: value for name, value in data.items() if name != key}
        return {**data, key: changed(data[key], draw)}
    if isinstance(data, list) and data and draw.draw(st.integers(0, 5)):
        return [changed(data[0], draw), *data[1:]]
    return draw.draw(anything)


@pytest.mark.parametrize("parser", MEANT)
def test_what_is_well_is_read(parser: str) -> None:
    assert read_text(parser, GOOD[parser])


@pytest.mark.parametrize("parser", MEANT)
@settings(deadline=None, max_examples=EXAMPLES)
@given(st.data())
def test_what_was_changed_anywhere_is_read_or_refused_as_is_meant(parser: str, data: st.DataObject) -> None:
    found = json.loads(GOOD[parser])
    for _ in range(data.draw(st.integers(1, 3))):
        found = changed(found, data)
    read_text(parser, json.dumps(found))


@pytest.mark.parametrize("parser", [each for each in MEANT if each not in ("observe", "rebuild")])
@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\0", "null", '"x"', "NaN", "1e999", "{}"])
def test_what_is_no_json_of_that_form_is_refused(parser: str, text: str) -> None:
    assert not read_text(parser, text) or (parser, text) in {("alerts", ""), ("alerts", "{}")}


def test_labels_and_variables_are_bounded_in_their_sum() -> None:
    told = answer()
    told["Config"]["Labels"] = {f"{number:04}": "x" * LONGEST for number in range(200)}
    told["Config"]["Env"] = [f"{number:04}={'x' * LONGEST}" for number in range(200)]
    seen = parse(told)
    for found in (seen.labels, seen.view["env"]):
        assert ALL - 2 * LONGEST < sum(len(key) + len(value) for key, value in found.items()) <= ALL
        assert sorted(found) == [f"{number:04}" for number in range(len(found))]
