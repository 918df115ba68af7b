"""Units follow a container through systemd itself; a file stands for what the agent says of the container."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from host.lab.machine import Host

INSIDE = Path(__file__).parent / "inside/following.py"
BOUND = 2.0
"""Seconds in which dependents stop and come back."""

WAIT = """\
[Service]
ExecStart=
ExecStart=/bin/sh -c 'until test -e /run/ready/%i; do sleep 0.02; done'
TimeoutStartSec=2
"""
SERVICE = "[Unit]\n{unit}\n[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture
def following_host(installed_host: Host) -> Host:
    host = installed_host
    host.run("mkdir", "-p", "/run/ready")
    host.write("/etc/systemd/system/portreeve-container@.service.d/test.conf", WAIT)
    return host


def unit(host: Host, name: str, settings: str) -> None:
    host.write(f"/etc/systemd/system/{name}", SERVICE.format(unit=settings))
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "enable", name)


def needs(container: str, how: str = "Requires") -> str:
    needed = f"portreeve-container@{container}.service"
    return f"{how}={needed}\nAfter={needed}"


def follow(host: Host, container: str, rounds: int, *dependents: str) -> dict[str, Any]:
    """Lose and regain a container so often; returns the seconds that it took."""
    python = "/opt/portreeve/venv/bin/python"
    done = host.run(
        python, "-", container, f"{rounds}", *dependents, input=INSIDE.read_text(), timeout=rounds * 5 + 30
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def is_active(host: Host, name: str) -> str:
    return host.run("systemctl", "is-active", name, check=False).stdout.strip()


def test_what_stops_along_comes_back_along_and_what_was_stopped_by_hand_stays(
    following_host: Host,
) -> None:
    host = following_host
    unit(host, "bound.service", needs("db", "BindsTo"))
    unit(host, "requiring.service", needs("db"))
    unit(host, "behind.service", "Requires=requiring.service\nAfter=requiring.service")
    unit(host, "by-hand.service", needs("db"))
    host.write("/run/ready/db", "")
    everything = ("bound.service", "requiring.service", "behind.service", "by-hand.service")
    host.run("systemctl", "start", *everything)
    host.run("systemctl", "stop", "by-hand.service")
    done = follow(host, "db", 5, *everything[:3])
    print(f"stops at most {max(done['stops']):.2f} s, starts at most {max(done['starts']):.2f} s")
    assert max(done["stops"]) < BOUND
    assert max(done["starts"]) < BOUND
    assert is_active(host, "by-hand.service") == "inactive"
    assert "db" in done["instances"]


def test_what_failed_to_start_for_want_of_the_container_is_started_with_it(following_host: Host) -> None:
    host = following_host
    unit(host, "app.service", needs("db"))
    failed = host.run("systemctl", "start", "app.service", check=False)
    assert "dependency" in failed.stderr.lower()
    host.write("/run/ready/db", "")
    follow(host, "db", 0, "app.service")
    assert is_active(host, "app.service") == "active"
