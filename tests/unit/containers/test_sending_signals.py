"""A signal reaches a container that runs, and any other is waited for by name."""

import signal
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd
from portreeve.containers import host_process
from portreeve.containers.connection import Docker
from portreeve.containers.signal import send_to_container
from portreeve.definitions.locations import ContainerRef
from portreeve.errors import DockerUnavailable, Reason, Waiting


@pytest.mark.parametrize("name", ["HUP", "SIGHUP", "hup"])
def test_a_process_of_this_host_gets_it_directly_since_docker_would_cancel_the_restart_policy(
    docker: Docker, dockerd: FakeDockerd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    proxy = FakeContainer("proxy")
    dockerd.containers = [proxy]
    with subprocess.Popen(["sleep", "60"]) as process:
        (tmp_path / str(process.pid)).mkdir()
        cgroup = f"0::/system.slice/docker-{proxy.id}.scope\n"
        (tmp_path / str(process.pid) / "cgroup").write_text(cgroup)
        monkeypatch.setattr(host_process, "PROC", tmp_path)
        seen = replace(docker.find(ContainerRef(name="proxy")), pid=process.pid)
        send_to_container(docker, seen, name)
        assert process.wait(5) == -signal.SIGHUP
    assert dockerd.signals == []


def test_a_process_of_somebody_else_never_gets_it(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("proxy")]
    with subprocess.Popen(["sleep", "60"]) as process:
        seen = replace(docker.find(ContainerRef(name="proxy")), pid=process.pid)
        send_to_container(docker, seen, "HUP")
        assert process.poll() is None
        process.kill()
    assert dockerd.signals == [("proxy", "HUP")]


def test_a_number_that_is_a_thread_here_is_no_process(docker: Docker, dockerd: FakeDockerd) -> None:
    """A Docker that is elsewhere tells a number that may be anything on this host."""
    dockerd.containers = [FakeContainer("proxy")]
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    seen = replace(docker.find(ContainerRef(name="proxy")), pid=thread.native_id or 0)
    try:
        send_to_container(docker, seen, "HUP")
    finally:
        done.set()
        thread.join()
    assert dockerd.signals == [("proxy", "HUP")]


@pytest.mark.parametrize("name", ["HUP", "RTMIN+3"])
def test_docker_sends_it_to_a_process_that_is_elsewhere(
    docker: Docker, dockerd: FakeDockerd, name: str
) -> None:
    dockerd.containers = [FakeContainer("proxy")]
    send_to_container(docker, docker.find(ContainerRef(name="proxy")), name)
    assert dockerd.signals == [("proxy", name)]


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
