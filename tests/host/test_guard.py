"""mcsm-daemon.service frozen, killed, leaking, crashing and stopped: the agent guards it on a real host."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from host.lab.snapshots import Boot

UNIT = "mcsm-daemon.service"
MODE = "/run/mode"
DROP_IN = f"/etc/systemd/system/{UNIT}.d/50-portreeve.conf"
GAVE_UP = "315406fa7f5a470ea9d43c2e93acfc70"
BOUND = 10.0
"""Seconds until a daemon serves again."""

# What leaks may need more than the limit, as the interpreter alone takes some 10 MiB.
DAEMON = """\
import pathlib, socket
mode = pathlib.Path("/run/mode").read_text()
if mode == "crash":
    raise SystemExit(3)
kept = []
with socket.create_server(("127.0.0.1", 24444)) as listener:
    while True:
        listener.accept()[0].close()
        if pathlib.Path("/run/mode").read_text() == "leak":
            kept.append(b"x" * (16 << 20))
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
DEFINITION = f"""\
description = "MCSManager's daemon"
unit = "{UNIT}"
requires = ["docker"]
memory_max = "96M"
oom_score_adjust = -500
start_grace = "5s"
restart = {{ max = 3, window = "10m", backoff = ["0.1s", "1s"] }}
probe = {{ tcp = "127.0.0.1:24444", interval = "0.3s", timeout = "0.5s", failures = 2 }}
"""


@pytest.fixture(scope="module")
def server(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Host]:
    """One host for the shapes of the unit, one after the other."""
    with Host(lab_run, installed_snapshot, "guard") as host:
        yield host


class Daemon:
    """The guarded service of a host."""

    def __init__(self, host: Host, shape: str) -> None:
        self.host = host
        self._began = host.journal_cursor()
        host.write(MODE, "serve")
        host.write("/opt/daemon.py", DAEMON)
        host.write(f"/etc/systemd/system/{UNIT}", shape)
        host.write("/etc/portreeve/services.d/mcsm-daemon.toml", DEFINITION)
        host.run("portreeve", "units", "install")
        self.start()
        host.run("portreeve", "services", "reset", "mcsm-daemon")  # what an earlier test has used up

    def systemctl(self, *argv: str) -> None:
        self.host.run("systemctl", *argv, UNIT)

    def start(self) -> None:
        """As an administrator does it after a crash loop."""
        self.host.run("systemctl", "reset-failed", UNIT, check=False)  # one that is not loaded has none
        self.systemctl("start")
        self.until(lambda told: told["state"] == "active" and not told["gave_up"], "it serves")

    def kill(self, signal: str) -> None:
        self.host.run("systemctl", "kill", "--kill-whom=main", "-s", signal, UNIT)

    @property
    def run(self) -> str:
        return self.host.run("systemctl", "show", "-P", "InvocationID", UNIT).stdout.strip()

    @property
    def told(self) -> dict[str, Any]:
        (told,) = json.loads(self.host.run("portreeve", "services", "list", "--output", "json").stdout)
        assert isinstance(told, dict)
        return told

    @property
    def explained(self) -> str:
        return self.host.run("portreeve", "explain", "service:mcsm-daemon", check=False).stdout

    @property
    def status(self) -> str:
        shown = self.host.run("portreeve", "status", check=False).stdout
        return next(line for line in shown.splitlines() if line.startswith("mcsm-daemon"))

    def until(self, holds: Callable[[dict[str, Any]], bool], what: str, timeout: float = 30.0) -> float:
        began = time.monotonic()
        self.host.wait_until(lambda: holds(self.told), timeout, f"{what}: {self.told}")
        return time.monotonic() - began

    def recovers(self) -> float:
        """It serves in another run than before; seconds that it took."""
        began, before = time.monotonic(), self.run
        self.host.wait_until(lambda: self.run not in {"", before}, 20, "it runs anew")
        looks = self.told["runs"]
        self.until(lambda told: told["state"] == "active" and told["runs"] > looks, "it serves again")
        return time.monotonic() - began

    def alerts(self) -> list[str]:
        """That it was given up."""
        entries = self.host.journal("portreeve.service", since_cursor=self._began)
        return [str(each["MESSAGE"]) for each in entries if each.get("MESSAGE_ID") == GAVE_UP]


