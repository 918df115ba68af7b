"""mcsm-daemon.service frozen, killed, leaking, crashing and stopped: systemd and the guard on a real host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from host.lab.machine import Host

INSIDE = Path(__file__).parent / "inside/guarding.py"
PYTHON = "/opt/portreeve/venv/bin/python"
UNIT = "mcsm-daemon.service"
MODE = "/run/mode"

DAEMON = """\
import pathlib, socket, time
file = pathlib.Path("/run/mode")
mode = file.read_text()
if mode == "leak":  # once
    file.write_text("serve")
if mode == "crash":
    raise SystemExit(3)
kept = b"x" * (96 << 20) if mode == "leak" else b""
with socket.create_server(("127.0.0.1", 24444)) as listener:
    while True:
        listener.accept()[0].close()
"""
MINIMAL = """\
[Unit]
Description=MCSManager Daemon
[Service]
WorkingDirectory=/opt
ExecStart=/usr/bin/python3 /opt/daemon.py
ExecReload=/bin/kill -s QUIT $MAINPID
ExecStop=/bin/kill -s QUIT $MAINPID
Environment="PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
[Install]
WantedBy=multi-user.target
"""
NEWER = """\
[Unit]
Description=MCSManager Daemon
After=network.target
[Service]
Type=simple
User=root
WorkingDirectory=/opt
ExecStart=/usr/bin/python3 /opt/daemon.py
ExecReload=/bin/kill -s HUP $MAINPID
ExecStop=/bin/kill -s TERM $MAINPID
Restart=on-failure
[Install]
WantedBy=multi-user.target
"""


def inside(host: Host, *arguments: str) -> str:
    return host.run(PYTHON, "-", *arguments, input=INSIDE.read_text(), timeout=60).stdout


def guard(host: Host, wanted: str, before: str = "") -> dict[str, Any]:
    told: dict[str, Any] = json.loads(inside(host, wanted, before))
    print(f"{wanted}: {told}")
    return told


def run_of(host: Host) -> str:
    return host.run("systemctl", "show", "-P", "InvocationID", UNIT).stdout.strip()


def kill(host: Host, signal: str) -> None:
    host.run("systemctl", "kill", "--kill-whom=main", "-s", signal, UNIT)


@pytest.mark.parametrize("shape", [MINIMAL, NEWER], ids=["minimal", "newer"])
def test_a_daemon_is_recovered_or_given_up_by_name(installed_host: Host, shape: str) -> None:
    host = installed_host
    host.write(MODE, "serve")
    host.write("/opt/daemon.py", DAEMON)
    host.write(f"/etc/systemd/system/{UNIT}", shape)
    host.write(f"/etc/systemd/system/{UNIT}.d/50-portreeve.conf", inside(host, "drop-in"))
    host.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", UNIT)
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "start", UNIT)
    guard(host, "active")

    before = run_of(host)
    kill(host, "STOP")
    frozen = guard(host, "active", before)
    assert "service-unready" in frozen["seen"]
    assert frozen["seconds"] < 10, "the kernel goes on accepting connections for it"
    assert frozen["restarts"] == 1

    before = run_of(host)
    kill(host, "KILL")
    killed = guard(host, "active", before)
    assert killed["restarts"] == 0, "systemd restarts what ended"

    host.run("systemctl", "reset-failed", UNIT)
    host.write(MODE, "leak")
    host.run("systemctl", "restart", UNIT)
    host.wait_until(lambda: host.read(MODE) == "serve", 10, "it leaks")
    leaking = guard(host, "active", run_of(host))
    assert {"memory-max", "oom-kill"} & set(leaking["seen"])

    host.run("systemctl", "stop", UNIT)
    assert guard(host, "stopped")["reason"] == ""

    host.run("systemctl", "reset-failed", UNIT, check=False)  # a unit that ended well is not loaded
    host.write(MODE, "crash")
    host.run("systemctl", "start", UNIT)
    crashing = guard(host, "gave-up")
    assert "after 3 restarts by systemd" in crashing["evidence"]
    assert (crashing["state"], crashing["reason"]) == ("failed", "unit-start-limit")
    host.write(MODE, "serve")
    host.run("systemctl", "reset-failed", UNIT)
    host.run("systemctl", "start", UNIT)
    assert guard(host, "active")["restarts"] == 0
