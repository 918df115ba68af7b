"""The bug that started it: the file changes while its container is not up, and nothing ever happens again.

Here nothing is written before the container is there, Cockpit keeps its port all the time, and is in step
within 5 s of the container's start, without any further event.
"""

from __future__ import annotations

import os
import threading

import pytest

from host.lab.machine import Host
from host.main_job import DROP_IN, MainJob, Sampler, begin

AWAY = 60 if os.environ.get("PORTREEVE_TEST_LONG") else 20
"""Seconds that the container stays away."""

IN_STEP_WITHIN = 5.0

pytestmark = pytest.mark.timeout(AWAY + 120)


def upgrade_begins(job: MainJob) -> None:
    """The container goes away, and its configuration is written before it comes back."""
    job.apphub.rm()
    job.apphub.set_port_in_place(9443)
    job.reason("container-absent")


def away(seconds: float) -> None:
    threading.Event().wait(seconds)


def upgrade_ends(job: MainJob, wanted: str) -> None:
    assert job.host.read(DROP_IN) == wanted, "something was written while the container was away"
    job.apphub.create()
    job.listens(9443, timeout=IN_STEP_WITHIN)


def test_with_the_agent_running_all_the_time(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    drop_in = host.read(DROP_IN)
    with Sampler(host, 9000, 9090, 9443) as sampler:
        upgrade_begins(job)
        away(AWAY)
        assert set(sampler.seen()) == {frozenset({9000})}
        upgrade_ends(job, drop_in)
        assert not any(9090 in sample for sample in sampler.seen())


def test_with_the_agent_restarted_meanwhile(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    drop_in = host.read(DROP_IN)
    with Sampler(host, 9000, 9090, 9443) as sampler:
        upgrade_begins(job)
        host.run("systemctl", "restart", "portreeve")
        job.reason("container-absent")
        away(5)
        assert set(sampler.seen()) == {frozenset({9000})}
        upgrade_ends(job, drop_in)


def test_with_the_agent_stopped_while_everything_changes(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    host.run("systemctl", "stop", "portreeve")
    job.apphub.recreate()
    job.apphub.set_port_atomic(9443)
    assert host.http_status(9000) == 200
    host.run("systemctl", "start", "portreeve")
    job.listens(9443, timeout=IN_STEP_WITHIN)


def test_with_the_whole_host_rebooted_meanwhile(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    drop_in = host.read(DROP_IN)
    upgrade_begins(job)
    host.reboot()
    job.reason("container-absent", timeout=30)
    assert host.http_status(9000) == 200
    assert not host.is_listening(9090)
    away(5)
    upgrade_ends(job, drop_in)
