"""Who waits for whom, by what was seen since Docker came, and not by what was told before."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.dockerd import FakeDockerd
from fakes.dockerd_world import FakeContainer
from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.containers.observed import Observed
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.supervised import HasExited, ManagedContainer, Probe
from portreeve.reconcile.board import Board, Changes
from portreeve.supervise.neighbours import Neighbours
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus

DB = ManagedContainer("db", "", ContainerRef("shop-db-1"), origin=(Path("db.toml"),))
MIGRATE = ManagedContainer(
    "migrate",
    "",
    ContainerRef(project="shop", service="migrate"),
    autostart=True,
    ready=Probe(HasExited(0)),
    origin=(Path("migrate.toml"),),
)
WEB = ManagedContainer("web", "", ContainerRef("web"), after=("db",), origin=(Path("web.toml"),))
DEFINITIONS = {each.name: each for each in (DB, MIGRATE, WEB)}
CAME = 100.0


@dataclass
class Room:
    """Neighbours on a board of their own; Docker came up at ``docker_since``."""

    docker: Docker
    docker_since: float = CAME

    def __post_init__(self) -> None:
        self.board = Board[ContainerStatus](Changes())
        clock = Clock(wall=lambda: CAME + 50)
        self.neighbours = Neighbours(self.docker, self.board, lambda: self.docker_since, clock)
        self.neighbours.define(DEFINITIONS)

    def tell(self, name: str, state: ContainerState, at: float, **more: object) -> tuple[str, ...]:
        status = ContainerStatus(name, state=state, evidence="seen", runs=1, **more)  # type: ignore[arg-type]
        self.board.post(status)
        return self.neighbours.looked(name, at)

    def web_waits_for(self, depends_on: str = "", **more: object) -> list[tuple[str, str, bool]]:
        labels = {"com.docker.compose.project": "shop", "com.docker.compose.depends_on": depends_on}
        seen = Observed("1" * 64, "web", "image", "exited", labels=labels)
        missing = self.neighbours.unmet(WEB, seen, **more)  # type: ignore[arg-type]
        return [(each.name, each.what, each.declared) for each in missing]


@pytest.fixture
def room(docker: Docker) -> Room:
    return Room(docker)


def test_what_was_told_before_docker_came_does_not_count(room: Room) -> None:
    room.tell("db", ContainerState.READY, CAME - 1)
    assert room.web_waits_for() == [("db", "db was not looked at since Docker came up", True)]
    assert room.tell("db", ContainerState.READY, CAME + 1) == ("web",), "it waited for this"
    assert room.web_waits_for() == []
    assert room.tell("db", ContainerState.READY, CAME + 2) == ()


def test_what_is_ready_waits_for_nothing_and_is_still_known_to_come_later(room: Room) -> None:
    assert room.web_waits_for(ready=True) == []
    assert room.neighbours.waiting_for("db") == ("web",)


def test_a_one_shot_of_a_boot_before_is_not_done_though_docker_says_that_it_ended_well(room: Room) -> None:
    room.tell("db", ContainerState.READY, CAME)
    ended = {"docker_status": "exited", "exit_code": 0}
    room.tell("migrate", ContainerState.EXITED, CAME, **ended)
    wanted = "migrate:service_completed_successfully:false"
    assert room.web_waits_for(wanted) == [("migrate", "migrate is exited: seen", True)]
    room.tell("migrate", ContainerState.READY, CAME, **ended)
    assert room.web_waits_for(wanted) == []


def test_a_definition_is_known_again_by_what_docker_says_before_it_was_ever_looked_at(
    room: Room, dockerd: FakeDockerd
) -> None:
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "db"}
    dockerd.containers = [FakeContainer("shop-db-1", labels=labels)]
    room.tell("db", ContainerState.UNKNOWN, 0.0)
    # By `after` of web, and by its label.
    assert (
        room.web_waits_for("db:service_started:false")
        == [("db", "db was not looked at since Docker came up", True)] * 2
    )


def test_who_has_no_definition_is_looked_at(room: Room, dockerd: FakeDockerd) -> None:
    room.tell("db", ContainerState.READY, CAME)
    (waits,) = room.web_waits_for("cache:service_healthy:false")
    assert waits[0] == "shop-cache"
    assert waits[1].startswith("shop-cache is absent: ")
    assert not waits[2]


def test_those_who_wait_for_each_other_are_named(room: Room) -> None:
    labels = {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "migrate",
        "com.docker.compose.depends_on": "web",
    }
    web = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
    room.neighbours.unmet(WEB, Observed("1" * 64, "web", "image", "exited", labels=web))
    room.neighbours.unmet(MIGRATE, Observed("2" * 64, "m", "image", "exited", labels=labels))
    seen = Observed(
        "1" * 64, "web", "image", "exited", labels={**web, "com.docker.compose.depends_on": "migrate"}
    )
    (circular,) = room.neighbours.unmet(WEB, seen)
    assert circular.what == "they wait for each other: web → migrate → web"
    assert circular.hopeless
    assert circular.circular
