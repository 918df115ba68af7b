"""All containers that fit are listed as they are now, at the price of those that changed."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode
from portreeve.containers.connection import Docker
from portreeve.containers.listing import AT_ONCE, list_containers
from portreeve.definitions.locations import ContainerList
from portreeve.errors import DockerUnavailable, Reason

ANY = ContainerList(status="")


def names(docker: Docker, wanted: ContainerList = ANY) -> list[str]:
    return [each["name"] for each in list_containers(docker, wanted)]


def inspects(dockerd: FakeDockerd) -> int:
    return sum(path.endswith("/json") and "containers/json" not in path for path in dockerd.requests)


def test_they_come_in_the_order_of_their_names(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("b"), FakeContainer("c"), FakeContainer("a")]
    assert names(docker) == ["a", "b", "c"]


def test_none_is_an_answer(docker: Docker, dockerd: FakeDockerd) -> None:
    assert list_containers(docker, ANY) == ()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ContainerList(), ["front", "other"]),
        (ContainerList(status="exited"), ["old"]),
        (ContainerList(labels=("proxy",), status=""), ["front", "old"]),
        (ContainerList(labels=("proxy", "stage=live"), status=""), ["front"]),
        (ContainerList(network="shop", status=""), ["other"]),
    ],
)
def test_each_condition_narrows(
    docker: Docker, dockerd: FakeDockerd, wanted: ContainerList, expected: list[str]
) -> None:
    dockerd.containers = [
        FakeContainer("front", labels={"proxy": "a.example", "stage": "live"}),
        FakeContainer("old", labels={"proxy": "b.example", "stage": "test"}, status="exited"),
        FakeContainer("other", networks={"shop": "172.18.0.9"}),
    ]
    assert names(docker, wanted) == expected


def test_one_that_vanishes_in_between_is_left_out(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("a"), FakeContainer("b")]
    dockerd.vanish_before_inspect = {"a"}
    assert names(docker) == ["b"]


def test_what_did_not_change_is_not_inspected_again(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer(f"c{number:02}") for number in range(20)]
    first = list_containers(docker, ANY)
    assert inspects(dockerd) == 20
    dockerd.containers[3].networks = {"bridge": "172.17.0.77"}
    second = list_containers(docker, ANY)
    assert inspects(dockerd) == 21
    assert second[3]["networks"]["bridge"]["ip"] == "172.17.0.77"
    assert [*first[:3], *first[4:]] == [*second[:3], *second[4:]]


def restarted(container: FakeContainer) -> None:
    container.starts += 1


def paused(container: FakeContainer) -> None:
    container.status = "paused"


def renamed(container: FakeContainer) -> None:
    container.name = "new"


def unhealthy(container: FakeContainer) -> None:
    container.health = "unhealthy"


def connected(container: FakeContainer) -> None:
    container.networks["shop"] = "172.18.0.4"


@pytest.mark.parametrize("change", [restarted, paused, renamed, unhealthy, connected])
def test_every_change_is_seen(
    docker: Docker, dockerd: FakeDockerd, change: Callable[[FakeContainer], None]
) -> None:
    app = FakeContainer("app", health="healthy")
    dockerd.containers = [app]
    before: Mapping[str, Any] = list_containers(docker, ANY)[0]
    change(app)
    assert list_containers(docker, ANY)[0] != before
    assert list_containers(docker, ANY) == list_containers(Docker(docker.settings), ANY)


def test_what_changed_and_came_back_between_list_and_inspect_is_not_kept(
    docker: Docker, dockerd: FakeDockerd
) -> None:
    app = FakeContainer("app")
    dockerd.containers = [app]

    def pause_for_the_inspect(path: str) -> None:
        app.status = "running" if path.endswith("/containers/json") else "paused"

    dockerd.before_answer = pause_for_the_inspect
    assert list_containers(docker, ANY)[0]["status"] == "paused"
    dockerd.before_answer = str
    app.status = "running"
    assert list_containers(docker, ANY)[0]["status"] == "running"


def test_one_in_anothers_network_is_always_inspected_since_no_start_of_it_would_show(
    docker: Docker, dockerd: FakeDockerd
) -> None:
    app = FakeContainer("app", networks={})
    dockerd.containers = [app]
    before = list_containers(docker, ANY)[0]["started_at"]
    app.starts += 1
    assert list_containers(docker, ANY)[0]["started_at"] != before


def test_only_a_few_are_inspected_at_a_time(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer(f"c{number:02}") for number in range(12)]
    dockerd.inspect_seconds = 0.05
    assert len(names(docker)) == 12
    assert 1 < dockerd.most_inspecting <= AT_ONCE


def test_a_daemon_that_hangs_is_told_as_such_and_leaves_no_thread_behind(
    docker: Docker, dockerd: FakeDockerd
) -> None:
    dockerd.containers = [FakeContainer(f"c{number}") for number in range(9)]

    def hang_at_inspect(path: str) -> None:
        if path.endswith("/json") and not path.endswith("/containers/json"):
            dockerd.mode = Mode.HANG

    dockerd.before_answer = hang_at_inspect
    with pytest.raises(DockerUnavailable) as caught:
        list_containers(docker, ANY)
    assert caught.value.reason is Reason.DOCKER_HUNG
    dockerd.release()
