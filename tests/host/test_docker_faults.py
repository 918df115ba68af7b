"""A real dockerd that is stopped, killed, restarted and frozen: named, and right within 5 s of its return."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from host.lab.containers import AppHub, run_apphub
from host.lab.faults import PrivateDocker
from host.lab.machine import Host
from host.main_job import MainJob, declare

RETURN = 5.0
"""Seconds after Docker's return in which everything must be right (issue: 5 s)."""

FREEZE = 30.0 if os.environ.get("PORTREEVE_TEST_LONG") else 12.0
"""Seconds for which dockerd is frozen; longer than a heartbeat of the agent's (10 s)."""

WATCHDOG = "[Service]\nWatchdogSec=6\nRestartSec=1\n"
SETTINGS = '[docker]\nsocket = "{socket}"\ntimeout = "3s"\n'

COMMANDS = {
    ("status",): 10.0,
    ("explain", "cockpit"): 10.0,
    ("history", "cockpit"): 10.0,
    ("doctor",): 20.0,
    ("check",): 10.0,
    ("diff", "cockpit"): 60.0,
    ("sync", "cockpit", "--timeout", "2s"): 7.0,
    ("wait", "docker", "--timeout", "1s"): 6.0,
    ("wait", "sync:cockpit", "--timeout", "1s"): 6.0,
}
"""Seconds that each command gives the agent to answer; `wait` and `sync` add five to what they were told."""


class Faulty:
    """A host whose AppHub runs in a Docker that may be killed, with a short watchdog over the agent.

    Args:
        host: with portreeve installed.
        options: of dockerd.
    """

    def __init__(self, host: Host, *options: str) -> None:
        self.host = host
        self.docker = PrivateDocker(host, *options)
        self.docker.start()
        self.docker.containers.import_busybox_image()
        self.apphub: AppHub = run_apphub(self.docker.containers, 9000, network="none")
        self.config = self.apphub.config_path
        self.job = MainJob(host, self.apphub)
        host.write("/etc/portreeve/portreeve.toml.d/lab.toml", SETTINGS.format(socket=self.docker.socket))
        host.write("/etc/systemd/system/portreeve.service.d/short.conf", WATCHDOG)
        host.run("systemctl", "daemon-reload")
        host.run("systemctl", "restart", "portreeve")
        declare(host)
        self.job.in_step()
        self.job.listens(9000)
        self.agent = self.main_pid()

    def main_pid(self) -> str:
        """The agent's process."""
        return self.host.run("systemctl", "show", "-P", "MainPID", "portreeve.service").stdout.strip()

    def change(self, port: int) -> None:
        """Change the port in the volume, which needs no Docker."""
        self.host.write(self.config, self.apphub.config(port))

    def commands_answer(self) -> None:
        """Each command answers within its timeout, and from the agent."""
        for argv, seconds in COMMANDS.items():
            began = time.monotonic()
            ran = self.host.run("portreeve", *argv, check=False, timeout=seconds + 30)
            assert time.monotonic() - began < seconds, argv
            assert (ran.stdout + ran.stderr).strip(), argv
            assert "agent cannot be reached" not in ran.stdout + ran.stderr, argv

    def unchanged(self, port: int) -> None:
        """Nothing was written meanwhile: Cockpit listens where it did."""
        assert self.host.http_status(port) == 200

    def right(self, port: int) -> None:
        """From now on in at most RETURN seconds: in step, Docker up, Cockpit on this port."""
        began = time.monotonic()

        def done() -> bool:
            return self.job.status()["state"] == "in-step" and self.host.http_status(port) == 200

        self.host.wait_until(done, RETURN, f"right with {port}: {self.job.status()}")
        print(f"right {time.monotonic() - began:.2f} s after the return")
        self.host.run("portreeve", "wait", "docker", "--timeout", "5s")

    def never_bitten(self) -> None:
        """The agent is the same process, and its watchdog has not fired."""
        assert self.main_pid() == self.agent
        told = [str(entry.get("MESSAGE", "")).lower() for entry in self.host.journal()]
        assert not [line for line in told if "watchdog timeout" in line]


@pytest.fixture
def faulty(installed_host: Host) -> Iterator[Faulty]:
    found = Faulty(installed_host)
    yield found
    found.never_bitten()


def end_with_sigterm(docker: PrivateDocker) -> None:
    docker.stop()


def end_with_sigkill(docker: PrivateDocker) -> None:
    docker.kill()


@pytest.mark.parametrize("end", [end_with_sigterm, end_with_sigkill])
def test_a_dockerd_that_ends_and_comes_back(faulty: Faulty, end: Callable[[PrivateDocker], None]) -> None:
    end(faulty.docker)
    faulty.change(9443)
    told = faulty.job.reason("docker-down")
    assert told["state"] == "waiting"
    faulty.commands_answer()
    faulty.unchanged(9000)
    faulty.docker.start()
    faulty.right(9443)


def test_a_dockerd_that_is_replaced_while_its_containers_live_on(installed_host: Host) -> None:
    faulty = Faulty(installed_host, "--live-restore")
    started = faulty.docker.containers.inspect("websoft9-apphub", "{{.State.StartedAt}}")
    faulty.docker.stop()
    faulty.job.reason("docker-down")
    faulty.change(9443)
    faulty.commands_answer()
    faulty.unchanged(9000)
    # No event will tell of anything: the container has never stopped.
    faulty.docker.start()
    faulty.right(9443)
    assert faulty.docker.containers.inspect("websoft9-apphub", "{{.State.StartedAt}}") == started
    faulty.never_bitten()


@pytest.mark.timeout(240)
def test_a_dockerd_that_is_frozen(faulty: Faulty) -> None:
    faulty.docker.send(signal.SIGSTOP)
    began = time.monotonic()
    try:
        faulty.change(9443)
        assert faulty.job.reason("docker-hung")["state"] == "waiting"
        faulty.commands_answer()
        faulty.unchanged(9000)
        threading.Event().wait(max(0.0, began + FREEZE - time.monotonic()))
        faulty.unchanged(9000)
    finally:
        faulty.docker.send(signal.SIGCONT)
    faulty.right(9443)


@pytest.mark.timeout(240)
def test_a_dockerd_that_is_frozen_while_nothing_changes(faulty: Faulty) -> None:
    faulty.docker.send(signal.SIGSTOP)
    try:
        assert faulty.job.reason("docker-hung", timeout=30)["state"] == "waiting"
    finally:
        faulty.docker.send(signal.SIGCONT)
    faulty.right(9000)


@pytest.mark.timeout(240)
def test_a_container_that_was_replaced_while_nobody_listened(faulty: Faulty) -> None:
    """More happens than Docker's ring of events holds: the list alone tells what stands."""
    pid = faulty.agent
    faulty.host.shell(f"kill -STOP {pid}")
    try:
        faulty.apphub.rm()
        faulty.change(9443)
        faulty.apphub.create()
    finally:
        faulty.host.shell(f"kill -CONT {pid}")
    faulty.right(9443)
