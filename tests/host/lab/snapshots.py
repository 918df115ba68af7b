"""Hosts prepared once per run of the tests, from which each test's host starts in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from . import base
from .containers import Containers
from .guest import Guest
from .machine import Host
from .nspawn import Snapshot
from .places import CHECKOUT
from .run import Run

WHEELHOUSE = "/srv/wheelhouse"
PRODUCT = "/srv/portreeve"
PACKAGE = "/srv/portreeve.deb"
_PARTS = (
    *("install.sh", "requirements.lock", "pyproject.toml", "README.md"),
    *("units", "templates", "examples", "profiles", "docs/man"),
)
COCKPIT_PORT = 9090


class Boot(Protocol):
    """The fixture `boot`."""

    def __call__(self, snapshot: Snapshot, kind: str = "host") -> Host:
        """Boot one more host, which ends with the test."""


def plain(run: Run, release: str) -> Snapshot:
    """A server with the busybox image in its Docker; Cockpit was asked once, so it has its certificate."""
    with Host(run, Snapshot((base.host(release),)), "prepare") as host:
        Containers(host).import_busybox_image()
        host.wait_until(lambda: host.http_status(COCKPIT_PORT) == 200, 30, "Cockpit answers 200")
        return host.freeze()


def equipped(run: Run, below: Snapshot, wheelhouse: Path) -> Snapshot:
    """The plain server with install.sh and its companions in /srv/portreeve, wheels in /srv/wheelhouse."""
    with Host(run, below, "equip") as host:
        host.copy_in(wheelhouse, WHEELHOUSE)
        for part in _PARTS:
            if (CHECKOUT / part).exists():
                host.copy_in(CHECKOUT / part, f"{PRODUCT}/{part}")
        return host.freeze()


def install(host: Host, timeout: float = 300.0) -> None:
    """Install portreeve on an equipped host, as an administrator without a network would.

    Raises:
        CommandError: install.sh failed; has what it said.
    """
    host.run(f"{PRODUCT}/install.sh", "install", "--wheelhouse", WHEELHOUSE, timeout=timeout)


def installed(run: Run, below: Snapshot) -> Snapshot:
    """The equipped server with portreeve installed and enabled."""
    with Host(run, below, "install") as host:
        install(host)
        return host.freeze()


def packaged(run: Run, below: Snapshot, package: Path) -> Snapshot:
    """The plain server with portreeve installed by apt from its package, /srv/portreeve.deb."""
    with Host(run, below, "package") as host:
        host.copy_in(package, PACKAGE)
        apt_install(host)
        return host.freeze()


def apt_install(machine: Guest, package: str = PACKAGE, timeout: float = 120.0) -> None:
    """Install or upgrade a package from a file, as an administrator would; its dependencies must be there.

    Raises:
        CommandError: apt failed; has what it said.
    """
    machine.run("apt-get", "install", "-y", "--no-install-recommends", package, timeout=timeout)
