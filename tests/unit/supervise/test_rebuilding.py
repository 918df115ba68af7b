"""A recreation that was cut off comes to an end, whatever is left of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd
from fakes.dockerd_act import says
from portreeve.containers.connection import Docker
from portreeve.containers.recreate_journal import Journal, Phase
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.supervised import ManagedContainer
from portreeve.reconcile.database import Database
from portreeve.reconcile.seal import Seal
from portreeve.reconcile.workers import Pulse
from portreeve.supervise.rebuilding import Rebuilding
from portreeve.supervise.record import Record
from portreeve.supervise.records import Records
from portreeve.supervise.remaking import Remaking
from portreeve.supervise.state import ContainerState, Truth
from portreeve.supervise.store import SupervisedStore

APP = ManagedContainer("app", "", ContainerRef(name="app"), origin=(Path("/app.toml"),))
OLD = "a" * 64


def stands(phase: Phase) -> Record:
    return Record("app", journal=Journal("app", OLD, phase, {"Name": "no"}, True).text())


@pytest.fixture
def rebuilding(docker: Docker, tmp_path: Path) -> Iterator[Rebuilding]:
    database = Database(tmp_path / "state.db")
    store = SupervisedStore(database, Seal(tmp_path / "secrets.key"))
    yield Rebuilding(docker, Pulse(), Records(store), Remaking(docker, store))
    database.close()


def test_one_whose_containers_somebody_removed_is_over_and_told_once(
    rebuilding: Rebuilding, caplog: pytest.LogCaptureFixture
) -> None:
    record = rebuilding.resume(APP, stands(Phase.AWAITING))
    assert record.journal == ""
    assert rebuilding.resume(APP, record) == record
    told = [each.message for each in caplog.records if "somebody removed it" in each.message]
    assert len(told) == 1


def test_one_whose_old_container_cannot_be_started_is_over(
    rebuilding: Rebuilding, dockerd: FakeDockerd
) -> None:
    dockerd.containers = [FakeContainer("app", id=OLD, status="exited")]
    dockerd.scripts["start"] = [says(500, "port is already allocated")] * 2
    absent = Truth(ContainerState.ABSENT, "gone", 0.0)
    record, plan = rebuilding.go_on(APP, absent, stands(Phase.STOPPING))
    assert (record.journal, plan) == ("", None)
    assert rebuilding.resume(APP, stands(Phase.STOPPING)).journal == ""
