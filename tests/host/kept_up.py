"""Containers that the agent looks after on a host: declared, seen as a person sees them, and acted on."""

from __future__ import annotations

import json
from typing import Any

from host.lab.command import Result
from host.lab.containers import Containers
from host.lab.machine import Host

WEB = ("sh", "-c", "mkdir -p /www && echo yes >/www/health && exec httpd -f -p 80 -h /www")
"""A container's command: a web server that ends when it is asked to."""

QUICK = 'restart = { max = 1000, window = "10m", backoff = ["50ms", "100ms"] }\n'


class KeptUp:
    """Docker and portreeve on one host.

    Args:
        host: with portreeve running.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.containers = Containers(host)

    def declare(self, name: str, text: str) -> None:
        """Write a definition."""
        self.host.write(f"/etc/portreeve/containers.d/{name}.toml", text)

    def status(self, name: str) -> dict[str, Any]:
        """What is told of a container; empty when it is not looked after."""
        listed = json.loads(self.portreeve("containers", "list", "--output", "json").stdout)
        found = listed if isinstance(listed, list) else list(listed.values())
        return next((each for each in found if each["name"] == name), {})

    def state(self, name: str) -> str:
        """Its state in one word."""
        return str(self.status(name).get("state", ""))

    def becomes(self, name: str, state: str, timeout: float = 15.0) -> dict[str, Any]:
        """Wait until it is in a state; returns its status then."""

        def reached() -> dict[str, Any]:
            status = self.status(name)
            return status if status.get("state") == state else {}

        return self.host.wait_until(reached, timeout, f"{name} is {state}")

    def portreeve(self, *argv: str, check: bool = True, timeout: float = 60.0) -> Result:
        """Run portreeve's command."""
        return self.host.run("portreeve", *argv, check=check, timeout=timeout)

    def explain(self, name: str) -> str:
        """What a person is told who asks what is wrong."""
        return self.portreeve("explain", f"container:{name}").stdout

    def named(self, name: str) -> list[str]:
        """The names of all containers that begin so."""
        lines = self.containers.docker("ps", "-a", "--filter", f"name=^/{name}", "--format", "{{.Names}}")
        return sorted(lines.stdout.split())

    def id(self, name: str) -> str:
        """A container's id."""
        return self.containers.inspect(name, "{{.Id}}")

    def kill_agent(self) -> None:
        """End the agent as by a power cut; systemd starts it again."""
        self.host.run("systemctl", "kill", "--kill-who=main", "--signal=SIGKILL", "portreeve.service")
