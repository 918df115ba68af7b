"""No change is lost and no failure is final, with real units: under load, after crashes and reboots."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from host.lab.machine import Host
from host.main_job import begin

UNITS = 20
ROUNDS = 5
"""Of each unit: together a hundred."""

CONVERGED_WITHIN = 15.0
"""Seconds: a unit is moved at most three times in 10 s, and what is newest then is applied."""

TOO_OFTEN = "Start request repeated too quickly"

# A restart takes 0.3 s, at whose beginning the configuration is read; what was read is what is in force.
UNIT = """
[Unit]
Description=An application that takes a while to start
[Service]
ExecStartPre=/bin/sh -ec 'test ! -e /srv/app/needs || test -e /srv/app/dependency'
ExecStartPre=/bin/sh -ec 'cd /srv/app; cp %i.conf %i.read; sleep 0.3; mv %i.read %i.applied'
ExecStartPre=/bin/sh -ec 'echo >>/srv/app/%i.restarts'
ExecStart=/bin/sleep infinity
"""
SYNC = """
[sources.app]
file = "/srv/app/NAME.ini"
[values]
port = { source = "app", key = "web.port", type = "port" }
[[targets]]
path = "/srv/app/NAME.conf"
template = "app.conf.j2"
[[apply]]
restart = "app@NAME.service"
[[verify]]
unit_active = "app@NAME.service"
"""
LIBRARY = """
import json, os, pathlib, random, sys, threading, time
folder = pathlib.Path("/srv/app")
def choose(name, port):
    new = folder / f"{name}.new"
    new.write_text(f"[web]\\nport = {port}\\n")
    new.rename(folder / f"{name}.ini")
def has(name, state, port):
    try:
        return (folder / f"{name}.{state}").read_text() == f"{port}\\n"
    except FileNotFoundError:
        return False
