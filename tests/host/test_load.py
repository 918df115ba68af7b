"""All processors busy: nothing is taken for ill that is only slow, and syncs follow on."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from host.lab.containers import KEEP_RUNNING, Containers
from host.lab.machine import Host
from host.main_job import begin
from portreeve.systemd.messages import MessageId

SECONDS = 180 if os.environ.get("PORTREEVE_TEST_LONG") else 20
WATCHED = 5
FOLLOWED_WITHIN = 10.0
"""Seconds from a change of AppHub's port until Cockpit listens there."""

ALARMS = (
    *(MessageId.SUBJECT_LOST, MessageId.SUBJECT_GAVE_UP),
    *(MessageId.DOCKER_LOST, MessageId.HOST_DEGRADED, MessageId.SYNC_FAILED),
)

SHORT = "[Service]\nWatchdogSec=10\n"
SERVICE = "[Service]\nExecStart=/usr/bin/python3 -m http.server -b 127.0.0.1 8099 -d /srv/empty\n"
GUARDED = """
unit = "lab-web.service"
probe = { http = "http://127.0.0.1:8099/", interval = "1s" }
restart = {}
"""
CONTAINER = """
container = "loaded{number}"
autostart = true
ready = {{ exec = ["true"], interval = "1s" }}
"""
# Four for each processor, and one that takes and gives back half a gigabyte again and again.
BURN = "while :; do :; done"
CHURN = "while :; do head -c 512M /dev/zero | dd of=/dev/null bs=513M iflag=fullblock 2>/dev/null; done"

pytestmark = pytest.mark.timeout(SECONDS + 240)


@contextmanager
def load(host: Host) -> Iterator[None]:
    """Processors, memory and the disk are busy."""
    burners = [f"burn{number}" for number in range(4 * (os.cpu_count() or 1))]
    for name in burners:
        host.run("systemd-run", "--quiet", f"--unit={name}", "sh", "-c", BURN)
    for name in ("churn0", "churn1"):
        host.run("systemd-run", "--quiet", f"--unit={name}", "sh", "-c", CHURN)
    try:
        yield
    finally:
        host.run("systemctl", "stop", *burners, "churn0", "churn1")


def pid_and_restarts(host: Host) -> str:
    return host.run("systemctl", "show", "-P", "MainPID", "-P", "NRestarts", "portreeve.service").stdout


def test_under_full_load_there_is_no_false_alarm_and_a_change_is_followed(installed_host: Host) -> None:
    host = installed_host
    host.write("/etc/systemd/system/portreeve.service.d/short.conf", SHORT)
    host.write("/etc/systemd/system/lab-web.service", SERVICE)
    host.run("mkdir", "-p", "/srv/empty")
    containers = Containers(host)
    for number in range(WATCHED):
        containers.run(f"loaded{number}", "--network=none", command=("sh", "-c", KEEP_RUNNING))
        host.write(f"/etc/portreeve/containers.d/loaded{number}.toml", CONTAINER.format(number=number))
    host.write("/etc/portreeve/services.d/web.toml", GUARDED)
    host.run("portreeve", "units", "install")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "start", "lab-web.service")
    host.run("systemctl", "restart", "portreeve")
    job = begin(host, 9000)
    names = [f"container:loaded{number}" for number in range(WATCHED)]
    host.run("portreeve", "wait", *names, "--for", "ready", "--timeout", "30s")
    before, cursor, took = pid_and_restarts(host), host.journal_cursor(), []
    started = [containers.inspect(f"loaded{number}", "{{.State.StartedAt}}") for number in range(WATCHED)]
    web = host.run("systemctl", "show", "-P", "MainPID", "lab-web.service").stdout
    with load(host):
        until, port = time.monotonic() + SECONDS, 9100
        while time.monotonic() < until:
            threading.Event().wait(3)
            job.apphub.set_port_in_place(port)
            begun = time.monotonic()
            host.wait_until(lambda: host.is_listening(port), 60, f"Cockpit follows to {port}")  # noqa: B023
            took.append(time.monotonic() - begun)
            port += 1
        shown = json.loads(host.run("portreeve", "status", "--output", "json", check=False).stdout)
    assert max(took) < FOLLOWED_WITHIN, took
    assert pid_and_restarts(host) == before
    entries = host.journal("portreeve", since_cursor=cursor)
    messages = [str(entry.get("MESSAGE", "")) for entry in entries]
    assert not [text for text in messages if "watchdog" in text.lower() or "does not work" in text]
    assert {each["name"]: each["state"] for each in shown["containers"]} == {
        f"loaded{number}": "ready" for number in range(WATCHED)
    }
    assert [each["restarts"] for each in shown["services"]] == [0]
    assert [
        containers.inspect(f"loaded{number}", "{{.State.StartedAt}}") for number in range(WATCHED)
    ] == started
    assert host.run("systemctl", "show", "-P", "MainPID", "lab-web.service").stdout == web
    assert not [entry["MESSAGE"] for entry in entries if entry.get("MESSAGE_ID") in ALARMS]
    print(f"{len(took)} changes followed, the slowest in {max(took):.1f} s")
