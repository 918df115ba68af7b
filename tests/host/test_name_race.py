"""Containers that remove themselves when they end are made again, while Docker still holds their names."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from host.kept_up import QUICK, WEB, KeptUp
from host.lab.containers import IMAGE, KEEP_RUNNING
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run

ROUNDS = 200 if os.environ.get("PORTREEVE_TEST_LONG") else 10
BACK = 10.0
"""Seconds in which one that ended is ready again."""

SECRET = "hunter2-of-the-game-server"


@pytest.fixture(scope="module")
def kept(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[KeptUp]:
    with Host(lab_run, installed_snapshot, "race") as host:
        yield KeptUp(host)


def end(kept: KeptUp, name: str) -> str:
    """Its first process ends by itself, as far as Docker can tell; returns its id."""
    old, pid = kept.containers.inspect(name, "{{.Id}} {{.State.Pid}}").split()
    kept.host.run("kill", "-KILL", pid)
    return old


def is_back(kept: KeptUp, name: str, old: str) -> bool:
    template = "{{.Id}} {{.State.Running}}"
    found = kept.containers.docker("inspect", "--format", template, name, check=False).stdout.split()
    return len(found) == 2 and found[0] != old and found[1] == "true"


def comes_back(kept: KeptUp, name: str, old: str, timeout: float = BACK) -> None:
    kept.host.wait_until(lambda: is_back(kept, name, old), timeout, f"{name} was made again")


@pytest.mark.timeout(1200)
def test_one_that_removes_itself_is_made_again_in_every_round(kept: KeptUp) -> None:
    kept.containers.docker("network", "create", "players")
    kept.containers.docker("volume", "create", "world")
    kept.containers.docker(
        *("create", "--name=game", "--rm", "-e", f"TOKEN={SECRET}", "-v", "world:/world", "-p", "25565:80"),
        *("--label=mcsmanager.instance.uuid=7", IMAGE, *WEB),
    )
    kept.containers.docker("network", "connect", "players", "game")
    kept.containers.docker("start", "game")
    ready = 'ready = { http = "http://{{ ip }}/health", interval = "0.5s" }\n'
    kept.declare("game", f'container = "game"\nautostart = true\n{ready}{QUICK}')
    kept.becomes("game", "ready")
    took = []
    for _ in range(ROUNDS):
        old = end(kept, "game")
        began = time.monotonic()
        comes_back(kept, "game", old)
        took.append(time.monotonic() - began)
    kept.becomes("game", "ready")
    took.sort()
    print(f"{ROUNDS} rounds: 0 left down, median {took[len(took) // 2]:.2f} s, at most {took[-1]:.2f} s")
    assert kept.named("game") == ["game"]
    made = "{{.HostConfig.AutoRemove}} {{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}"
    assert kept.containers.inspect("game", made).split() == ["true", "bridge", "players"]
    assert kept.containers.docker("exec", "game", "sh", "-c", "echo $TOKEN").stdout.strip() == SECRET
    assert kept.containers.inspect("game", '{{index .Config.Labels "mcsmanager.instance.uuid"}}') == "7"
    kept.host.shell('! grep -r -F -e "$1" /var/lib/portreeve /run/portreeve', SECRET)
    assert SECRET not in kept.host.run("journalctl", "-u", "portreeve", "-o", "cat").stdout


def test_the_name_may_be_held_for_a_while_by_the_one_that_is_being_removed(kept: KeptUp) -> None:
    """A removal is slow here, as it is where there is much to remove."""
    kept.containers.run("slow", "--rm", command=("sh", "-c", KEEP_RUNNING))
    kept.declare("slow", f'container = "slow"\nautostart = true\n{QUICK}')
    kept.becomes("slow", "ready")
    kept.containers.docker(
        *("exec", "slow", "sh", "-c", "i=0; while [ $i -lt 5000 ]; do : >/tmp/$i; i=$((i+1)); done")
    )
    old = end(kept, "slow")
    comes_back(kept, "slow", old, 2 * BACK)
    kept.becomes("slow", "ready")
    kept.declare("slow", 'container = "slow"\n')
    kept.containers.docker("rm", "-f", "slow")


def test_whoever_stops_kills_or_removes_it_through_docker_wants_it_gone(kept: KeptUp) -> None:
    kept.containers.run("guest", "--rm", command=("sh", "-c", KEEP_RUNNING))
    kept.declare("guest", f'container = "guest"\nautostart = true\n{QUICK}')
    for how in (("stop",), ("kill",), ("rm", "-f")):
        kept.becomes("guest", "ready")
        kept.containers.docker(*how, "guest")
        status = kept.becomes("guest", "absent")
        assert status["stopped_by_hand"], how
        told = kept.explain("guest")
        assert "somebody stopped or removed it through Docker, and it is left so" in told
        assert "portreeve containers start guest" in told
        assert kept.named("guest") == []
        started = kept.portreeve("containers", "start", "guest")
        assert "ready" in started.stdout
    stopped = kept.portreeve("containers", "stop", "guest")
    assert stopped.code == 0
    assert kept.named("guest") == []
    assert "did not work" not in kept.host.run("journalctl", "-u", "portreeve", "-o", "cat").stdout
    kept.portreeve("containers", "start", "guest")
    assert kept.state("guest") == "ready"


def test_a_stranger_who_has_the_name_is_told_of_and_left_alone(kept: KeptUp) -> None:
    kept.containers.run("lodger", "--rm", "--label=of=us", command=("sh", "-c", KEEP_RUNNING))
    kept.declare("lodger", f'label = "of=us"\nautostart = true\n{QUICK}')
    kept.becomes("lodger", "ready")
    kept.portreeve("containers", "stop", "lodger")
    stranger = kept.containers.run("lodger", command=("sh", "-c", KEEP_RUNNING))
    started = kept.portreeve("containers", "start", "lodger", "--timeout", "5s", check=False)
    assert started.code in (1, 3)
    told = kept.explain("lodger")
    assert "container-name-taken" in told
    assert "another container is called lodger" in told
    assert stranger[:12] in told
    assert kept.id("lodger") == stranger
    kept.containers.docker("rename", "lodger", "another")
    kept.becomes("lodger", "ready", 30)
    assert kept.containers.inspect("another", "{{.State.Running}}") == "true"


def test_one_that_keeps_ending_is_given_up_and_tells_how_it_ended(kept: KeptUp) -> None:
    kept.containers.run("short", "--rm", command=("sh", "-c", "sleep 1.5; exit 3"))
    budget = 'restart = { max = 2, window = "10m", backoff = ["50ms", "100ms"] }\n'
    kept.declare("short", f'container = "short"\nautostart = true\n{budget}')
    kept.becomes("short", "ready")
    kept.host.wait_until(lambda: kept.status("short")["gave_up"], 20, "short was given up")
    told = kept.explain("short")
    assert "its budget of 2 restarts" in told
    assert "it ended with exit code 3, and removed itself (--rm)" in told
    assert "portreeve containers reset short" in told
    kept.portreeve("containers", "reset", "short", "--timeout", "5s", check=False)
    kept.host.wait_until(lambda: not kept.status("short")["gave_up"], 5, "short is tried again")


def test_it_is_there_again_after_docker_was_restarted_and_after_the_agent_was_killed(kept: KeptUp) -> None:
    old = kept.id("game")
    kept.host.run("systemctl", "restart", "docker.service")
    comes_back(kept, "game", old, 30)
    kept.becomes("game", "ready")
    old = end(kept, "game")
    kept.kill_agent()
    comes_back(kept, "game", old, 30)
    kept.host.wait_until(lambda: kept.portreeve("status", check=False).code == 0, 15, "the agent answers")
    assert kept.named("game") == ["game"]
