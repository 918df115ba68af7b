"""Whatever stands in a file, loading ends with problems and never with an exception."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portreeve.definitions.container_definition import build_managed
from portreeve.definitions.discovery import discover
from portreeve.definitions.fragments import Fragment
from portreeve.definitions.inputs import merge
from portreeve.definitions.report import Report
from portreeve.definitions.schema import Table, parse
from portreeve.definitions.service_definition import build_service
from portreeve.definitions.settings import ReconcileSettings
from portreeve.definitions.settings_tables import SettingsTable
from portreeve.definitions.supervised_tables import (
    HostProbeTable,
    ManagedTable,
    ReadyTable,
    RestartTable,
    ServiceTable,
)
from portreeve.definitions.sync_definition import build_sync
from portreeve.definitions.tables import (
    ApplyTable,
    CheckTable,
    ComposeTable,
    HttpTable,
    SourceTable,
    SyncTable,
    TargetTable,
    ValueTable,
    VerifyTable,
)
from unit.definitions.folders import GOOD_SYNC, Host

TABLES: list[type[Table]] = [
    SourceTable,
    ValueTable,
    TargetTable,
    CheckTable,
    ApplyTable,
    VerifyTable,
    HttpTable,
    ComposeTable,
    SyncTable,
    ServiceTable,
    SettingsTable,
    ManagedTable,
    ReadyTable,
    HostProbeTable,
    RestartTable,
]
WORDS = st.sampled_from(
    sorted({"a", *(word for table in TABLES for word in (*table.model_fields, *table.unbuilt))})
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
    assert (build_service("x", inputs, ["x"], ["x"], report) is None) == bool(report.problems)
    report = Report(inputs)
    assert (build_managed("x", inputs, report) is None) == bool(report.problems)
    for kind in (SyncTable, ServiceTable, ManagedTable, SettingsTable):
        _, faults = parse(kind, data)
        assert len({fault.key for fault in faults}) == len(faults)


@pytest.mark.parametrize("cut", range(0, len(GOOD_SYNC), 7))
def test_a_file_that_is_being_written_is_taken_or_told(host: Host, cut: int) -> None:
    host.sync(GOOD_SYNC[:cut])
    found = host.load()
    assert bool(found.problems) == bool(found.broken)


@pytest.mark.parametrize(
    "text",
    [
        f"a = {'[' * 5000}{']' * 5000}",
        f"a = {'9' * 5000}",
        f'deadline = "{"9" * 5000}s"',
        f'[sources.a]\nfile = "/a.ini"\nmax_size = "{"9" * 5000}"',
        f"[values]\na = {{ type = 'int', min = {'9' * 400} }}",
        f'[[check]]\nport_free = "{"9" * 5000}"',
        f'[[targets]]\npath = "/a"\ntemplate = "{"a" * 5000}"',
        f'[[verify]]\ntcp = "{"{{" + "(" * 5000}"',
        '[[targets]]\npath = "/a\\u0000"\ntemplate = "a\\u0000"',
    ],
    ids=["nesting", "number", "duration", "size", "limit", "port", "name", "template", "nul"],
)
def test_monstrous_content_is_told(host: Host, text: str) -> None:
    host.sync(text)
    assert host.load().broken


def test_a_link_to_itself_is_told(host: Host) -> None:
    file = host.sync(GOOD_SYNC)
    file.unlink()
    file.symlink_to(file.name)
    assert host.load().broken


def test_folders_that_may_not_be_read_are_told(host: Host) -> None:
    host.sync(GOOD_SYNC)
    (host.etc / "syncs.d").chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        problems = discover(host.paths.search).problems
    finally:
        os.seteuid(user)
        (host.etc / "syncs.d").chmod(0o700)
    assert host.etc / "syncs.d" in {problem.file for problem in problems}
    assert {problem.message for problem in problems} == {"the folder cannot be read: permission denied"}