@pytest.fixture(params=[MINIMAL, NEWER], ids=["minimal", "newer"])
def daemon(server: Host, request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """It serves and is guarded; nothing of it is left behind."""
    daemon = Daemon(server, request.param)
    yield daemon
    server.run("rm", "/etc/portreeve/services.d/mcsm-daemon.toml")
    server.run("systemctl", "stop", UNIT)
    server.run("systemctl", "reset-failed", UNIT, check=False)
    server.run("portreeve", "units", "remove")
    assert not server.exists(f"/etc/systemd/system/{UNIT}.d")


def test_a_daemon_is_recovered_or_given_up_by_name(daemon: Daemon) -> None:
    host = daemon.host
    host.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", UNIT)
    host.run("portreeve", "units", "verify")
    cycles = host.run("systemd-analyze", "verify", "--man=no", "multi-user.target", check=False)
    assert "cycle" not in cycles.stderr.lower()

    daemon.kill("STOP")
    assert daemon.recovers() < BOUND, "the kernel goes on accepting connections for it"
    assert "its main process is frozen (SIGSTOP)" in daemon.explained
    assert "1 of at most 3 within 10m" in daemon.explained
    assert daemon.status.split()[1] == "active"

    daemon.kill("KILL")
    assert daemon.recovers() < BOUND
    assert "1 restart since it was started" in daemon.explained, "systemd restarts what ended"

    host.write(MODE, "leak")
    daemon.until(lambda told: told["restarts"] == 2, "it has leaked and was restarted")
    host.write(MODE, "serve")
    daemon.until(lambda told: told["state"] == "active", "it serves again")
    assert "uses more memory than it may, and no control group holds it to that" in daemon.explained
    assert daemon.alerts() == []

    host.write(MODE, "leak")
    daemon.until(lambda told: bool(told["gave_up"]), "its budget is spent")
    print(daemon.explained, daemon.status)
    assert "given up" in daemon.status
    assert "uses more memory than it may" in daemon.status
    assert "none by itself: it was given up" in daemon.explained
    assert len(daemon.alerts()) == 1
    host.write(MODE, "serve")
    daemon.systemctl("restart")
    daemon.until(
        lambda told: told["state"] == "active" and not told["gave_up"], "an administrator has seen to it"
    )

    daemon.kill("STOP")
    for _ in range(3):
        daemon.recovers()
        daemon.kill("STOP")
    daemon.until(lambda told: bool(told["gave_up"]), "it freezes again and again")
    print(daemon.explained, daemon.status)
    assert "runs and does not serve" in daemon.status
    assert len(daemon.alerts()) == 2
    host.run("portreeve", "services", "reset", "mcsm-daemon")
    daemon.until(
        lambda told: told["state"] == "active" and not told["gave_up"], "a reset has it guarded again"
    )


def test_a_crash_loop_ends_at_the_start_limit_and_a_reset_brings_it_back(daemon: Daemon) -> None:
    host, before = daemon.host, len(daemon.alerts())
    host.write(MODE, "crash")
    daemon.kill("KILL")
    daemon.until(lambda told: told["state"] == "failed" and bool(told["gave_up"]), "systemd gives up")
    print(daemon.explained, daemon.status)
    assert "keeps ending, and systemd has stopped to restart it" in daemon.status
    assert "after 3 restarts by systemd" in daemon.explained
    assert f"systemctl reset-failed {UNIT} && systemctl start {UNIT}" in daemon.explained
    assert len(daemon.alerts()) == before + 1
    host.run("systemctl", "restart", "portreeve.service")
    daemon.until(lambda told: told["runs"] > 0 and bool(told["gave_up"]), "a new agent knows it")
    assert len(daemon.alerts()) == before + 1, "told once"
    host.write(MODE, "serve")
    host.run("portreeve", "services", "reset", "mcsm-daemon")
    daemon.until(lambda told: told["state"] == "active" and not told["gave_up"], "it serves again")


def test_what_an_administrator_stops_or_masks_stays_so(daemon: Daemon) -> None:
    host = daemon.host
    daemon.systemctl("stop")
    daemon.until(lambda told: told["state"] == "stopped", "it is seen")
    looks = daemon.told["runs"]
    daemon.until(lambda told: told["runs"] > looks + 3, "it is looked at again")
    assert daemon.told["state"] == "stopped"
    assert "none: it is left so" in daemon.explained
    host.run("mv", f"/etc/systemd/system/{UNIT}", "/root/kept")
    daemon.systemctl("mask")
    daemon.until(lambda told: told["state"] == "masked", "it is seen")
    # The older shape's own ExecStop= ends it by SIGQUIT, which systemd calls a failure.
    assert host.run("systemctl", "is-active", UNIT, check=False).stdout.strip() in {"inactive", "failed"}
    daemon.systemctl("unmask")
    host.run("mv", "/root/kept", f"/etc/systemd/system/{UNIT}")
    host.run("systemctl", "daemon-reload")
    daemon.start()


def test_on_debian_13_too(boot: Boot, trixie_installed_snapshot: Snapshot) -> None:
    daemon = Daemon(boot(trixie_installed_snapshot), NEWER)
    daemon.host.run("portreeve", "units", "verify")
    daemon.kill("STOP")
    assert daemon.recovers() < BOUND
    daemon.host.write(MODE, "crash")
    daemon.kill("KILL")
    daemon.until(lambda told: told["state"] == "failed" and bool(told["gave_up"]), "systemd gives up")
    assert "keeps ending, and systemd has stopped to restart it" in daemon.status
