"""A container that is to go is gone at the end, whoever removes it."""

import threading
from collections.abc import Callable

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd
from fakes.dockerd_act import says
from portreeve.containers.connection import Docker
from portreeve.containers.networks import connect
from portreeve.containers.observe import observe
from portreeve.containers.observed import Observed
from portreeve.containers.removal import remove, wait_gone
from portreeve.definitions.locations import ContainerRef
from portreeve.errors import Failed, PortreeveError, Reason, Waiting

IN_PROGRESS = "removal of container app is already in progress"


@pytest.fixture
def app(dockerd: FakeDockerd) -> FakeContainer:
    container = FakeContainer("app", status="exited")
    dockerd.containers = [container]
    return container


def seen(docker: Docker) -> Observed:
    return observe(docker, ContainerRef(name="app"))


def refusal(act: Callable[[], object]) -> PortreeveError:
    with pytest.raises(PortreeveError) as caught:
        act()
    return caught.value


def test_it_is_removed(docker: Docker, dockerd: FakeDockerd, app: FakeContainer) -> None:
    before = seen(docker)
    remove(docker, before, timeout=1)
    assert dockerd.containers == []
    remove(docker, before, timeout=1)


def test_the_removal_by_somebody_else_is_seen_through(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    def done(_: FakeContainer) -> tuple[int, str]:
        dockerd.containers.clear()
        return 200, ""

    dockerd.scripts = {"remove": [says(409, IN_PROGRESS, status="removing")], "wait": [done]}
    remove(docker, seen(docker), timeout=2)
    assert dockerd.acts == [("app", "remove"), ("app", "wait")]


def test_a_removal_that_does_not_end_has_a_deadline(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    app.status = "removing"
    dockerd.before_answer = lambda path: path.endswith("/wait") and dockerd.released.wait(20)
    error = refusal(lambda: wait_gone(docker, app.id, "app", timeout=0.3))
    assert (type(error), error.reason) == (Waiting, Reason.CONTAINER_BUSY)
    assert "its state is removing after 0.3 s" in error.evidence
    docker.require_up()


def test_a_removal_that_fails_is_named(docker: Docker, dockerd: FakeDockerd, app: FakeContainer) -> None:
    words = "driver overlay2 failed to remove root filesystem: device or resource busy"
    dockerd.scripts = {
        "remove": [says(409, IN_PROGRESS, status="removing")],
        "wait": [says(200, status="dead", error=words)],
    }
    error = refusal(lambda: remove(docker, seen(docker), timeout=2))
    assert (type(error), error.reason, error.evidence) == (Failed, Reason.CONTAINER_DEAD, words)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (409, "You cannot remove a running container 5b0f. Stop the container before attempting removal"),
        (500, "driver failed"),
        (204, ""),
    ],
)
def test_one_that_is_still_there_was_not_removed(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer, status: int, words: str
) -> None:
    app.status = "running"
    dockerd.scripts["remove"] = [says(status, words)]
    error = refusal(lambda: remove(docker, seen(docker), timeout=1))
    assert error.reason is Reason.CONTAINER_REMOVE_FAILED
    assert words in error.evidence


def test_who_waits_is_woken_when_it_is_gone(docker: Docker, dockerd: FakeDockerd, app: FakeContainer) -> None:
    app.status = "removing"
    waiting = threading.Event()

    def hold(path: str) -> None:
        if path.endswith("/wait"):
            waiting.set()
            dockerd.released.wait(5)
            dockerd.containers.clear()

    dockerd.before_answer = hold

    def wait() -> None:
        wait_gone(docker, app.id, "app", timeout=5)
        docker.close()

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(5)
    assert thread.is_alive()
    dockerd.released.set()
    thread.join(5)
    assert not thread.is_alive()


def test_it_is_connected_to_a_network(docker: Docker, dockerd: FakeDockerd, app: FakeContainer) -> None:
    app.status = "running"
    dockerd.networks.add("shop")
    assert connect(docker, seen(docker), "shop").networks == ("bridge", "shop")


def test_one_that_is_connected_already_stays_so(docker: Docker, app: FakeContainer) -> None:
    app.status = "running"
    assert connect(docker, seen(docker), "bridge").networks == ("bridge",)


def test_a_network_that_is_not_there_is_named(docker: Docker, app: FakeContainer) -> None:
    error = refusal(lambda: connect(docker, seen(docker), "shop"))
    assert error.reason is Reason.CONTAINER_CONNECT_FAILED
    assert error.evidence == "network shop not found"
