"""Out of memory, in a virtual machine whose memory is all there is: the kernel ends the hog alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from host.lab.containers import KEEP_RUNNING, Containers
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from host.lab.vm import VirtualMachine
from portreeve.systemd.messages import MessageId

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

WATCHED = 5
CONTAINER = """
container = "watched{number}"
autostart = true
ready = {{ exec = ["true"], interval = "2s" }}
"""
SYNC = """
[sources.app]
file = "/srv/app.ini"
[values]
port = { source = "app", key = "web.port", type = "port" }
[[targets]]
path = "/srv/app.conf"
template = "app.conf.j2"
"""
# It takes all but a little, rests until somebody may have noticed, and then goes on until it is ended.
HOG = """
import time
def available():
    with open("/proc/meminfo") as lines:
        found = dict(line.split(":") for line in lines)
    return int(found["MemAvailable"].split()[0]) / int(found["MemTotal"].split()[0])
taken = []
while available() > 0.045:
    taken.append(b"x" * (4 << 20))
    time.sleep(0.02)
time.sleep(60)
while True:
    taken.append(b"x" * (4 << 20))
"""


@pytest.fixture(scope="module")
def machine(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[VirtualMachine]:
    with VirtualMachine(lab_run, installed_snapshot, "1536M") as booted:
        yield booted


def agent(machine: VirtualMachine) -> str:
    return machine.run("systemctl", "show", "-P", "MainPID", "-P", "NRestarts", "portreeve.service").stdout


def test_the_kernel_ends_the_hog_and_the_agent_goes_on(machine: VirtualMachine) -> None:
    containers = Containers(machine)
    for number in range(WATCHED):
        containers.run(f"watched{number}", "--network=none", command=("sh", "-c", KEEP_RUNNING))
        machine.write(f"/etc/portreeve/containers.d/watched{number}.toml", CONTAINER.format(number=number))
    machine.write("/srv/app.ini", "[web]\nport = 9000\n")
    machine.write("/etc/portreeve/templates/app.conf.j2", "port {{ port }}\n")
    machine.write("/etc/portreeve/syncs.d/app.toml", SYNC)
    names = [f"container:watched{number}" for number in range(WATCHED)]
    machine.run("portreeve", "wait", *names, "--for", "ready", "--timeout", "3m", timeout=200)
    before, cursor = agent(machine), machine.journal_cursor()

    machine.run("systemd-run", "--quiet", "--unit=hog", "python3", "-c", HOG)
    machine.wait_until(
        lambda: "of memory is available, and 5 % must be" in status(machine), 120, "it is told"
    )

    ended = ("systemctl", "show", "-P", "Result", "hog.service")
    machine.wait_until(lambda: machine.run(*ended).stdout.strip() == "oom-kill", 300, "the hog was ended")
    begun = time.monotonic()
    machine.write("/srv/app.ini", "[web]\nport = 9001\n")
    machine.wait_until(lambda: machine.read("/srv/app.conf") == "port 9001\n", 30, "the sync follows")
    print(f"followed {time.monotonic() - begun:.1f} s after the hog was ended")

    assert agent(machine) == before
    entries = machine.journal("portreeve", since_cursor=cursor)
    ids = [entry.get("MESSAGE_ID") for entry in entries]
    assert MessageId.HOST_DEGRADED in ids
    # A host that is out of memory may well keep Docker from answering; no container was lost, nor is one.
    told = [
        entry["MESSAGE"]
        for entry in entries
        if entry.get("MESSAGE_ID") in (MessageId.SUBJECT_LOST, MessageId.SUBJECT_GAVE_UP)
    ]
    assert [words for words in told if not str(words).startswith("Docker ")] == []
    shown = json.loads(machine.run("portreeve", "containers", "list", "--output", "json").stdout)
    assert [each["state"] for each in shown] == ["ready"] * WATCHED
    machine.wait_until(lambda: recovered(machine, cursor), 60, "the end of the pressure is told")


def status(machine: VirtualMachine) -> str:
    return machine.run("portreeve", "status", check=False).stdout


def recovered(machine: VirtualMachine, cursor: str) -> bool:
    entries = machine.journal("portreeve", since_cursor=cursor)
    return any(entry.get("MESSAGE_ID") == MessageId.HOST_RECOVERED for entry in entries)
