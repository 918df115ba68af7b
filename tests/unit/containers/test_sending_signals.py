"""A signal reaches a container that runs, and any other is waited for by name."""

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd
from portreeve.containers.connection import Docker
from portreeve.containers.signal import send_to_container
from portreeve.definitions.locations import ContainerRef
from portreeve.errors import DockerUnavailable, Reason, Waiting


def test_a_signal_is_sent(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("proxy")]
    send_to_container(docker, docker.find(ContainerRef(name="proxy")), "HUP")
    assert dockerd.signals == [("proxy", "HUP")]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("paused", Reason.CONTAINER_PAUSED),
        ("restarting", Reason.CONTAINER_RESTARTING),
        ("exited", Reason.CONTAINER_NOT_RUNNING),
    ],
)
def test_a_container_that_does_not_run_is_not_sent_one_although_docker_would_take_it(
    docker: Docker, dockerd: FakeDockerd, status: str, reason: Reason
) -> None:
    dockerd.containers = [FakeContainer("proxy", status=status)]
    with pytest.raises(Waiting) as caught:
        send_to_container(docker, docker.find(ContainerRef(name="proxy")), "HUP")
    assert caught.value.reason is reason
    assert dockerd.signals == []


def test_a_container_that_ends_in_between_does_not_run(docker: Docker, dockerd: FakeDockerd) -> None:
    proxy = FakeContainer("proxy")
    dockerd.containers = [proxy]
    seen = docker.find(ContainerRef(name="proxy"))
    proxy.status = "exited"
    with pytest.raises(Waiting) as caught:
        send_to_container(docker, seen, "HUP")
    assert caught.value.reason is Reason.CONTAINER_NOT_RUNNING
    assert "Cannot kill container" in caught.value.evidence


def test_a_container_that_is_removed_in_between_is_absent(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("proxy")]
    seen = docker.find(ContainerRef(name="proxy"))
    dockerd.containers.clear()
    with pytest.raises(Waiting) as caught:
        send_to_container(docker, seen, "HUP")
    assert caught.value.reason is Reason.CONTAINER_ABSENT


def test_a_signal_that_docker_does_not_know_is_dockers_error(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("proxy")]
    seen = docker.find(ContainerRef(name="proxy"))
    dockerd.refuse_next = (400, "Invalid signal: HOP")
    with pytest.raises(DockerUnavailable) as caught:
        send_to_container(docker, seen, "HOP")
    assert "Invalid signal" in caught.value.evidence
