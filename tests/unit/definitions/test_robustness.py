"""Whatever stands in a file, loading ends with problems and never with an exception."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portreeve.definitions.fragments import Fragment
from portreeve.definitions.inputs import merge
from portreeve.definitions.model import ReconcileSettings
from portreeve.definitions.report import Report
from portreeve.definitions.schema import ServiceTable, SettingsTable, SyncTable, parse
from portreeve.definitions.service_definition import build_service
from portreeve.definitions.sync_definition import build_sync
from unit.definitions.folders import GOOD_SYNC, Host

WORDS = st.sampled_from(
    "description deadline sources values targets check apply verify a file container compose label volume"
    " mount path format max_size source key type default pattern min max choices template mode owner group"
    " timeout port_free command units restart reload listening tcp http url status insecure unit_active unit"
    " requires docker reconcile log workers keep level expr set inspect".split()
)
SCALARS = st.one_of(
    st.none().map(lambda _: "{{ a }"),
    st.integers(),
    st.booleans(),
    st.floats(),
    st.dates(),
    st.sampled_from(
        ["", "a", "/a.ini", "port", "enum", "ini", "1s", "{{ b }}", "docker", "sync:x", "x.service"]
    ),
    st.text(max_size=5),
)
TREES = st.dictionaries(
    WORDS,
    st.recursive(
        SCALARS,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=4)),
        max_leaves=12,
    ),
    max_size=5,
)
STEPS = st.lists(st.dictionaries(WORDS, SCALARS, max_size=3), max_size=3)
NAMED = st.dictionaries(WORDS, st.dictionaries(WORDS, SCALARS, max_size=6), max_size=3)
SYNCS = st.fixed_dictionaries(
    {},
    optional={"sources": NAMED, "values": NAMED}
    | dict.fromkeys(["targets", "check", "apply", "verify"], STEPS),
)


@given(st.one_of(TREES, SYNCS))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_content_is_taken_or_told(data: dict[str, Any]) -> None:
    inputs = merge([Fragment(Path("x.toml"))])
    inputs.data.update(data)
    report = Report(inputs)
    draft = build_sync("x", inputs, [], ReconcileSettings(), report)
    assert (draft.sync is None) == bool(report.problems)
    report = Report(inputs)
    assert (build_service("x", inputs, ["x"], report) is None) == bool(report.problems)
    for kind in (SyncTable, ServiceTable, SettingsTable):
        _, faults = parse(kind, data)
        assert len({fault.key for fault in faults}) == len(faults)


@pytest.mark.parametrize("cut", range(0, len(GOOD_SYNC), 7))
def test_a_file_that_is_being_written_is_taken_or_told(host: Host, cut: int) -> None:
    host.sync(GOOD_SYNC[:cut])
    found = host.load()
    assert bool(found.problems) == bool(found.broken)
