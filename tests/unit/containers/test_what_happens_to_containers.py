"""The event stream tells of container life, and any end of it is just an end."""

import select
import threading
from collections.abc import Callable
from urllib.parse import unquote_plus

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode
from portreeve.containers.connection import Docker
from portreeve.containers.events import ContainerEvent
from portreeve.errors import DockerUnavailable, Reason

APP = FakeContainer("app", labels={"role": "front"})


def test_an_event_has_the_container_and_its_labels(docker: Docker, dockerd: FakeDockerd) -> None:
    stream = docker.events()
    dockerd.subscribed.acquire()
    dockerd.emit("start", APP)
    event = next(iter(stream))
    stream.close()
    assert event == ContainerEvent(
        APP.id, "app", "start", {"image": "busybox", "name": "app", "role": "front"}
    )


def test_docker_is_asked_for_what_happens_to_containers_and_not_for_their_health_checks(
    docker: Docker, dockerd: FakeDockerd
) -> None:
    stream = docker.events()
    dockerd.subscribed.acquire()
    dockerd.emit("exec_create: sh", APP)
    dockerd.emit("exec_die", APP)
    dockerd.emit("die", APP)
    assert next(iter(stream)).action == "die"
    stream.close()
    assert '"type": ["container", "network"]' in unquote_plus(dockerd.requests[-1])


def test_a_network_tells_of_a_container_by_its_id_alone(docker: Docker, dockerd: FakeDockerd) -> None:
    stream = docker.events()
    dockerd.subscribed.acquire()
    dockerd.emit_bytes(
        b'{"Type": "network", "Action": "create", "Actor": {"ID": "f", "Attributes": {"name": "shop"}}}\n'
    )
    dockerd.emit_network("connect", APP)
    assert next(iter(stream)) == ContainerEvent(APP.id, "", "connect", {})
    stream.close()


def test_silence_is_not_an_end(docker: Docker, dockerd: FakeDockerd) -> None:
    stream = docker.events()
    dockerd.subscribed.acquire()
    late = threading.Timer(0.8, dockerd.emit, ("start", APP))
    late.start()
    assert next(iter(stream)).action == "start"
    late.join()
    stream.close()


@pytest.mark.parametrize("mode", [Mode.HALF_EVENT, Mode.GARBAGE_EVENT])
def test_a_broken_event_ends_the_stream(docker: Docker, dockerd: FakeDockerd, mode: Mode) -> None:
    stream = docker.events()
    dockerd.subscribed.acquire()
    dockerd.mode = mode
    dockerd.emit("start", APP)
    assert list(stream) == []


def test_a_daemon_that_is_killed_ends_the_stream(docker: Docker, dockerd: FakeDockerd) -> None:
    stream = docker.events()
    dockerd.subscribed.acquire()
    dockerd.break_off()
    assert list(stream) == []


def test_that_docker_is_gone_is_known_before_its_last_events_are_read(
    docker: Docker, dockerd: FakeDockerd, eventually: Callable[[Callable[[], object], str], None]
) -> None:
    stream = docker.events()
    dockerd.subscribed.acquire()
    dockerd.emit("stop", APP)
    # It is on its way from another thread.
    assert select.select([stream._socket], [], [], 5)[0]
    assert not stream.ended
    dockerd.break_off()
    eventually(lambda: stream.ended, "the end is seen")
    assert [event.action for event in stream] == ["stop"]
    assert stream.ended


def test_closing_from_another_thread_ends_it(
    docker: Docker, dockerd: FakeDockerd, eventually: Callable[[Callable[[], object], str], None]
) -> None:
    stream = docker.events()
    dockerd.subscribed.acquire()
    reader = threading.Thread(target=list, args=(stream,))
    reader.start()
    stream.close()
    eventually(lambda: not reader.is_alive(), "the reader ends")
    stream.close()
    dockerd.break_off()


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (Mode.ERROR, Reason.DOCKER_ERROR),
        (Mode.HANG, Reason.DOCKER_HUNG),
        (Mode.PING_ONLY, Reason.DOCKER_HUNG),
        (Mode.REFUSE_VERSION, Reason.DOCKER_VERSION_REFUSED),
        (Mode.CLOSE, Reason.DOCKER_DOWN),
    ],
)
def test_a_daemon_that_gives_no_stream_is_unavailable(
    docker: Docker, dockerd: FakeDockerd, mode: Mode, reason: Reason
) -> None:
    docker.require_up()
    dockerd.mode = mode
    with pytest.raises(DockerUnavailable) as caught:
        docker.events()
    assert caught.value.reason is reason
