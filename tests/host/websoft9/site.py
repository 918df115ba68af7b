"""A host with Websoft9's containers and the profile that ships with portreeve."""

from __future__ import annotations

import json
from typing import Any

from host.lab.machine import Host
from host.lab.places import CHECKOUT
from host.websoft9.cockpit_conf import install_cockpit_conf
from host.websoft9.stack import CONSOLE, Stack

PROFILE = CHECKOUT / "profiles" / "websoft9"
COCKPIT = "websoft9-cockpit"
EVERYTHING = tuple(sorted(file.stem for file in (PROFILE / "syncs.d").glob("*.toml")))
"""The syncs of the profile."""

DROP_IN = "/etc/systemd/system/cockpit.socket.d/listen.conf"


class Site:
    """What a test asks and does.

    Args:
        host: with portreeve installed.
        console: the host's port on which the proxy is reached.
    """

    def __init__(self, host: Host, console: int = CONSOLE) -> None:
        self.host = host
        self.stack = Stack(host, console)

    def prepare(self) -> None:
        """What Websoft9's installer leaves: cockpit.conf, and containers that are up and ready."""
        install_cockpit_conf(self.host)
        self.stack.build()
        self.stack.up()
        self.host.wait_until(self.stack.apphub_is_ready, 10, "AppHub is ready")

    def write_definitions(self, *names: str) -> None:
        """Put definitions of the profile and its templates in place."""
        self.host.copy_in(PROFILE / "templates", "/etc/portreeve/templates")
        for name in names:
            self.host.copy_in(PROFILE / f"syncs.d/{name}.toml", f"/etc/portreeve/syncs.d/{name}.toml")

    def declare(self, *names: str) -> None:
        """Put definitions in place while the agent runs, and wait until it has them."""
        self.write_definitions(*names)
        self.host.wait_until(lambda: set(names) <= set(self.states()), 15, "the agent has the profile")

    def states(self) -> dict[str, str]:
        """The state of each sync, by name."""
        return {sync["name"]: sync["state"] for sync in self._syncs()}

    def status(self, name: str = COCKPIT) -> dict[str, Any]:
        """What `portreeve status` says of a sync."""
        return next(sync for sync in self._syncs() if sync["name"] == name)

    def _syncs(self) -> list[dict[str, Any]]:
        shown = self.host.run("portreeve", "status", "--output", "json", check=False).stdout
        found: list[dict[str, Any]] = json.loads(shown)["syncs"] if shown else []
        return found

    def reason(self, wanted: str, name: str = COCKPIT, timeout: float = 20) -> dict[str, Any]:
        """Wait until a sync is out of step for a reason; return its status."""
        self.host.wait_until(
            lambda: (self.status(name)["trouble"] or {}).get("reason") == wanted,
            timeout,
            f"{wanted}: {self.status(name)}",
        )
        return self.status(name)

    def in_step(self, timeout: float = 30) -> None:
        """Wait until all syncs are in step."""
        self.host.run("portreeve", "wait", "all", "--timeout", f"{timeout:g}s", timeout=timeout + 10)

    def listens(self, port: int) -> bool:
        """Whether Cockpit answers on the port itself."""
        return self.host.http_status(port, "/ping") == 200

    def follows(self, port: int) -> bool:
        """Whether Cockpit answers on the port, itself and through the proxy, and AppHub says so too."""
        return self.listens(port) and self.stack.chosen_port() == port and self.proxied_to(port)

    def proxied_to(self, port: int) -> bool:
        """Whether the proxy was told this port, and who comes through it finds Cockpit."""
        return self.stack.proxy_port() == port and self.stack.through_proxy() == 200

    def follow(self, port: int, timeout: float = 20) -> None:
        """Choose a port in AppHub, and wait until everything follows and is at rest."""
        self.host.wait_until(self.stack.apphub_is_ready, 20, "AppHub is ready")
        self.stack.choose_port(port)
        self.await_port(port, timeout)
        self.in_step()

    def await_port(self, port: int, timeout: float) -> None:
        """Wait until everything follows."""
        self.host.wait_until(lambda: self.follows(port), timeout, f"everything follows to {port}")
