"""A real Docker's answers to starts, stops and removals, and what portreeve makes of them (D1 to D4)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host.lab.containers import IMAGE, KEEP_RUNNING, Containers
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from portreeve.containers.acting import restart, start, stop, unpause
from portreeve.containers.connection import Docker
from portreeve.containers.log_tail import log_since_start, log_tail
from portreeve.containers.networks import connect
from portreeve.containers.observe import observe
from portreeve.containers.observed import Observed
from portreeve.containers.removal import remove, wait_gone
from portreeve.containers.start_failure import StartFailed, StartFailure, classify
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import Reason, Waiting


@pytest.fixture(scope="module")
def server(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Host]:
    """One host for all tests of this file; each uses containers of its own names."""
    with Host(lab_run, installed_snapshot, "acting") as host:
        yield host


@pytest.fixture(scope="module")
def containers(server: Host) -> Containers:
    return Containers(server)


@pytest.fixture
def docker(server: Host) -> Iterator[Docker]:
    client = Docker(DockerSettings(Path(f"/proc/{server.leader}/root/run/docker.sock")))
    yield client
    client.close()


def seen(docker: Docker, name: str) -> Observed:
    return observe(docker, ContainerRef(name=name))


def fails_to_start(docker: Docker, name: str) -> StartFailed:
    with pytest.raises(StartFailed) as caught:
        start(docker, seen(docker, name), timeout=30)
    return caught.value


def test_a_restart_loop_is_never_taken_for_started_and_tells_how_it_ends(
    docker: Docker, containers: Containers
) -> None:
    script = "echo the last words; exit 3"
    containers.run("loop", "--network=none", "--restart=always", command=("sh", "-c", script))
    containers.guest.wait_until(
        lambda: seen(docker, "loop").restart_count >= 4, 20, "Docker waits before it starts it again"
    )
    containers.guest.wait_until(lambda: containers.state("loop") == "restarting", 5, "it waits")
    with pytest.raises(Waiting) as caught:
        start(docker, seen(docker, "loop"), timeout=30)
    assert caught.value.reason is Reason.CONTAINER_RESTARTING
    assert caught.value.evidence.startswith("it ended with exit status 3, and Docker has restarted it ")
    assert log_tail(docker, seen(docker, "loop").id, 2) == ("the last words",) * 2
    assert stop(docker, seen(docker, "loop"), timeout=1).status == "exited"
    remove(docker, seen(docker, "loop"), timeout=10)


def test_a_start_that_docker_never_tries_again_tells_its_cause_and_works_when_that_is_gone(
    docker: Docker, containers: Containers
) -> None:
    server = containers.guest
    server.run("mkdir", "-p", "/srv/source")
    containers.run("holder", "-p", "18080:80")
    containers.docker("create", "--name=port", "--restart=always", "-p", "18080:80", IMAGE)
    mount = "type=bind,source=/srv/source,target=/data"
    containers.docker("create", "--name=mount", "--restart=always", "--mount", mount, IMAGE)
    containers.docker("create", "--name=executable", "--network=none", IMAGE, "/nosuch")
    server.run("rmdir", "/srv/source")
    for name in ("port", "mount", "executable"):
        failed = fails_to_start(docker, name)
        assert failed.failure is StartFailure(name), failed.evidence
        assert failed.evidence
        after = seen(docker, name)
        assert (after.status, after.restart_count, after.started_at) == ("created", 0, None)
        assert not after.error or classify(after.error) is failed.failure
    assert seen(docker, "port").ports == ("18080/tcp",)
    assert seen(docker, "mount").binds == ("/srv/source",)
    remove(docker, seen(docker, "holder"), timeout=10, force=True)
    server.run("mkdir", "/srv/source")
    for name in ("port", "mount"):
        after = start(docker, seen(docker, name), timeout=30)
        assert (after.runs, after.error) == (True, "")
        remove(docker, after, timeout=10, force=True)


def test_one_that_needs_the_network_of_another_tells_that_it_does_not_run(
    docker: Docker, containers: Containers
) -> None:
    containers.docker("create", "--name=main", "--network=none", IMAGE)
    containers.docker("create", "--name=sidecar", "--network=container:main", IMAGE)
    assert fails_to_start(docker, "sidecar").failure is StartFailure.NAMESPACE
    assert start(docker, seen(docker, "main"), timeout=30).runs
    assert start(docker, seen(docker, "sidecar"), timeout=30).runs
    containers.docker("rm", "-f", "main", "sidecar")


def test_one_whose_network_was_removed_tells_so(docker: Docker, containers: Containers) -> None:
    containers.docker("network", "create", "gone")
    containers.docker("create", "--name=orphan", "--network=gone", IMAGE)
    containers.docker("network", "rm", "gone")
    assert fails_to_start(docker, "orphan").failure is StartFailure.NETWORK
    remove(docker, seen(docker, "orphan"), timeout=10)


def test_twelve_who_start_it_at_once_all_see_it_run_and_six_who_remove_it_all_see_it_gone(
    docker: Docker, containers: Containers
) -> None:
    containers.docker("create", "--name=crowd", IMAGE)
    crowd = seen(docker, "crowd")

    def begin(_: int) -> Observed:
        try:
            return start(docker, crowd, timeout=30)
        finally:
            docker.close()

    def end(_: int) -> None:
        try:
            remove(docker, crowd, timeout=30, force=True)
        finally:
            docker.close()

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(begin, range(12)))
        assert all(each.runs for each in found)
        assert len({each.started_at for each in found}) == 1
        list(pool.map(end, range(6)))
    assert containers.state("crowd") == ""


def test_one_that_removes_itself_is_waited_for_and_survives_a_restart(
    docker: Docker, containers: Containers
) -> None:
    containers.run("brief", "--rm", "--network=none")
    before = seen(docker, "brief")
    assert before.auto_remove
    after = restart(docker, before, stop_timeout=1, timeout=30)
    assert after.runs
    assert after.started_at is not None
    assert before.started_at is not None
    assert after.started_at > before.started_at
    containers.docker("kill", "brief")
    wait_gone(docker, before.id, "brief", timeout=10)
    assert containers.state("brief") == ""
    containers.run("brief", "--rm", "--network=none")
    containers.docker("rm", "-f", "brief")


def test_a_paused_one_is_refused_resumed_and_stopped(docker: Docker, containers: Containers) -> None:
    containers.run("frozen", "--network=none")
    containers.docker("pause", "frozen")
    with pytest.raises(Waiting) as caught:
        start(docker, seen(docker, "frozen"), timeout=30)
    assert caught.value.reason is Reason.CONTAINER_PAUSED
    assert unpause(docker, seen(docker, "frozen")).runs
    containers.docker("pause", "frozen")
    assert restart(docker, seen(docker, "frozen"), stop_timeout=1, timeout=30).runs
    containers.docker("pause", "frozen")
    assert stop(docker, seen(docker, "frozen"), timeout=1).status == "exited"
    remove(docker, seen(docker, "frozen"), timeout=10)


def test_one_that_does_not_heed_the_signal_is_killed_in_time(docker: Docker, containers: Containers) -> None:
    containers.run("deaf", "--network=none", command=("sh", "-c", "trap : TERM; while :; do sleep 1; done"))
    begun = time.monotonic()
    after = stop(docker, seen(docker, "deaf"), timeout=2)
    assert (after.status, after.exit_code) == ("exited", 137)
    assert 2 <= time.monotonic() - begun < 8
    remove(docker, after, timeout=10)


def test_it_is_connected_to_a_network_once_and_again(docker: Docker, containers: Containers) -> None:
    containers.docker("network", "create", "shop")
    containers.run("joins")
    for _ in range(2):
        assert connect(docker, seen(docker, "joins"), "shop").networks == ("bridge", "shop")
    containers.docker("rm", "-f", "joins")
    containers.docker("network", "rm", "shop")


@pytest.mark.parametrize("terminal", ["false", "true"])
def test_its_log_since_its_last_start_is_read_with_and_without_a_terminal(
    docker: Docker, containers: Containers, terminal: str
) -> None:
    script = f"echo out; echo err >&2; {KEEP_RUNNING}"
    containers.run("speaks", "--network=none", f"--tty={terminal}", command=("sh", "-c", script))
    now = restart(docker, seen(docker, "speaks"), stop_timeout=1, timeout=30)
    containers.guest.wait_until(lambda: len(log_tail(docker, now.id)) == 4, 5, "it has spoken twice")
    since = log_since_start(docker, now, 100)
    assert sorted(since.split()) == [b"err", b"out"]
    containers.docker("rm", "-f", "speaks")


def test_a_log_that_is_kept_nowhere_has_no_lines(docker: Docker, containers: Containers) -> None:
    containers.run("mute", "--network=none", "--log-driver=none", command=("sh", "-c", "echo; sleep 60"))
    assert log_tail(docker, seen(docker, "mute").id) == ()
    containers.docker("rm", "-f", "mute")