def wait(name, state, port, seconds):
    deadline = time.monotonic() + seconds
    while not has(name, state, port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
"""
DURING_THE_APPLY = """
units, rounds, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
done, lost = [], []
def rounds_of(name):
    draw = random.Random(name)
    port = 10000
    for number in range(rounds):
        port += 2
        choose(name, port)
        if not wait(name, "read", port, seconds):
            lost.append([name, number, "never applied"])
            continue
        time.sleep(draw.uniform(0, 0.25))
        choose(name, port + 1)
        if not (folder / f"{name}.read").exists():
            lost.append([name, number, "too late to be during the apply"])
        (done if wait(name, "applied", port + 1, seconds) else lost).append([name, number, "lost"])
threads = [threading.Thread(target=rounds_of, args=(f"u{number}",)) for number in range(units)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps({"done": len(done), "lost": lost}))
"""
BURST = """
began = time.monotonic()
for number in range(1000):
    choose("u0", 20000 + number)
    time.sleep(max(0, began + 5 * (number + 1) / 1000 - time.monotonic()))
took = time.monotonic() - began
print(json.dumps({"took": took, "applied": wait("u0", "applied", 20999, float(sys.argv[1]))}))
"""


def prepare(host: Host, units: int = 1) -> None:
    """So many applications, each with a source of its own."""
    host.write("/etc/portreeve/templates/app.conf.j2", "{{ port }}\n")
    for number in range(units):
        host.write(f"/srv/app/u{number}.ini", "[web]\nport = 9000\n")
        host.write(f"/etc/portreeve/syncs.d/u{number}.toml", SYNC.replace("NAME", f"u{number}"))


def install_unit(host: Host) -> None:
    host.write("/etc/systemd/system/app@.service", UNIT)
    host.run("systemctl", "daemon-reload")


def converge(host: Host, units: int = 1) -> None:
    def declared() -> bool:
        shown = json.loads(host.run("portreeve", "status", "--output", "json", check=False).stdout)
        return len(shown["syncs"]) == units

    host.wait_until(declared, 20, "the definitions are loaded")
    host.run("portreeve", "wait", "all", "--timeout", "60s", timeout=70)


def applied(host: Host, port: int) -> bool:
    """The first application runs with this port."""
    active = host.run("systemctl", "is-active", "app@u0.service", check=False).code == 0
    return active and host.read("/srv/app/u0.applied") == f"{port}\n"


def restarts(host: Host) -> int:
    return int(host.shell("cat /srv/app/*.restarts | wc -l").stdout)


def reason(host: Host) -> str:
    told = host.run("portreeve", "explain", "u0", "--output", "json", check=False).stdout
    # There is nothing to tell before the definition is loaded.
    return str((json.loads(told)["trouble"] or {}).get("reason", "")) if told else ""


def never_too_often(host: Host) -> bool:
    host.run("journalctl", "--sync")
    return not any(TOO_OFTEN in str(entry.get("MESSAGE", "")) for entry in host.journal())


@pytest.mark.timeout(300)
def test_a_change_during_an_apply_is_applied_after_it(installed_host: Host) -> None:
    host = installed_host
    install_unit(host)
    prepare(host, UNITS)
    converge(host, UNITS)
    before = restarts(host)
    script = LIBRARY + DURING_THE_APPLY
    arguments = (str(UNITS), str(ROUNDS), str(CONVERGED_WITHIN * 2))
    found = json.loads(host.run("python3", "-c", script, *arguments, timeout=240).stdout)
    assert found == {"done": UNITS * ROUNDS, "lost": []}
    moved = restarts(host) - before
    print(f"{moved} restarts for {2 * UNITS * ROUNDS} changes")
    assert moved == 2 * UNITS * ROUNDS
    assert never_too_often(host)


def test_of_a_burst_of_changes_the_last_is_applied_with_few_restarts(installed_host: Host) -> None:
    host = installed_host
    install_unit(host)
    prepare(host)
    converge(host)
    before = restarts(host)
    found = json.loads(host.run("python3", "-c", LIBRARY + BURST, f"{CONVERGED_WITHIN:g}").stdout)
    assert found["applied"]
    assert found["took"] < 6
    moved = restarts(host) - before
    print(f"{moved} restarts for 1000 changes in {found['took']:.1f} s")
    assert moved <= 6
    assert never_too_often(host)
    assert host.run("systemctl", "show", "-P", "Result", "app@u0.service").stdout == "success\n"


def nothing(_: Host) -> None:
    """The agent runs on."""


def kill_the_agent(host: Host) -> None:
    host.run("systemctl", "kill", "-s", "KILL", "portreeve")
    host.wait_until(
        lambda: host.run("portreeve", "status", check=False).code != 4, 30, "the agent is back and answers"
    )


def reboot(host: Host) -> None:
    host.reboot()


MEANWHILE = pytest.mark.parametrize(
    "meanwhile", [nothing, kill_the_agent, reboot], ids=lambda each: each.__name__
)


@MEANWHILE
def test_a_unit_that_is_installed_later_is_moved_without_any_event(
    installed_host: Host, meanwhile: Callable[[Host], None]
) -> None:
    host = installed_host
    prepare(host)
    host.wait_until(lambda: reason(host) == "unit-absent", 20, "it waits for the unit")
    meanwhile(host)
    host.wait_until(lambda: reason(host) == "unit-absent", 20, "it still waits for the unit")
    install_unit(host)
    host.wait_until(lambda: applied(host, 9000), 45, "it is applied")
    converge(host)


@MEANWHILE
@pytest.mark.timeout(180)
def test_a_unit_whose_dependency_comes_later_is_moved_without_any_event(
    installed_host: Host, meanwhile: Callable[[Host], None]
) -> None:
    host = installed_host
    install_unit(host)
    prepare(host)
    converge(host)
    host.write("/srv/app/needs", "")
    host.write("/srv/app/u0.ini", "[web]\nport = 9443\n")
    host.wait_until(lambda: reason(host) == "unit-job-failed", 20, "the unit did not start")
    meanwhile(host)
    host.wait_until(lambda: reason(host) == "unit-job-failed", 20, "it is still remembered")
    host.write("/srv/app/dependency", "")
    host.wait_until(lambda: applied(host, 9443), 75, "it is applied")
    converge(host)
    assert never_too_often(host)


def test_an_agent_that_is_stopped_through_hundreds_of_docker_events(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    docker = job.apphub.containers
    noise = docker.run("noise")
    docker.docker("stop", "noise")
    pid = host.run("systemctl", "show", "-P", "MainPID", "portreeve").stdout.strip()
    host.run("kill", "-STOP", pid)
    began = time.monotonic()
    try:
        job.apphub.rm()
        job.apphub.set_port_in_place(9443)
        job.apphub.create()
        docker.make_events(noise, 300)
        host.wait_until(lambda: time.monotonic() - began > 10, 15, "10 s have passed")
    finally:
        host.run("kill", "-CONT", pid)
    job.listens(9443, timeout=5)
    job.in_step()
    job.apphub.set_port_in_place(9444)
    job.listens(9444, timeout=5)
    assert host.run("systemctl", "show", "-P", "MainPID", "portreeve").stdout.strip() == pid
