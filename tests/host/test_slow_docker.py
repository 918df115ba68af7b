"""A boot at which dockerd takes long, as a loaded host's does: five containers, each of which needs the one
before it.

A panel such as MCSManager starts each of its containers once, soon after its own start, believes that this
worked, and logs errors. Beside portreeve, on the same host and at the same boot, runs one that does so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from host.lab.containers import IMAGE, Containers
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run

SLOW = 40 if os.environ.get("PORTREEVE_TEST_LONG") else 6
"""Seconds that dockerd takes to come up."""

READY_WITHIN = 30.0
"""Seconds after Docker for five containers, one after the other."""

NAMES = ("db", "cache", "api", "web", "proxy")

# It serves only where the one before it does, as an application ends that cannot reach its database.
SERVES = """
trap 'exit 0' TERM; rm -f /up/$0; test -z "$1" || test -e /up/$1 || exit 1
sleep 1; touch /up/$0; echo up $0 >>/up/log
while :; do sleep 3600 & wait $!; done
"""
DEFINITION = """
container = "kept-{name}"
autostart = true
after = {after}
ready = {{ file = "/up/{name}", interval = "1s" }}
restart = {{ backoff = ["0.5s", "2s"] }}
"""

# Written anew from what such a panel is known to do. No answer of Docker's is looked at twice.
PANEL = """
import http.client, json, socket, sys, threading, time
class Docker(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/docker.sock")
states = {}
def start(name):
    states[name] = "starting"
    try:
        docker = Docker("docker")
        docker.request("POST", f"/containers/{name}/start")
        status = docker.getresponse().status
        states[name] = "running" if status in (204, 304) else "stopped"
    except OSError as error:
        print(f"{name}: {error}", flush=True)
    with open("/srv/believed.json", "w") as file:
        json.dump(states, file)
stagger, names = float(sys.argv[1]), sys.argv[2:]
threads = []
time.sleep(stagger)
for name in names:
    threads.append(threading.Thread(target=start, args=(name,)))
    threads[-1].start()
    time.sleep(stagger)
"""
PANEL_UNIT = f"""
[Unit]
Description=A panel that starts its containers once
[Service]
ExecStart=/usr/bin/python3 /srv/panel.py {SLOW / 8:g} {" ".join(f"fired-{name}" for name in NAMES)}
Restart=no
RemainAfterExit=yes
[Install]
WantedBy=multi-user.target
"""
SLOW_DOCKER = f"[Service]\nExecStartPre=/bin/sleep {SLOW}\n"
WITHOUT_SOCKET = """
sed -e '/^Requires=docker.socket/d' -e 's/ docker.socket//' -e 's|-H fd://|-H unix:///run/docker.sock|' \
    /lib/systemd/system/docker.service >/etc/systemd/system/docker.service
systemctl mask docker.socket
rm -f /run/docker.sock
"""

pytestmark = pytest.mark.timeout(SLOW * 4 + 240)


@pytest.fixture(scope="module")
def server(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Host]:
    """A host with five containers that portreeve keeps up and five that the panel starts."""
    with Host(lab_run, installed_snapshot, "slow") as host:
        for group in ("kept", "fired"):
            create(host, group)
        for before, name in zip(("", *NAMES), NAMES, strict=False):
            after = f'["{before}"]' if before else "[]"
            text = DEFINITION.format(name=name, after=after)
            host.write(f"/etc/portreeve/containers.d/{name}.toml", text)
        host.write("/srv/panel.py", PANEL)
        host.write("/etc/systemd/system/panel.service", PANEL_UNIT)
        host.run("systemctl", "enable", "panel.service")
        host.write("/etc/systemd/system/docker.service.d/slow.conf", SLOW_DOCKER)
        yield host


def create(host: Host, group: str) -> None:
    """The containers of one group; where each tells that it serves is emptied by the reboot."""
    host.write(f"/etc/tmpfiles.d/{group}.conf", f"d /run/up-{group}\n")
    host.run("mkdir", "-p", f"/run/up-{group}")
    for before, name in zip(("", *NAMES), NAMES, strict=False):
        options = (f"--name={group}-{name}", "--network=none", "-v", f"/run/up-{group}:/up")
        Containers(host).docker("create", *options, IMAGE, "sh", "-c", SERVES, name, before)


@pytest.fixture(scope="module", params=("docker.socket", "no docker.socket"))
def booted(request: pytest.FixtureRequest, server: Host) -> Host:
    """The host after a boot with a slow Docker, whose socket takes connections early, or is not there."""
    if request.param != "docker.socket":
        server.shell(WITHOUT_SOCKET)
    server.poweroff()
    server.boot(timeout=SLOW + 60)
    return server


def order(host: Host, group: str) -> list[str]:
    """In which order the containers of a group came to serve."""
    return host.shell(f"cat /run/up-{group}/log || true").stdout.split()[1::2]


def test_all_come_up_in_their_order_and_none_is_stuck(booted: Host) -> None:
    targets = [f"container:{name}" for name in NAMES]
    options = ("--for", "ready", "--timeout", f"{READY_WITHIN:g}s")
    told = booted.run("portreeve", "wait", *targets, *options, timeout=READY_WITHIN + 10).stdout
    print(told)
    assert order(booted, "kept") == list(NAMES)
    listed = json.loads(booted.run("portreeve", "containers", "list", "--output", "json").stdout)
    assert {each["name"]: (each["state"], each["restarts"]) for each in listed} == dict.fromkeys(
        NAMES, ("ready", 0)
    )


def test_who_starts_each_once_and_believes_it_leaves_them_down(booted: Host) -> None:
    booted.wait_until(lambda: booted.exists("/srv/believed.json"), 10, "the panel has done what it does")
    believed = json.loads(booted.read("/srv/believed.json"))
    states = {name: Containers(booted).state(name) for name in believed}
    print(f"the panel believes {believed}; Docker has {states}")
    assert set(order(booted, "fired")) != set(NAMES)
    # It neither tells of it nor tries again.
    assert "exited" in states.values() or "created" in states.values()
    assert "stopped" not in believed.values()
