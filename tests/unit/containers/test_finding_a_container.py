"""A container is found by name, compose service or label, in any state, and never a wrong one."""

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode, bind, volume
from portreeve.containers.connection import Docker
from portreeve.containers.model import Mount
from portreeve.definitions.locations import ContainerRef
from portreeve.errors import DockerUnavailable, Reason, Waiting

COMPOSE = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
WEB = ContainerRef(project="shop", service="web")


def not_found(docker: Docker, ref: ContainerRef) -> Waiting:
    with pytest.raises(Waiting) as caught:
        docker.find(ref)
    return caught.value


def test_by_name_with_all_that_inspect_says(docker: Docker, dockerd: FakeDockerd) -> None:
    app = FakeContainer(
        "app", labels={"a": "1"}, mounts=[volume("data", "/v/_data", "/data"), bind("/h", "/c")]
    )
    dockerd.containers = [FakeContainer("my-app"), FakeContainer("app-2"), app]
    found = docker.find(ContainerRef(name="app"))
    assert (found.id, found.name, found.status, found.pid) == (app.id, "app", "running", 4242)
    assert found.labels == {"a": "1"}
    assert found.mounts == (
        Mount("volume", "/v/_data", "/data", "data", "local"),
        Mount("bind", "/h", "/c"),
    )


@pytest.mark.parametrize("status", ["created", "exited", "paused", "restarting", "dead"])
def test_in_every_state(docker: Docker, dockerd: FakeDockerd, status: str) -> None:
    dockerd.containers = [FakeContainer("app", status=status)]
    assert docker.find(ContainerRef(name="app")).status == status


def test_a_name_is_not_taken_for_the_beginning_of_an_id(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("other", id="cafe" * 16)]
    assert not_found(docker, ContainerRef(name="cafe")).reason is Reason.CONTAINER_ABSENT


def test_a_dot_in_a_name_is_a_dot(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("a-b"), FakeContainer("a.b")]
    assert docker.find(ContainerRef(name="a.b")).name == "a.b"


def test_by_compose_project_and_service(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [
        FakeContainer("blog-web-1", labels={**COMPOSE, "com.docker.compose.project": "blog"}),
        FakeContainer("shop-web-1", labels=COMPOSE),
    ]
    assert docker.find(WEB).name == "shop-web-1"


def test_what_compose_run_made_is_not_the_service(docker: Docker, dockerd: FakeDockerd) -> None:
    one_off = {**COMPOSE, "com.docker.compose.oneoff": "True"}
    dockerd.containers = [FakeContainer("shop-web-run-1", labels=one_off)]
    assert not_found(docker, WEB).reason is Reason.CONTAINER_ABSENT


@pytest.mark.parametrize("label", ["role", "role=front"])
def test_by_label(docker: Docker, dockerd: FakeDockerd, label: str) -> None:
    dockerd.containers = [
        FakeContainer("a", labels={"rolex": "front"}),
        FakeContainer("b", labels={"role": "front"}),
    ]
    assert docker.find(ContainerRef(label=label)).name == "b"


def test_of_several_the_only_one_that_runs_is_meant(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [
        FakeContainer("old", status="exited", labels=COMPOSE),
        FakeContainer("new", labels=COMPOSE),
    ]
    assert docker.find(WEB).name == "new"


@pytest.mark.parametrize("status", ["running", "exited"])
def test_several_that_could_be_meant_are_named(docker: Docker, dockerd: FakeDockerd, status: str) -> None:
    dockerd.containers = [FakeContainer(name, status=status, labels=COMPOSE) for name in ("two", "one")]
    error = not_found(docker, WEB)
    assert error.reason is Reason.CONTAINER_AMBIGUOUS
    assert error.evidence.startswith("one, two; ")


def test_none_is_absent(docker: Docker, dockerd: FakeDockerd) -> None:
    error = not_found(docker, WEB)
    assert error.reason is Reason.CONTAINER_ABSENT
    assert "compose shop/web" in error.what


def test_one_that_is_removed_before_it_is_inspected_is_absent(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("app")]
    dockerd.vanish_before_inspect = {"app"}
    error = not_found(docker, ContainerRef(name="app"))
    assert error.reason is Reason.CONTAINER_ABSENT
    assert "was removed in the middle of a look" in error.evidence


def test_one_whose_lock_docker_holds_does_not_make_docker_hung_for_others(
    docker: Docker, dockerd: FakeDockerd
) -> None:
    dockerd.containers = [FakeContainer("app"), FakeContainer("other")]
    app = dockerd.containers[0].id
    dockerd.before_answer = lambda path: path.endswith(f"{app}/json") and dockerd.released.wait(20)
    with pytest.raises(Waiting) as caught:
        docker.find(ContainerRef(name="app"))
    assert caught.value.reason is Reason.CONTAINER_BUSY
    assert "no answer about container app within 1 s" in caught.value.evidence
    assert docker.find(ContainerRef(name="other")).name == "other"


def test_an_error_about_a_container_is_an_error(docker: Docker, dockerd: FakeDockerd) -> None:
    docker.require_up()
    dockerd.mode = Mode.ERROR
    with pytest.raises(DockerUnavailable) as caught:
        docker.find(ContainerRef(name="app"))
    assert caught.value.reason is Reason.DOCKER_ERROR


def test_a_version_refused_only_later_is_named(docker: Docker, dockerd: FakeDockerd) -> None:
    docker.require_up()
    dockerd.mode = Mode.REFUSE_VERSION
    with pytest.raises(DockerUnavailable) as caught:
        docker.find(ContainerRef(name="app"))
    assert caught.value.reason is Reason.DOCKER_VERSION_REFUSED


@pytest.mark.parametrize("id_", [None, 7])
def test_an_answer_of_another_shape_is_an_error(docker: Docker, dockerd: FakeDockerd, id_: object) -> None:
    app = FakeContainer("app")
    app.id = id_  # type: ignore[assignment]
    dockerd.containers = [app]
    with pytest.raises(DockerUnavailable) as caught:
        docker.find(ContainerRef(name="app"))
    assert caught.value.reason is Reason.DOCKER_ERROR
