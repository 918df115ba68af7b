"""Cockpit's package is changed while AppHub's port is: what the hooks of a package have the agent do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.packages import cockpit_package, install_package
from host.lab.run import Run
from host.main_job import DROP_IN, MainJob, Sampler, begin
from portreeve.systemd.messages import MessageId

PACKAGE = "cockpit-ws"
MARK = f"/var/lib/portreeve/pending/{PACKAGE}.json"
SHORTEN = """
import json, sys, time
with open(sys.argv[1], "r+") as file:
    mark = json.load(file)
    mark["until"] = time.time() + 2
    file.seek(0)
    file.truncate()
    json.dump(mark, file)
"""


@pytest.fixture(scope="module")
def machine(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Host]:
    """One host for all tests of this file."""
    with Host(lab_run, installed_snapshot, "pending") as host:
        yield host


@pytest.fixture(scope="module")
def first(machine: Host) -> MainJob:
    return begin(machine, 9000)


@pytest.fixture
def job(first: MainJob) -> MainJob:
    """Cockpit follows AppHub on port 9000, and no package is pending."""
    first.apphub.set_port_in_place(9000)
    first.host.run("portreeve", "sync", "cockpit")
    first.listens(9000)
    assert pending(first) == []
    return first


def hook(job: MainJob, event: str) -> str:
    """What the package's script sees on standard error; standard output is debconf's."""
    ran = job.host.run("portreeve", "hook", event, "--package", PACKAGE, "--version", "300")
    assert ran.stdout == ""
    return ran.stderr.strip()


def pending(job: MainJob) -> list[dict[str, Any]]:
    shown = json.loads(job.host.run("portreeve", "status", "--output", "json", check=False).stdout)
    found: list[dict[str, Any]] = shown["pending"]
    return found


def is_done(job: MainJob) -> bool:
    return pending(job) == [] and not job.host.exists(MARK)


def kept(job: MainJob) -> list[str]:
    job.host.run("journalctl", "--sync")
    entries = job.host.journal("portreeve")
    return [
        str(entry["MESSAGE"]) for entry in entries if entry.get("MESSAGE_ID") == MessageId.PACKAGE_KEPT.value
    ]


def test_a_port_that_is_chosen_while_the_package_is_replaced_is_followed_afterwards(job: MainJob) -> None:
    host = job.host
    with Sampler(host, 9000, 9443, 9090, 9191) as sampler:
        assert hook(job, "pre-upgrade").startswith("portreeve: cockpit-ws 300: cockpit (port = 9000")
        assert job.reason("package-changing")["state"] == "waiting"
        assert [(each["package"], each["syncs"]) for each in pending(job)] == [(PACKAGE, ["cockpit"])]
        text = host.run("portreeve", "status", check=False).stdout
        assert "cockpit-ws is being upgraded to 300" in text
        assert "cockpit-ws 300: pre-upgrade" in text
        assert "holds cockpit for 14m" in text
        assert "`portreeve sync cockpit` goes on at once" in job.explain()

        job.apphub.set_port_in_place(9443)
        install_package(host, cockpit_package(host, vendor_port=9191))
        assert "ListenStream=9000" in host.read(DROP_IN)
        assert job.reason("package-changing")["generation"] is not None

        assert "cockpit keeps port = 9443" in hook(job, "post-upgrade")
        job.listens(9443)
        assert not any({9090, 9191} & sample for sample in sampler.seen())
    assert is_done(job)
    assert kept(job)[-1] == "cockpit-ws 300: cockpit keeps port = 9443, verified"
    assert (
        "pending_packages 0.0"
        in host.run(
            "curl", "-s", "--unix-socket", "/run/portreeve/public.sock", "http://portreeve/metrics"
        ).stdout
    )


def test_a_killed_agent_goes_on_with_the_hold(job: MainJob) -> None:
    host = job.host
    hook(job, "pre-upgrade")
    host.run("systemctl", "kill", "-s", "KILL", "portreeve.service")
    job.apphub.set_port_in_place(9444)
    host.run("systemctl", "restart", "portreeve.service")
    assert job.reason("package-changing")["values"] == {"port": "9000"}
    assert "ListenStream=9000" in host.read(DROP_IN)
    assert "cockpit keeps port = 9444" in hook(job, "post-upgrade")
    assert is_done(job)


def test_a_mark_that_is_found_at_the_start_is_worked_off(job: MainJob) -> None:
    host = job.host
    hook(job, "pre-upgrade")
    host.run("systemctl", "stop", "portreeve.service")
    install_package(host, cockpit_package(host, vendor_port=9191))
    assert "seen to later" in hook(job, "post-upgrade")
    assert host.exists(MARK)
    before = len(kept(job))
    host.run("systemctl", "start", "portreeve.service")
    job.in_step()
    host.wait_until(lambda: is_done(job), 10, "the mark has served")
    assert kept(job)[before:] == ["cockpit-ws 300: cockpit keeps port = 9000, verified"]


def test_a_unit_that_its_package_is_to_start_is_not_fought_for(job: MainJob) -> None:
    host = job.host
    host.run("systemctl", "stop", "cockpit.socket", "cockpit.service")
    assert "cockpit.socket was stopped" in hook(job, "post-upgrade")
    assert not host.is_listening(9000)
    assert is_done(job)
    host.run("systemctl", "start", "cockpit.socket")
    job.in_step()


def test_a_hook_does_not_wait_for_docker_to_prove_what_is_in_force(job: MainJob) -> None:
    host = job.host
    host.run("systemctl", "stop", "docker.socket", "docker.service")
    try:
        hook(job, "pre-upgrade")
        begun = time.monotonic()
        assert "cockpit keeps port = 9000, verified (" in hook(job, "post-upgrade")
        assert time.monotonic() - begun < 30
        assert is_done(job)
    finally:
        host.run("systemctl", "start", "docker.service")
    job.in_step(60)


def test_an_administrator_goes_on_at_once(job: MainJob) -> None:
    hook(job, "pre-upgrade")
    job.apphub.set_port_in_place(9445)
    job.reason("package-changing")
    job.host.run("portreeve", "sync", "cockpit")
    job.listens(9445)
    assert [each["event"] for each in pending(job)] == ["pre-upgrade"]
    hook(job, "post-upgrade")
    assert is_done(job)


def test_a_hold_that_nobody_ends_runs_out(job: MainJob) -> None:
    host = job.host
    hook(job, "pre-upgrade")
    host.run("python3", "-c", SHORTEN, MARK)
    host.run("systemctl", "reload", "portreeve.service")
    job.apphub.set_port_in_place(9446)
    job.listens(9446, timeout=20)
    host.wait_until(lambda: is_done(job), 10, "the mark has served")


@pytest.fixture(scope="module")
def rebooted(first: MainJob) -> MainJob:
    """The host was booted after a package's first hook, and before its second."""
    hook(first, "pre-upgrade")
    first.apphub.set_port_in_place(9447)
    first.host.reboot()
    return first


def test_a_boot_ends_the_hold(rebooted: MainJob) -> None:
    rebooted.in_step(60)
    rebooted.listens(9447)
    rebooted.host.wait_until(lambda: is_done(rebooted), 10, "the mark has served")
