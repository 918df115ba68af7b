"""The main job on a host: AppHub's container, the shipped sync, and what can be asked about them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from host.lab.containers import AppHub, Containers, run_apphub
from host.lab.machine import Host

SYNC = "cockpit"
DROP_IN = "/etc/systemd/system/cockpit.socket.d/listen.conf"
DEFINITION = "/etc/portreeve/syncs.d/cockpit.toml"
SHIPPED = "/srv/portreeve/examples/syncs.d/cockpit.toml"
PACKAGED = "/usr/share/doc/portreeve/examples/syncs.d/cockpit.toml"

SAMPLER = """
import sys, time
wanted = {int(port) for port in sys.argv[2:]}
with open(sys.argv[1], "w", buffering=1) as out:
    while True:
        ports = set()
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            with open(table) as lines:
                for line in list(lines)[1:]:
                    parts = line.split()
                    if parts[3] == "0A":
                        ports.add(int(parts[1].rpartition(":")[2], 16))
        print(*sorted(ports & wanted), file=out)
        time.sleep(0.1)
"""


@dataclass(frozen=True)
class MainJob:
    """A host on which Cockpit follows AppHub.

    Attributes:
        host: with portreeve installed and the shipped definition in place.
        apphub: the container with the volume.
    """

    host: Host
    apphub: AppHub

    def status(self, name: str = SYNC) -> dict[str, Any]:
        """What `portreeve status --output json` says of a sync."""
        shown = json.loads(self.host.run("portreeve", "status", "--output", "json", check=False).stdout)
        found: dict[str, Any] = next(sync for sync in shown["syncs"] if sync["name"] == name)
        return found

    def explain(self, name: str = SYNC) -> str:
        """What `portreeve explain` says."""
        return self.host.run("portreeve", "explain", name).stdout

    def in_step(self, timeout: float = 30) -> None:
        """Wait until the sync is in step."""
        self.host.run("portreeve", "wait", f"sync:{SYNC}", "--timeout", f"{timeout:g}s", timeout=timeout + 10)

    def listens(self, port: int, timeout: float = 10) -> None:
        """Wait until Cockpit answers on a port."""
        self.host.wait_until(
            lambda: self.host.http_status(port) == 200,
            timeout,
            f"Cockpit answers on {port}: {self.explain()}",
        )

    def reason(self, wanted: str, timeout: float = 20) -> dict[str, Any]:
        """Wait until the sync is out of step for a reason; return its status."""
        self.host.wait_until(lambda: self._has(wanted), timeout, f"{wanted}: {self.status()}")
        return self.status()

    def _has(self, reason: str) -> bool:
        return (self.status()["trouble"] or {}).get("reason") == reason


def declare(host: Host, change: Callable[[str], str] = str) -> None:
    """Put the shipped definition in place, changed if need be, and wait until the agent has it."""
    host.write(DEFINITION, change(host.read(SHIPPED if host.exists(SHIPPED) else PACKAGED)))
    host.wait_until(lambda: any_sync(host), 10, "the definition is loaded")


def begin(host: Host, port: int = 9000, change: Callable[[str], str] = str) -> MainJob:
    """Start AppHub with this port, declare the sync, changed if need be, and wait until Cockpit follows."""
    job = MainJob(host, run_apphub(Containers(host), port))
    declare(host, change)
    job.in_step()
    return job


def any_sync(host: Host) -> bool:
    """Whether the agent knows a sync."""
    shown = host.run("portreeve", "status", "--output", "json", check=False).stdout
    return bool(shown) and bool(json.loads(shown)["syncs"])


@dataclass(frozen=True)
class Actions:
    """What systemd did since a moment."""

    daemon_reloads: int
    socket_restarts: int


def counted(host: Host, act: Callable[[], None]) -> Actions:
    """How often systemd reloaded and how often it began to listen for Cockpit while `act` ran."""
    cursor = host.journal_cursor()
    act()
    host.run("journalctl", "--sync")
    messages = [str(entry.get("MESSAGE", "")) for entry in host.journal(since_cursor=cursor)]
    return Actions(
        daemon_reloads=sum(message.startswith("Reloading.") for message in messages)
        # systemd 254 and later say who asked instead.
        + sum(message.startswith("Reloading requested from") for message in messages),
        socket_restarts=sum(message.startswith("Listening on cockpit.socket") for message in messages),
    )


class Sampler:
    """Notes every 100 ms which of some ports are listened on; use it in a `with` block.

    Args:
        host: where.
        ports: those of interest.
    """

    def __init__(self, host: Host, *ports: int) -> None:
        self._host = host
        self._ports = ports
        self._unit = "lab-sampler.service"
        self._file = "/var/tmp/lab-samples"

    def __enter__(self) -> Sampler:
        # Not as an argument: systemd would read its lines as those of a unit file at each daemon-reload.
        self._host.write(f"{self._file}.py", SAMPLER)
        arguments = ("python3", f"{self._file}.py", self._file, *map(str, self._ports))
        self._host.run("systemd-run", "--quiet", f"--unit={self._unit}", *arguments)
        self._host.wait_until(lambda: self._host.exists(self._file), 10, "the sampler has begun")
        return self

    def __exit__(self, *_: object) -> None:
        self._host.run("systemctl", "stop", self._unit, check=False)

    def seen(self) -> list[frozenset[int]]:
        """The samples so far."""
        lines = self._host.read(self._file).splitlines()
        return [frozenset(int(port) for port in line.split()) for line in lines]
