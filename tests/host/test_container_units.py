"""Units that depend on a container follow it through the agent, Docker and systemd together."""

from __future__ import annotations

import time

from host.lab.containers import Containers
from host.lab.machine import Host

BOUND = 2.0
"""Seconds in which dependents stop after a loss, and come back once the container is ready."""

ROUNDS = 50
NEEDED = "portreeve-container@db.service"
SERVICE = f"""\
[Unit]
%s={NEEDED}
After={NEEDED}
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
"""
DEFINITION = 'container = "db"\nready = { tcp = 80 }\n'
HTTPD = ("sh", "-c", "mkdir -p /www && exec httpd -f -p 80 -h /www")


def is_active(host: Host, *units: str) -> list[str]:
    return host.run("systemctl", "is-active", *units, check=False).stdout.split()


def seconds_until(host: Host, state: str, *units: str) -> float:
    began = time.monotonic()
    host.wait_until(lambda: set(is_active(host, *units)) == {state}, 10, f"{', '.join(units)}: {state}")
    return time.monotonic() - began


def test_dependents_follow_a_container_fifty_times_and_an_administrator_is_respected(
    installed_host: Host,
) -> None:
    host, containers = installed_host, Containers(installed_host)
    containers.run("db", command=HTTPD)
    host.write("/etc/portreeve/containers.d/db.toml", DEFINITION)
    for name, how in (("bound", "BindsTo"), ("requiring", "Requires"), ("by-hand", "Requires")):
        host.write(f"/etc/systemd/system/{name}.service", SERVICE % how)
    host.run("portreeve", "units", "install")
    host.run("systemctl", "daemon-reload")
    followers = ("bound.service", "requiring.service")
    host.run("systemctl", "enable", "--now", *followers, "by-hand.service")
    host.run("systemctl", "stop", "by-hand.service")
    stops, starts = [], []
    for _ in range(ROUNDS):
        containers.docker("kill", "db")
        stops.append(seconds_until(host, "inactive", *followers))
        containers.docker("start", "db")
        starts.append(seconds_until(host, "active", *followers))
        assert is_active(host, "by-hand.service") == ["inactive"]
    print(f"stops at most {max(stops):.2f} s, starts at most {max(starts):.2f} s")
    assert max(stops) < BOUND
    assert max(starts) < BOUND
    assert host.run("systemctl", "--failed", "--no-legend", "--plain").stdout == ""
