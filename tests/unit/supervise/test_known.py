"""Which container a name means, and which are looked after."""

from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import COMPOSE_PROJECT, COMPOSE_SERVICE, ContainerRef
from portreeve.definitions.supervised import ManagedContainer
from portreeve.errors import Refused
from portreeve.supervise.known import MOST_WATCHED, KnownContainers

ORIGIN = (Path("/etc/portreeve/containers.d/db.toml"),)
DB = ManagedContainer("db", "", ContainerRef(name="shop-db-1"), origin=ORIGIN)
CACHE = ManagedContainer("cache", "", ContainerRef(project="shop", service="cache"), origin=ORIGIN)


@pytest.fixture
def known(docker: Docker) -> KnownContainers:
    return KnownContainers(docker)


@pytest.mark.parametrize(
    ("called", "name"), [("db", "db"), ("shop-db-1", "db"), ("shop-cache", "cache"), ("other", None)]
)
def test_a_definition_is_meant_by_its_name_or_its_containers(
    known: KnownContainers, called: str, name: str | None
) -> None:
    known.declare({"db": DB, "cache": CACHE})
    assert known.name_of(called) == name


def test_what_nobody_declared_is_watched_by_its_name(known: KnownContainers, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("web")]
    known.watch("web")
    assert known.all()["web"].container == ContainerRef(name="web")
    assert not known.all()["web"].declared


def test_a_compose_service_is_found_by_its_project_and_name(
    known: KnownContainers, dockerd: FakeDockerd
) -> None:
    labels = {COMPOSE_PROJECT: "shop-two", COMPOSE_SERVICE: "db"}
    dockerd.containers = [FakeContainer("shop-two-db-1", labels=labels)]
    known.watch("shop-two-db")
    assert known.find("shop-two-db")
    assert known.all()["shop-two-db"].container == ContainerRef(project="shop-two", service="db")


def test_a_container_of_that_very_name_comes_first(known: KnownContainers, dockerd: FakeDockerd) -> None:
    labels = {COMPOSE_PROJECT: "shop", COMPOSE_SERVICE: "db"}
    dockerd.containers = [FakeContainer("x", labels=labels), FakeContainer("shop-db")]
    known.watch("shop-db")
    assert not known.find("shop-db")
    assert known.all()["shop-db"].container == ContainerRef(name="shop-db")


def test_a_service_asked_for_before_docker_answers_is_found_when_it_does(
    known: KnownContainers, docker: Docker, dockerd: FakeDockerd
) -> None:
    dockerd.mode = Mode.ERROR
    known.watch("shop-db")
    assert not known.find("shop-db")
    assert known.all()["shop-db"].container == ContainerRef(name="shop-db")
    dockerd.mode = Mode.OK
    dockerd.containers = [FakeContainer("shop-db-1", labels={COMPOSE_PROJECT: "shop", COMPOSE_SERVICE: "db"})]
    docker.require_up(now=True)
    assert known.find("shop-db")
    assert known.all()["shop-db"].container == ContainerRef(project="shop", service="db")


def test_whatever_a_watched_name_may_come_to_stand_for_is_listened_to(known: KnownContainers) -> None:
    known.watch("shop-two-db")
    assert known.may_be("shop-two-db") == (
        ContainerRef(name="shop-two-db"),
        ContainerRef(project="shop", service="two-db"),
        ContainerRef(project="shop-two", service="db"),
    )
    known.declare({"db": DB})
    assert known.may_be("db") == ()


def test_what_does_not_exist_makes_room_for_what_is_asked_for(known: KnownContainers) -> None:
    for number in range(MOST_WATCHED):
        known.watch(f"c{number}")
    assert known.watch("one-more", lambda name: name == "c7") == "c7"
    assert "one-more" in known.all()
    assert "c7" not in known.all()


def test_what_was_watched_and_is_declared_now_is_the_definitions(
    known: KnownContainers, dockerd: FakeDockerd
) -> None:
    dockerd.containers = [FakeContainer("shop-db-1")]
    known.watch("shop-db-1")
    known.declare({"db": DB})
    assert list(known.all()) == ["db"]
    assert known.name_of("shop-db-1") == "db"


def test_nobody_can_have_everything_watched(known: KnownContainers) -> None:
    for number in range(MOST_WATCHED):
        known.watch(f"c{number}")
    with pytest.raises(Refused, match="cannot be watched"):
        known.watch("one-more")
