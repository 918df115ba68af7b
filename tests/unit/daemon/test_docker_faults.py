"""Docker in every kind of trouble: named, nothing written, every command answers, and right again at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from fakes.agent_process import AgentProcess, Eventually, definition
from fakes.dockerd import FakeContainer, FakeDockerd, Mode, volume

Start = Callable[..., AgentProcess]

WATCHDOG = 6.0
"""Seconds: short, and the agent gives its signs of life three times as often."""

RETURN = 5.0
"""Seconds after Docker's return in which everything must be right."""

COMMANDS = {
    ("status",): 10.0,
    ("explain", "app"): 10.0,
    ("history", "app"): 10.0,
    ("doctor",): 20.0,
    ("check",): 10.0,
    ("diff", "app"): 60.0,
    ("sync", "app", "--dry-run"): 60.0,
    ("sync", "app", "--timeout", "2s"): 7.0,
    ("wait", "docker", "--timeout", "1s"): 6.0,
    ("wait", "sync:app", "--timeout", "1s"): 6.0,
}
"""Seconds that each command gives an agent to answer; `wait` adds five to what it was told."""


@pytest.fixture
def dockerd(root: Path) -> Iterator[FakeDockerd]:
    """A daemon with one container, whose volume holds the source of the sync."""
    folder = root / "volume"
    folder.mkdir()
    (root / "app.ini").rename(folder / "app.ini")
    settings = root / "etc/portreeve/portreeve.toml"
    settings.write_text(f'[docker]\nsocket = "{root}/docker.sock"\ntimeout = "2s"\n')
    in_volume = 'container = "app"\nvolume = "config"\npath = "app.ini"'
    text = definition(root).replace(f'file = "{root}/app.ini"', in_volume)
    (root / "etc/portreeve/syncs.d/app.toml").write_text(text)
    with FakeDockerd(root / "docker.sock") as fake:
        fake.containers = [FakeContainer("app", mounts=[volume("config", folder, "/config")])]
        fake.volumes = {"config": None}
        yield fake


@pytest.fixture
def agent(root: Path, dockerd: FakeDockerd, start: Start, eventually: Eventually) -> Iterator[AgentProcess]:
    """An agent that is in step, and must never come near its watchdog's end."""
    running = start(watchdog=WATCHDOG)
    eventually(lambda: "READY=1" in running.told and in_step(running), "it is in step")
    yield running
    signs = [*running.alive_at, time.monotonic()]
    running.stop()
    assert max(after - before for before, after in pairwise(signs)) < WATCHDOG


def in_step(agent: AgentProcess) -> bool:
    return agent.status("app")["state"] == "in-step"


def trouble(agent: AgentProcess) -> object:
    found = agent.status("app")["trouble"]
    return found["reason"] if isinstance(found, dict) else None


def docker(agent: AgentProcess) -> object:
    return json.loads(agent.command("status", "--output", "json", code=None))["docker"]["state"]


def every_command_answers(agent: AgentProcess) -> None:
    for argv, seconds in COMMANDS.items():
        began = time.monotonic()
        ran = agent.run(*argv)
        assert time.monotonic() - began < seconds, argv
        shown = ran.stdout + ran.stderr
        assert shown.strip(), argv
        assert "agent cannot be reached" not in shown, argv


def becomes_right(root: Path, agent: AgentProcess, port: int) -> None:
    """The value is in force, the sync in step and Docker up, in time counted from now."""
    deadline = time.monotonic() + RETURN
    target = root / "out.conf"
    while target.read_text() != f"listen {port}\n" or not (in_step(agent) and docker(agent) == "up"):
        assert time.monotonic() < deadline, f"{target.read_text()}{agent.status('app')}{docker(agent)}"
        time.sleep(0.05)


def change(root: Path, port: int) -> None:
    (root / "volume/app.ini").write_text(f"[web]\nport = {port}\n")


SILENT_OR_WRONG = [
    (Mode.HANG, "docker-hung"),
    (Mode.PING_ONLY, "docker-hung"),
    (Mode.ERROR, "docker-error"),
    (Mode.GARBAGE, "docker-error"),
    (Mode.CLOSE, "docker-down"),
    (Mode.REFUSE_VERSION, "docker-version-refused"),
]


