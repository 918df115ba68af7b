"""What a container prints is shown to people in bounds, and read by a probe from its start."""

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode, frame
from portreeve.containers.connection import Docker
from portreeve.containers.log_tail import log_since_start, log_tail
from portreeve.containers.observe import observe
from portreeve.definitions.locations import ContainerRef
from portreeve.errors import DockerUnavailable, Reason, Waiting


@pytest.fixture
def app(dockerd: FakeDockerd) -> FakeContainer:
    container = FakeContainer("app")
    dockerd.containers = [container]
    return container


def test_the_last_lines_of_both_outputs(docker: Docker, dockerd: FakeDockerd, app: FakeContainer) -> None:
    app.log = frame(1, b"one\ntwo\n") + frame(2, b"three\n") + frame(1, b"\n") + frame(1, b"four")
    assert log_tail(docker, app.id, 3) == ("two", "three", "four")
    assert "tail=3" in dockerd.requests[-1]


def test_a_container_with_a_terminal_has_no_frames(docker: Docker, app: FakeContainer) -> None:
    app.inspect = {"Config": {"Tty": True}}
    app.log = b"\x1b[31mred\r\nplain\r\n"
    assert log_tail(docker, app.id) == ("[31mred", "plain")


def test_hostile_lines_are_printable_and_cut(docker: Docker, app: FakeContainer) -> None:
    app.log = frame(1, b"\xff\x00\x07" + b"a" * 1000 + b"\n") * 20
    tail = log_tail(docker, app.id)
    assert len(tail) == 10
    assert all(line.isprintable() and len(line) == 201 for line in tail)


@pytest.mark.parametrize("log", [None, b""])
def test_a_log_that_cannot_be_read_has_no_lines(
    docker: Docker, app: FakeContainer, log: bytes | None
) -> None:
    app.log = log
    assert log_tail(docker, app.id) == ()


def test_what_is_no_log_is_dockers_error(docker: Docker, app: FakeContainer) -> None:
    app.log = b"\x09 these are no frames"
    with pytest.raises(DockerUnavailable) as caught:
        log_tail(docker, app.id)
    assert caught.value.reason is Reason.DOCKER_ERROR


def test_a_probe_reads_from_the_end_of_the_last_run_on_and_not_more_than_it_wants(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    app.log = frame(1, b"ready\n") + frame(1, b"x" * 5000)
    app.inspect = {"State": {"FinishedAt": "2024-03-01T12:00:00.123456789Z"}}
    seen = observe(docker, ContainerRef(name="app"))
    assert log_since_start(docker, seen, 10) == b"ready\nxxxx"
    assert "since=1709294400.123456" in dockerd.requests[-1]


def test_a_probe_reads_all_of_the_first_run(docker: Docker, dockerd: FakeDockerd, app: FakeContainer) -> None:
    """Docker notes the time of a start a moment after the process has begun to print."""
    app.log = frame(1, b"ready\n")
    assert log_since_start(docker, observe(docker, ContainerRef(name="app")), 100) == b"ready\n"
    assert "since=0.000000" in dockerd.requests[-1]


def test_a_container_that_is_gone_has_no_log(docker: Docker, dockerd: FakeDockerd) -> None:
    with pytest.raises(Waiting) as caught:
        log_tail(docker, "5b0f" * 16)
    assert caught.value.reason is Reason.CONTAINER_ABSENT


def test_a_log_that_does_not_come_is_not_waited_for(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    def hang(path: str) -> None:
        if path.endswith("/logs"):
            dockerd.mode = Mode.PING_ONLY

    dockerd.before_answer = hang
    with pytest.raises(Waiting) as caught:
        log_tail(docker, app.id)
    assert caught.value.reason is Reason.CONTAINER_BUSY
