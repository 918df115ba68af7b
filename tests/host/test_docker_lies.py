"""What Docker really does (D1 to D8, D16, D17 of its failure modes), and how portreeve takes it.

D3, a busy port in a tight restart loop, was Docker 28.0.0 alone: a scripted daemon tells that lie in
tests/unit/supervise/test_supervisor.py.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from host.keeping import LOST, QUICK, SETTINGS, Keeping
from host.lab.containers import KEEP_RUNNING
from host.lab.faults import hung_socket
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run

LONG = os.environ.get("PORTREEVE_TEST_LONG") is not None
BACK = 20.0
"""Seconds after Docker's return in which all is as it should be: Docker's own policy gets the first 5."""

STARTS = 40 if LONG else 16
RESTARTS = 3 if LONG else 1
PATIENT = 30 if LONG else 8
"""Seconds that the slowest container takes to end, and Docker with it."""

FREEZE = 30 if LONG else 8
SHORT = '[docker]\ntimeout = "2s"\n'
HOLDER = "import socket, time; s = socket.create_server(('', 7070)); time.sleep(3600)"


@pytest.fixture(scope="module")
def keeping(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Keeping]:
    """One host for all tests of this file; each uses containers of its own names."""
    with Host(lab_run, installed_snapshot, "lies") as host:
        keeping = Keeping(host)
        keeping.settings(SETTINGS + SHORT)
        yield keeping


def wait_for(keeping: Keeping, target: str, condition: str, timeout: str = "1s") -> int:
    argv = ("portreeve", "wait", target, "--for", condition, "--timeout", timeout)
    return keeping.host.run(*argv, check=False, timeout=60).code


def test_d1_a_restart_loop_is_never_ready_and_tells_how_it_ends(keeping: Keeping) -> None:
    loops = ("sh", "-c", "echo no database; exit 3")
    keeping.containers.run("d1", "--network=none", "--restart=always", command=loops)
    keeping.declare("d1", 'restart = { max = 50, window = "2h" }\n')
    status = keeping.until("d1", lambda each: each["restart_count"] > 3, 20, "a few restarts")
    assert status["state"] == "restarting"
    # Docker says Running, and answers 304 to a start.
    assert keeping.containers.inspect("d1", "{{.State.Running}}") == "true"
    assert wait_for(keeping, "container:d1", "ready") == 3
    keeping.host.run("portreeve", "containers", "start", "d1", "--timeout", "1s", check=False)
    keeping.until("d1", lambda each: each["exit_code"] == 3, 20, "it waits for its next start")
    told = keeping.explain("d1")
    print(told)
    assert "it keeps ending, and Docker keeps starting it" in told
    assert "exit code 3" in told
    assert "no database" in told
    keeping.forget("d1")


def test_d2_a_start_that_docker_never_tries_again_is_tried_when_its_cause_is_gone(keeping: Keeping) -> None:
    host, docker = keeping.host, keeping.containers.docker
    host.run("systemd-run", "--quiet", "--unit=holder", "python3", "-c", HOLDER)
    host.wait_until(lambda: host.is_listening(7070), 10, "the port is held")
    host.run("mkdir", "-p", "/srv/d2")
    keeping.create("d2-port", "-p", "7070:80", "--restart=always")
    keeping.create("d2-mount", "--mount", "type=bind,src=/srv/d2,dst=/data", "--restart=always")
    keeping.create("d2-program", "--restart=always", command=("/usr/local/bin/absent",))
    host.run("rmdir", "/srv/d2")
    names = ("d2-port", "d2-mount", "d2-program")
    for name in names:
        docker("start", name, check=False)
        assert keeping.containers.state(name) == "created"
        keeping.declare(name, QUICK)
    for name in names:
        keeping.becomes(name, "failed-to-start")
        keeping.until(
            name, lambda each: "cause is still" in each["trouble"]["what"], 20, "its cause is known"
        )
    told = {name: keeping.explain(name) for name in names}
    print(*told.values(), sep="\n")
    assert "port 7070 is held by python3" in told["d2-port"]
    assert "/srv/d2, which is mounted into it, does not exist" in told["d2-mount"]
    assert "there is no /usr/local/bin/absent in it" in told["d2-program"]
    for name in names:
        assert "it is started as soon as the cause is gone" in told[name]
    host.run("systemctl", "stop", "holder")
    host.run("mkdir", "-p", "/srv/d2")
    host.write("/srv/absent", f"#!/bin/sh\n{KEEP_RUNNING}\n", mode=0o755)
    docker("cp", "/srv/absent", "d2-program:/usr/local/bin/absent")
    keeping.ready(*names)
    restarts = {name: keeping.status(name)["restarts"] for name in names}
    print(restarts)
    assert restarts["d2-port"] == restarts["d2-mount"] == 0
    assert restarts["d2-program"] <= 2
    keeping.forget(*names)


def test_d4_many_starts_and_many_removals_of_one_are_one(keeping: Keeping) -> None:
    keeping.create("d4", "--network=none")
    keeping.declare("d4", QUICK, autostart=False)
    start = ("portreeve", "containers", "start", "d4", "--timeout", "20s")
    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda _: keeping.host.run(*start, check=False).code, range(12)))
    assert codes == [0] * 12
    begun = keeping.containers.inspect("d4", "{{.State.StartedAt}}")
    assert keeping.status("d4")["restarts"] == 0
    acts = [str(entry["MESSAGE"]) for entry in keeping.host.journal("portreeve")]
    assert acts.count("container d4: start") == 1
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: keeping.containers.docker("rm", "-f", "d4", check=False), range(6)))
    status = keeping.becomes("d4", "absent")
    assert status["trouble"]["reason"] == "container-absent"
    assert keeping.containers.state("d4") == ""
    keeping.create("d4", "--network=none")
    keeping.ready("d4")
    assert keeping.containers.inspect("d4", "{{.State.StartedAt}}") > begun
    keeping.forget("d4")


def test_d5_an_inspect_that_waits_for_a_batch_of_starts_is_no_false_alarm(keeping: Keeping) -> None:
    """Docker answers nothing about a container that it is starting."""
    keeping.create("d5-steady", "--network=none")
    keeping.declare("d5-steady", QUICK + 'ready = { exec = ["true"], interval = "500ms" }\n')
    keeping.ready("d5-steady")
    others = [f"d5-{number}" for number in range(STARTS)]
    for name in others:
        keeping.create(name)
    keeping.declare("d5-0", QUICK, autostart=False)
    took, over = [], threading.Event()

    def ask() -> None:
        while not over.is_set():
            began = time.monotonic()
            shown = keeping.host.run("portreeve", "status", check=False)
            took.append(time.monotonic() - began)
            assert shown.code != 4

    with ThreadPoolExecutor(STARTS + 1) as pool:
        asking = pool.submit(ask)
        list(pool.map(lambda name: keeping.containers.docker("start", name, timeout=120), others))
        over.set()
        asking.result()
    keeping.ready("d5-0", "d5-steady")
    print(f"{STARTS} starts: status answered within {max(took):.2f} s, {len(took)} times")
    assert keeping.in_journal("d5-steady", LOST) == []
    assert keeping.status("d5-steady")["restarts"] == 0
    keeping.forget("d5-steady", *others)


def test_d6_more_events_than_docker_keeps_while_nobody_listened(keeping: Keeping) -> None:
    old = keeping.create("d6", "--network=none")
    keeping.declare("d6", QUICK)
    keeping.ready("d6")
    noise = keeping.create("noise", "--network=none")
    pid = keeping.main_pid()
    keeping.host.run("kill", "-STOP", pid)
    try:
        keeping.containers.docker("rm", "-f", "d6")
        new = keeping.create("d6", "--network=none")
        keeping.containers.make_events(noise, 300)
    finally:
        keeping.host.run("kill", "-CONT", pid)
    assert old != new
    keeping.until("d6", lambda each: each["container_id"] == new[:12], 5, "the new one is seen")
    keeping.ready("d6", timeout=5)
    keeping.forget("d6")
    keeping.containers.docker("rm", "-f", noise)


def test_d7_a_stop_by_hand_is_respected_and_a_restart_or_a_kill_is_none(keeping: Keeping) -> None:
    docker = keeping.containers.docker
    keeping.create("d7", "--network=none")
    keeping.declare("d7", QUICK)
    keeping.ready("d7")
    docker("restart", "d7")
    keeping.ready("d7")
    docker("kill", "d7")
    keeping.until(
        "d7", lambda each: each["restarts"] == 1 and each["state"] == "ready", 10, "it was started again"
    )
    docker("stop", "d7")
    status = keeping.until("d7", lambda each: each["stopped_by_hand"], 5, "it was stopped by hand")
    assert status["state"] == "exited"
    told = keeping.explain("d7")
    print(told)
    assert "somebody stopped it through Docker, and it is left so" in told
    assert "portreeve containers start d7" in told
    # Docker and the agent are restarted soon after.
    keeping.host.run("systemctl", "restart", "docker")
    keeping.host.run("systemctl", "restart", "portreeve")
    keeping.until("d7", lambda each: each["runs"] and each["stopped_by_hand"], 10, "it is still left")
    assert keeping.containers.state("d7") == "exited"
    docker("start", "d7")
    keeping.ready("d7")
    keeping.forget("d7")


def test_d7_what_was_paused_is_not_unready_until_its_health_is_asked_again(keeping: Keeping) -> None:
    """Docker calls it unhealthy from its pause on, without any event."""
    health = ("--health-cmd=true", "--health-interval=3s")
    keeping.create("d7-paused", "--network=none", *health)
    keeping.declare("d7-paused", QUICK + 'ready = { healthy = true, interval = "500ms" }\n')
    keeping.ready("d7-paused")
    begun = keeping.containers.inspect("d7-paused", "{{.State.StartedAt}}")
    keeping.containers.docker("pause", "d7-paused")
    keeping.becomes("d7-paused", "paused", 5)
    assert "docker unpause d7-paused" in keeping.explain("d7-paused")
    keeping.containers.docker("unpause", "d7-paused")
    keeping.until("d7-paused", lambda each: each["state"] != "paused", 5, "it was unpaused")
    assert keeping.status("d7-paused")["state"] in ("running", "ready")
    keeping.ready("d7-paused", timeout=10)
    assert keeping.containers.inspect("d7-paused", "{{.State.StartedAt}}") == begun
    keeping.forget("d7-paused")


def test_d16_a_socket_that_listens_and_is_not_served(keeping: Keeping) -> None:
    keeping.create("d16", "--network=none")
    keeping.declare("d16", QUICK)
    keeping.ready("d16")
    hung_socket(keeping.host, "/run/hung.sock")
    keeping.settings(f'{SETTINGS}[docker]\nsocket = "/run/hung.sock"\ntimeout = "2s"\n')
    try:
        status = keeping.until("d16", lambda each: each["runs"], 20, "it was looked at")
        assert status["state"] == "unknown"
        told = keeping.explain("d16")
        print(told)
        assert "did not answer within 2 s" in told
        assert wait_for(keeping, "container:d16", "ready") in (3, 4)
        assert keeping.containers.state("d16") == "running"
    finally:
        keeping.settings(SETTINGS + SHORT)
    keeping.ready("d16")
    keeping.forget("d16")


def test_d17_a_volume_that_is_there_only_while_its_container_runs(keeping: Keeping) -> None:
    docker, host = keeping.containers.docker, keeping.host
    docker("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "d17")
    script = f"sleep 2; printf '[web]\\nport = 8123\\n' >/data/app.ini; {KEEP_RUNNING}"
    keeping.create("d17", "--network=none", "-v", "d17:/data", command=("sh", "-c", script))
    host.write("/etc/portreeve/templates/d17.j2", "{{ port }}\n")
    host.write(
        "/etc/portreeve/syncs.d/d17.toml",
        '[sources.app]\ncontainer = "d17"\nvolume = "d17"\npath = "app.ini"\n'
        '[values]\nport = { source = "app", key = "web.port", type = "port" }\n'
        '[[targets]]\npath = "/srv/d17.conf"\ntemplate = "d17.j2"\n',
    )
    keeping.declare("d17", QUICK + 'ready = { file = "/data/app.ini", interval = "500ms" }\n')
    keeping.ready("d17")
    host.run("portreeve", "wait", "sync:d17", "--timeout", "10s")
    folder = keeping.containers.volume_path("d17")
    host.write("/srv/wanted", "8123\n")
    docker("stop", "d17")
    keeping.until("d17", lambda each: each["stopped_by_hand"], 5, "it was stopped by hand")
    assert not host.exists(f"{folder}/app.ini")
    assert host.read("/srv/d17.conf") == "8123\n"
    docker("start", "d17")
    # The file of the run before is gone with its mount.
    assert (
        keeping.until("d17", lambda each: each["state"] != "exited", 5, "it was started")["state"]
        == "starting"
    )
    keeping.ready("d17")
    host.run("portreeve", "wait", "sync:d17", "--timeout", "10s")
    host.run("rm", "/etc/portreeve/syncs.d/d17.toml")
    keeping.forget("d17")


def sigterm(host: Host) -> None:
    host.run("systemctl", "restart", "docker", timeout=120)


def restarted(host: Host, before: str) -> bool:
    """Docker is up and has another process than before."""
    active = host.run("systemctl", "is-active", "docker", check=False).stdout == "active\n"
    return active and host.run("systemctl", "show", "-P", "MainPID", "docker").stdout != before


def sigkill(host: Host) -> None:
    before = host.run("systemctl", "show", "-P", "MainPID", "docker").stdout
    host.run("systemctl", "kill", "-s", "KILL", "--kill-who=main", "docker")
    host.wait_until(lambda: restarted(host, before), 60, "systemd has started Docker again")


def impatient(host: Host) -> None:
    """SIGTERM again and again, while Docker waits for its slowest container."""
    before = host.run("systemctl", "show", "-P", "MainPID", "docker").stdout
    for _ in range(3):
        host.run("systemctl", "kill", "-s", "TERM", "--kill-who=main", "docker")
        threading.Event().wait(0.7)
    host.wait_until(lambda: restarted(host, before), 60, "systemd has started Docker again")


def away(host: Host) -> None:
    """Nobody listens for a while."""
    host.run("systemctl", "stop", "docker.socket", "docker.service", timeout=120)
    host.run("systemctl", "start", "docker.service", timeout=120)


FAMILY = ("d8-plain", "d8-slow", "d8-always", "d8-unless", "d8-never", "d8-second", "d8-third")


@pytest.fixture(scope="module")
def family(keeping: Keeping) -> Keeping:
    """Every policy, one that takes long to end, one that Docker never started, one stopped by hand."""
    stubborn = ("sh", "-c", "trap '' TERM; while :; do sleep 1; done")
    keeping.create("d8-slow", "--network=none", f"--stop-timeout={PATIENT}", command=stubborn)
    keeping.create("d8-always", "--network=none", "--restart=always")
    keeping.create("d8-unless", "--network=none", "--restart=unless-stopped")
    keeping.create("d8-never", "--network=none", "--restart=always")
    for name in ("d8-plain", "d8-second", "d8-third", "d8-hand"):
        keeping.create(name, "--network=none")
    for name in (*FAMILY, "d8-hand"):
        keeping.declare(name, QUICK)
    keeping.ready(*FAMILY, "d8-hand")
    keeping.containers.docker("stop", "d8-hand")
    keeping.until("d8-hand", lambda each: each["stopped_by_hand"], 5, "it was stopped by hand")
    return keeping


ENDS = (sigterm, sigkill, impatient, away) if LONG else (sigterm, sigkill)


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
@pytest.mark.timeout(900)
def test_d8_when_docker_is_back_everything_is_up_but_what_was_stopped_by_hand(
    family: Keeping, end: Callable[[Host], None]
) -> None:
    host, worst = family.host, 0.0
    for _ in range(RESTARTS):
        # One that Docker has never started is not started by its policy either.
        family.containers.docker("rm", "-f", "d8-never")
        host.run("systemctl", "reset-failed", "docker", check=False)
        end(host)
        began = time.monotonic()
        family.create("d8-never", "--network=none", "--restart=always")
        family.ready(*FAMILY, timeout=BACK)
        worst = max(worst, time.monotonic() - began)
        statuses = family.all()
        assert not [name for name in FAMILY if statuses[name]["stopped_by_hand"]]
        assert statuses["d8-hand"]["stopped_by_hand"]
        assert family.containers.state("d8-hand") == "exited"
    print(f"{end.__name__}: {len(FAMILY)} ready within {worst:.1f} s of Docker's return, {RESTARTS} times")
    # Docker's end is no crash of a container, and costs nothing of its budget.
    assert {name: family.all()[name]["restarts"] for name in FAMILY if name != "d8-never"} == dict.fromkeys(
        [name for name in FAMILY if name != "d8-never"], 0
    )


@pytest.mark.timeout(240)
def test_d8_a_docker_that_hangs_and_what_died_meanwhile(family: Keeping) -> None:
    host = family.host
    pid = family.containers.inspect("d8-plain", "{{.State.Pid}}")
    host.run("systemctl", "kill", "-s", "STOP", "--kill-who=main", "docker")
    try:
        family.until("d8-second", lambda each: each["state"] == "unknown", 20, "nothing is known")
        host.run("kill", "-KILL", pid)
        told = family.explain("d8-second")
        print(told)
        assert "systemctl status docker" in told
        threading.Event().wait(FREEZE)
        shown = host.run("portreeve", "status", check=False, timeout=10).stdout
        assert "docker hung" in shown.splitlines()[0]
    finally:
        host.run("systemctl", "kill", "-s", "CONT", "--kill-who=main", "docker")
    family.ready(*FAMILY, timeout=BACK)
    assert family.all()["d8-hand"]["stopped_by_hand"]


@pytest.mark.timeout(240)
def test_d8_containers_that_outlive_docker_are_not_touched(family: Keeping) -> None:
    host = family.host
    host.write("/etc/docker/daemon.json", '{"live-restore": true}\n')
    host.run("systemctl", "reload", "docker")
    template = "{{.State.StartedAt}}"
    before = [family.containers.inspect(name, template) for name in FAMILY]
    for end in (sigterm, sigkill, away):
        host.run("systemctl", "reset-failed", "docker", check=False)
        end(host)
        family.ready(*FAMILY, timeout=BACK)
        assert [family.containers.inspect(name, template) for name in FAMILY] == before
        assert family.all()["d8-hand"]["stopped_by_hand"]
