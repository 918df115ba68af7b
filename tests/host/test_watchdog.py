"""systemd's watchdog: a worker that hangs gets the agent restarted, a slow container does not."""

from __future__ import annotations

import threading

import pytest

from host.lab.containers import Containers, run_apphub
from host.lab.faults import hung_socket
from host.lab.machine import Host
from host.main_job import begin, declare

# What a debugger does to one thread: seize it and stop it; the others run on.
STOP_ONE_THREAD = """
import ctypes, os, pathlib, sys
libc = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
pid = int(sys.argv[1])
for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
    if int(task.name) == pid:
        continue
    if (task / "comm").read_text().strip() == sys.argv[2]:
        for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
            if libc.ptrace(request, int(task.name), None, None):
                sys.exit(f"ptrace: {ctypes.get_errno()}")
        print("stopped", flush=True)
        # A traced thread's end is held back until its tracer has taken note of it.
        while not os.WIFSIGNALED(os.waitpid(int(task.name), 0x40000000)[1]):  # __WALL
            pass
        sys.exit()
sys.exit("no such thread")
"""
SHORT = "[Service]\nWatchdogSec=6\nRestartSec=1\n"


@pytest.fixture
def watched_host(installed_host: Host) -> Host:
    """A host whose watchdog bites after 6 s."""
    installed_host.write("/etc/systemd/system/portreeve.service.d/short.conf", SHORT)
    installed_host.run("systemctl", "daemon-reload")
    installed_host.run("systemctl", "restart", "portreeve")
    return installed_host


def main_pid(host: Host) -> str:
    return host.run("systemctl", "show", "-P", "MainPID", "portreeve.service").stdout.strip()


def watchdog_bites(host: Host) -> int:
    return sum("watchdog timeout" in str(entry.get("MESSAGE", "")).lower() for entry in host.journal())


def test_a_worker_that_a_debugger_stopped_gets_the_agent_restarted(watched_host: Host) -> None:
    host = watched_host
    job = begin(host, 9000)
    before = main_pid(host)
    host.run(
        "systemd-run", "--quiet", "--unit=debugger", "python3", "-c", STOP_ONE_THREAD, before, "worker-1"
    )
    host.wait_until(lambda: main_pid(host) not in (before, "0"), 30, "the agent was restarted")
    assert watchdog_bites(host) == 1
    job.in_step()
    job.apphub.set_port_in_place(9443)
    job.listens(9443)


def test_an_idle_agent_is_not_bitten(watched_host: Host) -> None:
    host = watched_host
    begin(host, 9000)
    before = main_pid(host)
    threading.Event().wait(20)
    assert main_pid(host) == before
    assert watchdog_bites(host) == 0


def test_a_slow_container_and_a_hung_docker_do_not_get_it_restarted(watched_host: Host) -> None:
    host = watched_host
    hung_socket(host, "/run/hung-docker.sock")
    settings = '[docker]\nsocket = "/run/hung-docker.sock"\ntimeout = "9s"\n'
    host.write("/etc/portreeve/portreeve.toml.d/lab.toml", settings)
    run_apphub(Containers(host), 9000)
    declare(host)
    host.run("systemctl", "restart", "portreeve", timeout=60)
    before = main_pid(host)
    threading.Event().wait(25)
    assert main_pid(host) == before
    assert watchdog_bites(host) == 0
