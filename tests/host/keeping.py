"""Containers that portreeve keeps on a host: declared, and asked how they stand as an administrator asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from host.lab.containers import IMAGE, KEEP_RUNNING, Containers
from host.lab.machine import Host

GAVE_UP = "315406fa7f5a470ea9d43c2e93acfc70"
LOST = "c0b2895e4e4546819b5ffd3c6068d4db"
"""MESSAGE_IDs of docs/alerts.md."""

NOTHING: dict[str, Any] = {
    "runs": 0,
    "state": "",
    "trouble": None,
    "gave_up": False,
    "stopped_by_hand": False,
    "restarts": 0,
    "restart_count": 0,
    "exit_code": None,
    "container_id": "",
}
"""While the agent does not answer, or does not know it yet."""

ALERTS = "/srv/alerts"
QUICK = 'restart = { backoff = ["500ms", "2s"] }\n'
SETTINGS = '[alerts]\ncommand = ["/usr/local/bin/alerted"]\n'
COMMAND = f"#!/bin/sh\ncat >>{ALERTS}\necho >>{ALERTS}\n"


class Keeping:
    """A host whose agent keeps containers.

    Args:
        host: with portreeve installed.

    Attributes:
        containers: its Docker.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.containers = Containers(host)

    def settings(self, text: str = SETTINGS) -> None:
        """Have the agent run with these; alerts go to a file by a command."""
        self.host.write("/usr/local/bin/alerted", COMMAND, mode=0o755)
        self.host.write("/etc/portreeve/portreeve.toml.d/lab.toml", text)
        self.host.run("systemctl", "restart", "portreeve")

    def create(self, name: str, *options: str, command: tuple[str, ...] = ("sh", "-c", KEEP_RUNNING)) -> str:
        """Make a container without starting it; return its id."""
        return self.containers.docker("create", "--name", name, *options, IMAGE, *command).stdout.strip()

    def declare(self, name: str, text: str = "", *, autostart: bool = True) -> None:
        """Declare a container of the same name, and wait until the agent has looked at it."""
        up = "true" if autostart else "false"
        self.host.write(
            f"/etc/portreeve/containers.d/{name}.toml", f'container = "{name}"\nautostart = {up}\n{text}'
        )
        self.host.wait_until(lambda: self.status(name)["runs"], 20, f"{name} was looked at")

    def forget(self, *names: str) -> None:
        """Take containers and their definitions away."""
        for name in names:
            self.host.run("rm", "-f", f"/etc/portreeve/containers.d/{name}.toml")
        self.containers.docker("rm", "-f", *names, check=False)

    def all(self) -> dict[str, dict[str, Any]]:
        """What `portreeve containers list` says, by name."""
        shown = self.host.run("portreeve", "containers", "list", "--output", "json", check=False).stdout
        return {each["name"]: each for each in json.loads(shown or "[]")}

    def status(self, name: str) -> dict[str, Any]:
        """Of one."""
        return self.all().get(name) or NOTHING

    def reason(self, name: str) -> str:
        """Why it is not as it should be; empty when it is."""
        return str((self.status(name)["trouble"] or {}).get("reason", ""))

    def explain(self, name: str) -> str:
        """What an administrator reads."""
        return self.host.run("portreeve", "explain", f"container:{name}", check=False).stdout

    def becomes(self, name: str, state: str, timeout: float = 20.0) -> dict[str, Any]:
        """Wait until it is in a state; return its status."""
        return self.until(name, lambda status: status["state"] == state, timeout, state)

    def until(
        self, name: str, wanted: Callable[[dict[str, Any]], object], timeout: float, what: str
    ) -> dict[str, Any]:
        """Wait until its status is as it is wanted; return it."""

        def asked() -> dict[str, Any] | None:
            status = self.status(name)
            return status if wanted(status) else None

        try:
            found = self.host.wait_until(asked, timeout, f"{name}: {what}")
        except Exception:
            print(self.explain(name))
            raise
        assert found is not None
        return found

    def ready(self, *names: str, timeout: float = 20.0) -> None:
        """Wait until all are."""

        def asked() -> bool:
            statuses = self.all()
            return all(statuses[name]["state"] == "ready" for name in names)

        try:
            self.host.wait_until(asked, timeout, f"{', '.join(names)}: ready")
        except Exception:
            print(*map(self.explain, names), sep="\n")
            raise

    def alerts(self, name: str, kind: str) -> list[dict[str, Any]]:
        """What the command was given about a container."""
        if not self.host.exists(ALERTS):
            return []
        told = [json.loads(line) for line in self.host.read(ALERTS).splitlines() if line]
        return [each for each in told if (each["subject"], each["kind"]) == (f"container:{name}", kind)]

    def in_journal(self, name: str, message_id: str) -> list[str]:
        """What the journal has of it under a MESSAGE_ID."""
        self.host.run("journalctl", "--sync")
        subject = f"container:{name}"
        return [
            str(entry["MESSAGE"])
            for entry in self.host.journal("portreeve")
            if entry.get("MESSAGE_ID") == message_id and entry.get("PORTREEVE_SUBJECT") == subject
        ]

    def main_pid(self) -> str:
        """The agent's process."""
        return self.host.run("systemctl", "show", "-P", "MainPID", "portreeve.service").stdout.strip()
