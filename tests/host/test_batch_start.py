"""A boot with many containers, on a host that has not the memory to start all of them at once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from host.batch import Batch, limit
from host.lab.errors import LabError
from host.lab.machine import Host
from host.lab.memory_limit import MemoryLimit
from host.lab.nspawn import Snapshot
from host.lab.run import Run

COUNT = 60 if os.environ.get("PORTREEVE_TEST_LONG") else 20
PARALLEL = 2

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def machine(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Host]:
    with Host(lab_run, installed_snapshot, "batch") as booted:
        yield booted


@pytest.fixture
def batch(machine: Host) -> Batch:
    batch = Batch(machine, COUNT)
    machine.write("/etc/portreeve/portreeve.toml", f"[containers]\nparallel_starts = {PARALLEL}\n")
    batch.create()
    return batch


def limited(host: Host) -> MemoryLimit:
    try:
        return MemoryLimit(host.name, limit(COUNT))
    except LabError as error:
        pytest.skip(str(error))


def test_all_come_up_two_at_a_time_and_none_is_killed(machine: Host, batch: Batch) -> None:
    last, first, second = batch.names[0], batch.names[-1], batch.names[-2]
    batch.define(after={last: second, second: first})
    with limited(machine) as memory:
        outcome = batch.start("portreeve")
        assert memory.killed == 0
    assert set(outcome.ready) == set(batch.names)
    assert outcome.serving == COUNT
    assert outcome.together == PARALLEL
    began, ready = batch.moments("began"), batch.moments("ready")
    assert ready[first] <= began[second] <= ready[second] <= began[last]
