"""One look at a guarded service: a fake manager on a real bus, and a real port that is probed."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.systemd_manager import FakeManager, FakeUnit, fake_systemd
from portreeve.clock import Clock
from portreeve.definitions.supervised import Budget, Probe, Service, TcpConnects
from portreeve.errors import Reason, Unreachable
from portreeve.supervise.guard import Guard
from portreeve.supervise.service_record import ServiceRecord
from portreeve.supervise.status import ServiceState, ServiceStatus
from portreeve.systemd.bus import Systemd

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed")

NOW = 1_000_000.0

RESTARTED = ["ResetFailedUnit app.service", "RestartUnit app.service"]
"""systemd's start limit would stop it and refuse to start it again."""


class Site:
    """A host with app.service, which listens on a port of its own."""

    def __init__(self, manager: FakeManager) -> None:
        self.manager = manager
        self.now = NOW
        self.app = manager.units["app.service"] = FakeUnit(
            active_since=NOW - 100, restart_policy="on-failure"
        )
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.service = Service(
            name="app",
            description="the app",
            unit="app.service",
            requires=("docker", "container:db"),
            origin=(Path("/etc/portreeve/services.d/app.toml"),),
            restart=Budget(max=2, window=600.0, backoff=(2.0, 60.0)),
            probe=Probe(TcpConnects(f"127.0.0.1:{self.port}"), interval=10.0, timeout=1.0, failures=3),
        )
        self.record = ServiceRecord("app")
        self.again: float | None = None
        self.guard = Guard(Systemd(manager.address), Clock(wall=lambda: self.now))

    def look(self, times: int = 1) -> ServiceStatus:
        for _ in range(times):
            self.record, status, self.again = self.guard.look(self.service, self.record)
            self.now += 10.0
        return status

    def acted(self) -> list[str]:
        reads = ("LoadUnit", "GetAll")
        return [call for call in self.manager.calls if not call.startswith(reads)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with fake_systemd(tmp_path) as manager:
        site = Site(manager)
        with site.listener:
            yield site


def test_a_service_that_serves_is_left_alone_until_the_next_probe(site: Site) -> None:
    status = site.look()
    assert status.state is ServiceState.ACTIVE
    assert status.probe == f"127.0.0.1:{site.port} accepts connections"
    assert (site.again, site.acted()) == (10.0, [])


def test_one_probe_that_fails_is_no_outage(site: Site) -> None:
    site.look()
    site.listener.close()
    assert site.look(2).state is ServiceState.ACTIVE
    assert site.acted() == []


def test_three_that_fail_restart_it_without_waiting_for_the_job(site: Site) -> None:
    site.manager.never_ends = True
    site.look()
    site.listener.close()
    status = site.look(3)
    assert site.acted() == RESTARTED
    assert (status.state, status.restarts, status.restarts_most) == (ServiceState.STARTING, 1, 2)
    assert status.trouble is not None
    assert status.trouble.reason is Reason.SERVICE_UNREADY


def test_a_frozen_process_does_not_serve_although_the_kernel_accepts_for_it(site: Site) -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            os.kill(child.pid, signal.SIGSTOP)
            os.waitpid(child.pid, os.WUNTRACED)
            site.app.main_pid = child.pid
            status = site.look(3)
        finally:
            child.kill()
    assert status.probe == "its main process is frozen (SIGSTOP)"
    site.app.main_pid = 0
    assert site.look().state is ServiceState.ACTIVE


def test_a_new_run_is_judged_anew(site: Site) -> None:
    site.look()
    site.listener.close()
    site.look(3)
    site.app.invocation, site.app.active_since = b"\x02", site.now
    assert site.look(3).state is ServiceState.STARTING
    assert site.acted() == RESTARTED


def test_it_is_given_up_when_its_budget_is_used_up(site: Site) -> None:
    site.look()
    site.listener.close()
    status = site.look(12)
    forgotten = ["ResetFailedUnit app.service"]
    assert site.acted() == RESTARTED * 2 + forgotten, "the start limit must not refuse an administrator"
    assert (status.state, status.gave_up, status.next_try) == (ServiceState.UNREADY, True, None)


def test_a_masked_service_is_left_alone(site: Site) -> None:
    site.app.load_state, site.app.active_state = "masked", "inactive"
    assert site.look(3).state is ServiceState.MASKED
    assert site.acted() == []


def test_a_service_whose_container_is_not_ready_waits_for_it(site: Site) -> None:
    site.app.active_state = "inactive"
    site.manager.units["portreeve-container@db.service"] = FakeUnit(active_state="activating")
    status = site.look()
    assert status.trouble is not None
    assert status.trouble.hint == "`portreeve explain container:db` tells why"


def test_a_service_that_was_stopped_while_its_container_is_ready_was_stopped_by_hand(site: Site) -> None:
    site.app.active_state = "inactive"
    site.manager.units["portreeve-container@db.service"] = FakeUnit()
    status = site.look()
    assert (status.state, status.trouble) == (ServiceState.STOPPED, None)


def test_a_reset_starts_what_systemd_gave_up(site: Site) -> None:
    site.app.active_state, site.app.auto_restarts = "failed", 5
    assert site.look().gave_up
    site.record = site.record.reset()
    assert not site.look().gave_up
    assert site.acted() == ["ResetFailedUnit app.service", "StartUnit app.service"]


def test_memory_that_a_control_group_counts_is_left_to_it(site: Site) -> None:
    site.service = replace(site.service, memory_max=1)
    site.app.memory = 1 << 30
    assert site.look().state is ServiceState.ACTIVE


def test_a_systemd_that_does_not_answer_is_told(site: Site) -> None:
    with pytest.raises(Unreachable):
        Guard(Systemd("unix:path=/nonexistent")).look(site.service, site.record)