@pytest.mark.parametrize(("mode", "reason"), SILENT_OR_WRONG)
def test_a_daemon_replaced_by_something_else(
    root: Path, dockerd: FakeDockerd, agent: AgentProcess, eventually: Eventually, mode: Mode, reason: str
) -> None:
    before = (root / "out.conf").stat()
    dockerd.stop()
    dockerd.mode = mode
    dockerd.start()
    change(root, 9443)
    eventually(lambda: trouble(agent) == reason, f"{reason} is told")
    assert agent.status("app")["state"] == "waiting"
    every_command_answers(agent)
    after = (root / "out.conf").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    dockerd.stop()
    dockerd.mode = Mode.OK
    dockerd.start()
    becomes_right(root, agent, 9443)


def test_a_daemon_that_freezes_with_its_stream_open(
    root: Path, dockerd: FakeDockerd, agent: AgentProcess, eventually: Eventually
) -> None:
    before = (root / "out.conf").stat()
    dockerd.mode = Mode.HANG
    change(root, 9443)
    eventually(lambda: trouble(agent) == "docker-hung", "that it hangs is told")
    every_command_answers(agent)
    assert (root / "out.conf").stat().st_ino == before.st_ino
    dockerd.mode = Mode.OK
    dockerd.release()
    becomes_right(root, agent, 9443)


def test_a_daemon_that_freezes_while_nothing_changes_is_found_out(
    root: Path, dockerd: FakeDockerd, agent: AgentProcess
) -> None:
    dockerd.mode = Mode.HANG
    deadline = time.monotonic() + 20
    while trouble(agent) != "docker-hung":
        assert time.monotonic() < deadline, "the heartbeat did not find it out"
        time.sleep(0.1)
    dockerd.mode = Mode.OK
    dockerd.release()
    becomes_right(root, agent, 9000)


@pytest.mark.parametrize("mode", [Mode.HALF_EVENT, Mode.GARBAGE_EVENT])
def test_a_stream_that_breaks_off_within_an_event(
    root: Path, dockerd: FakeDockerd, agent: AgentProcess, mode: Mode
) -> None:
    (app,) = dockerd.containers
    assert dockerd.subscribed.acquire(timeout=10)
    for port in (9441, 9442, 9443):
        # The container gets another volume, and the event that would tell it never comes whole.
        folder = root / f"volume-{port}"
        folder.mkdir()
        (folder / "app.ini").write_text(f"[web]\nport = {port}\n")
        dockerd.mode = mode
        app.mounts = [volume("config", folder, "/config")]
        dockerd.emit("start", app)
        becomes_right(root, agent, port)
        assert dockerd.subscribed.acquire(timeout=10), "the agent listens again"
    every_command_answers(agent)


def test_a_socket_that_takes_a_request_and_never_answers(
    root: Path, dockerd: FakeDockerd, agent: AgentProcess, eventually: Eventually
) -> None:
    """The same as systemd's socket of a docker.service that does not start."""
    dockerd.stop()
    script = "import socket, sys, time; s = socket.socket(1); s.bind(sys.argv[1]); s.listen(); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script, str(dockerd.socket)]) as silent:
        change(root, 9443)
        eventually(lambda: trouble(agent) == "docker-hung", "that it hangs is told")
        every_command_answers(agent)
        silent.kill()
    assert (root / "out.conf").read_text() == "listen 9000\n"
    dockerd.start()
    becomes_right(root, agent, 9443)


def test_it_stops_at_once_while_docker_hangs(
    root: Path, dockerd: FakeDockerd, agent: AgentProcess, eventually: Eventually
) -> None:
    dockerd.mode = Mode.HANG
    change(root, 9443)
    eventually(lambda: trouble(agent) == "docker-hung", "that it hangs is told")
    began = time.monotonic()
    agent.stop()
    assert agent.process.returncode == 0
    assert time.monotonic() - began < 5
    dockerd.release()
