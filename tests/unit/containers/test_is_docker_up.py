"""Docker is classified before anything else: down, hung, a version it refuses, an error, or up."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode
from fakes.nobody import nobody
from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.containers.model import DockerInfo
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import DockerUnavailable, ExitCode, Reason


def refusal(docker: Docker) -> DockerUnavailable:
    with pytest.raises(DockerUnavailable) as caught:
        docker.require_up()
    return caught.value


def test_a_daemon_that_answers_is_up(docker: Docker, dockerd: FakeDockerd) -> None:
    assert docker.require_up() == DockerInfo("20.10.24", "1.41")


@pytest.mark.parametrize("version", ["1.24", "1.41", "1.55"])
def test_every_api_version_from_the_sdks_oldest_on_is_spoken(
    docker: Docker, dockerd: FakeDockerd, version: str
) -> None:
    dockerd.api_version = version
    dockerd.containers = [FakeContainer("app")]
    docker.find(ContainerRef(name="app"))
    assert dockerd.requests[-1].startswith(f"/v{version}/")


def test_a_missing_socket_is_down(docker: Docker, settings: DockerSettings) -> None:
    error = refusal(docker)
    assert error.reason is Reason.DOCKER_DOWN
    assert error.evidence == f"{settings.socket} does not exist"
    assert error.exit_code is ExitCode.UNREACHABLE


def test_a_socket_that_nobody_listens_on_is_down(docker: Docker, settings: DockerSettings) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(settings.socket))
    error = refusal(docker)
    assert error.reason is Reason.DOCKER_DOWN
    assert "nobody listens" in error.evidence


def test_a_socket_that_may_not_be_used_is_down(
    docker: Docker, dockerd: FakeDockerd, settings: DockerSettings
) -> None:
    settings.socket.chmod(0)
    with nobody():
        error = refusal(docker)
    assert error.reason is Reason.DOCKER_DOWN
    assert "permission denied" in error.evidence


def test_a_socket_path_that_is_too_long_is_down() -> None:
    error = refusal(Docker(DockerSettings(Path("/" + "x" * 200))))
    assert error.reason is Reason.DOCKER_DOWN
    assert "too long" in error.evidence


def test_a_connection_that_is_closed_without_an_answer_is_down(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.mode = Mode.CLOSE
    error = refusal(docker)
    assert error.reason is Reason.DOCKER_DOWN
    assert "closed the connection" in error.evidence


def test_a_daemon_that_accepts_and_does_not_answer_is_hung(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.mode = Mode.HANG
    started = time.monotonic()
    error = refusal(docker)
    assert error.reason is Reason.DOCKER_HUNG
    assert "within 0.5 s" in error.evidence
    assert time.monotonic() - started < 2


def test_a_daemon_that_accepts_no_more_connections_is_hung(docker: Docker, settings: DockerSettings) -> None:
    with socket.socket(socket.AF_UNIX) as full, socket.socket(socket.AF_UNIX) as waiting:
        full.bind(str(settings.socket))
        full.listen(0)
        waiting.connect(str(settings.socket))
        error = refusal(docker)
    assert error.reason is Reason.DOCKER_HUNG


def test_a_daemon_that_refuses_our_version_is_named(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.mode = Mode.REFUSE_VERSION
    error = refusal(docker)
    assert error.reason is Reason.DOCKER_VERSION_REFUSED
    assert "too old. Minimum supported API version is 1.44" in error.evidence


def test_a_daemon_older_than_the_sdk_is_a_version_refused(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.api_version = "1.23"
    error = refusal(docker)
    assert error.reason is Reason.DOCKER_VERSION_REFUSED
    assert "1.23 at most" in error.evidence


def test_an_error_of_the_daemon_is_an_error(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.mode = Mode.ERROR
    error = refusal(docker)
    assert error.reason is Reason.DOCKER_ERROR
    assert "500" in error.evidence
    assert "the daemon is not well" in error.evidence


def test_something_else_on_the_socket_is_an_error(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.mode = Mode.GARBAGE
    error = refusal(docker)
    assert error.reason is Reason.DOCKER_ERROR
    assert "SSH-2.0" in error.evidence


def test_an_answer_without_an_api_version_is_an_error(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.api_version = "latest"
    assert refusal(docker).reason is Reason.DOCKER_ERROR


def test_fifty_threads_wait_for_a_hung_daemon_once(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.mode = Mode.HANG
    started = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        errors = list(pool.map(lambda _: refusal(docker), range(50)))
    assert time.monotonic() - started < 2
    assert {error.reason for error in errors} == {Reason.DOCKER_HUNG}
    assert len(dockerd.requests) == 1
    assert len({id(error) for error in errors}) == 50


def test_an_answer_is_good_for_a_second_and_no_longer(dockerd: FakeDockerd, settings: DockerSettings) -> None:
    now = 0.0
    docker = Docker(settings, Clock(monotonic=lambda: now))
    docker.require_up()
    dockerd.mode = Mode.ERROR
    now = 0.9
    docker.require_up()
    now = 1.1
    assert refusal(docker).reason is Reason.DOCKER_ERROR


def test_what_one_thread_finds_out_the_others_know(docker: Docker, dockerd: FakeDockerd) -> None:
    docker.require_up()
    dockerd.mode = Mode.CLOSE
    with pytest.raises(DockerUnavailable):
        docker.find(ContainerRef(name="app"))
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(refusal, docker).result().reason is Reason.DOCKER_DOWN


def test_a_daemon_that_only_answers_pings_is_hung_for_everyone(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.mode = Mode.PING_ONLY
    with pytest.raises(DockerUnavailable) as caught:
        docker.find(ContainerRef(name="app"))
    assert caught.value.reason is Reason.DOCKER_HUNG
    assert refusal(docker).reason is Reason.DOCKER_HUNG


def test_docker_that_comes_back_is_up_again(dockerd: FakeDockerd, settings: DockerSettings) -> None:
    now = 0.0
    docker = Docker(settings, Clock(monotonic=lambda: now))
    dockerd.containers = [FakeContainer("app")]
    docker.find(ContainerRef(name="app"))
    dockerd.stop()
    with pytest.raises(DockerUnavailable):
        docker.find(ContainerRef(name="app"))
    dockerd.api_version = "1.44"
    dockerd.start()
    now = 2.0
    docker.find(ContainerRef(name="app"))
    assert dockerd.requests[-1].startswith("/v1.44/")
    docker.close()


def test_each_thread_has_a_connection_of_its_own(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("app")]
    meeting = threading.Barrier(4, timeout=5)
    dockerd.before_answer = lambda path: meeting.wait() if path.endswith("/containers/json") else None

    def find() -> str:
        name = docker.find(ContainerRef(name="app")).name
        docker.close()
        return name

    with ThreadPoolExecutor(4) as pool:
        assert [task.result() for task in [pool.submit(find) for _ in range(4)]] == ["app"] * 4


def test_whoever_opens_a_stream_finds_out_first_that_a_hung_daemon_is_back(
    docker: Docker, dockerd: FakeDockerd
) -> None:
    dockerd.containers = [FakeContainer("app")]
    dockerd.mode = Mode.PING_ONLY
    with pytest.raises(DockerUnavailable):
        docker.find(ContainerRef(name="app"))
    dockerd.mode = Mode.OK
    assert refusal(docker).reason is Reason.DOCKER_HUNG
    stream = docker.events()
    assert docker.find(ContainerRef(name="app")).name == "app"
    stream.close()
    assert list(stream) == []


def test_whoever_wants_to_know_is_told_that_docker_was_lost(
    dockerd: FakeDockerd, settings: DockerSettings
) -> None:
    lost: list[Reason] = []
    docker = Docker(settings, on_lost=lambda error: lost.append(error.reason))
    docker.require_up()
    assert lost == []
    dockerd.mode = Mode.CLOSE
    with pytest.raises(DockerUnavailable):
        docker.find(ContainerRef(name="app"))
    assert lost == [Reason.DOCKER_DOWN]
    assert docker.version == "20.10.24"
