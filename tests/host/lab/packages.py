"""Cockpit's Debian package, as it is and as a later one with another vendor port."""

from __future__ import annotations

from .guest import Guest

_REBUILD = """
folder=$(mktemp -d)
dpkg-deb -R "$2" "$folder/package"
socket=$(find "$folder/package" -name cockpit.socket)
sed -i "s/^ListenStream=.*/ListenStream=$1/" "$socket"
sed -i "s/^\\(Version: .*\\)/\\1+lab$1/" "$folder/package/DEBIAN/control"
dpkg-deb --root-owner-group -Zgzip -z1 -b "$folder/package" /srv/debs/ >&2
rm -r "$folder"
ls -t /srv/debs/cockpit-ws_*+lab"$1"*.deb | head -n 1
"""


def cockpit_package(guest: Guest, vendor_port: int | None = None) -> str:
    """The path, on the guest, of a package of cockpit-ws that `install_package` installs.

    Args:
        guest: a host of the lab.
        vendor_port: build a later version whose cockpit.socket listens there; None for Debian's own package.
    """
    original = guest.shell("ls /srv/debs/cockpit-ws_*.deb | grep -v +lab").stdout.strip()
    if vendor_port is None:
        return original
    return guest.shell(_REBUILD, str(vendor_port), original).stdout.strip()


def install_package(guest: Guest, path: str) -> None:
    """Install, upgrade, downgrade or install again a package file, as an administrator does; no network.

    Raises:
        CommandError: apt-get failed.
    """
    options = ("-y", "--reinstall", "--allow-downgrades", "-o", "Dpkg::Options::=--force-confold")
    guest.run("apt-get", "install", *options, path, timeout=180)
