"""Which word the units of the host get of a container: lost, ready, or another than it was."""

from datetime import UTC, datetime

from fakes.dockerd import FakeDockerd
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.supervised import ManagedContainer, Probe, TcpConnects
from portreeve.reconcile.database import Database
from portreeve.supervise.followers import Followers
from portreeve.supervise.record import Record
from portreeve.supervise.state import ContainerState

from .house import START, House, has


class Units(Followers):
    """Notes what it is told, and moves nothing."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def lost(self, name: str, record: Record) -> Record:  # noqa: ARG002
        self.told.append("lost")
        return record

    def ready(self, name: str, record: Record) -> Record:  # noqa: ARG002
        self.told.append("ready")
        return record

    def renewed(self, name: str, record: Record) -> Record:  # noqa: ARG002
        self.told.append("renewed")
        return record


def test_units_follow_each_run_of_a_container_once(
    docker: Docker, database: Database, dockerd: FakeDockerd
) -> None:
    units = Units()
    house = House(docker, database, followers=units)
    app = has(dockerd)
    house.define(ManagedContainer("app", "", ContainerRef(name="app")))
    house.look(times=3)
    assert units.told == ["ready"]
    app.starts += 1
    house.look(times=3)
    assert units.told == ["ready", "renewed"], "it was away between two looks"


def test_a_new_agent_tells_units_of_a_run_that_it_did_not_see(
    docker: Docker, database: Database, dockerd: FakeDockerd
) -> None:
    app = has(dockerd)
    for times, told in ((1, ["ready"]), (2, ["ready"]), (3, ["renewed"])):
        if told == ["renewed"]:
            app.starts += 1
        units = Units()
        house = House(docker, database, followers=units)
        house.define(ManagedContainer("app", "", ContainerRef(name="app")))
        house.look(times=times)
        assert units.told == told


def test_a_new_agent_whose_first_probe_decides_nothing_takes_no_unit_down(
    docker: Docker, database: Database, dockerd: FakeDockerd
) -> None:
    has(dockerd, started_at=datetime.fromtimestamp(START - 1, UTC).isoformat())
    first = House(docker, database, followers=Units())
    first.define(ManagedContainer("app", "", ContainerRef(name="app")))
    first.look()
    units = Units()
    second = House(docker, database, followers=units)
    refused = Probe(TcpConnects("127.0.0.1:1"))
    second.define(ManagedContainer("app", "", ContainerRef(name="app"), ready=refused))
    assert second.look().state is ContainerState.STARTING
    assert units.told == []
