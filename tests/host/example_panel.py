"""The made-up package of docs/hooks.md: scripts and sync are taken from that page, the rest is here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from host.lab.command import Result
from host.lab.guest import Guest
from host.lab.places import CHECKOUT

NAME = "example-panel"
UNIT = f"{NAME}.service"
SYNC = "panel"
CHOSEN = 8100
MARK = f"/var/lib/portreeve/pending/{NAME}.json"

_PAGE = CHECKOUT / "docs/hooks.md"
_SCRIPTS = ("preinst", "prerm", "postinst", "postrm")

# What debhelper 13 puts there with `dh_installsystemd --no-restart-after-upgrade`.
_DEBHELPER = {
    "prerm": f"""
if [ -z "${{DPKG_ROOT:-}}" ] && [ -d /run/systemd/system ] ; then
    deb-systemd-invoke stop '{UNIT}' >/dev/null || true
fi
""",
    "postinst": f"""
if [ "$1" = "configure" ] || [ "$1" = "abort-upgrade" ] || [ "$1" = "abort-deconfigure" ] \\
    || [ "$1" = "abort-remove" ] ; then
    deb-systemd-helper unmask '{UNIT}' >/dev/null || true
    deb-systemd-helper enable '{UNIT}' >/dev/null || true
    if [ -z "${{DPKG_ROOT:-}}" ] && [ -d /run/systemd/system ] ; then
        systemctl --system daemon-reload >/dev/null || true
        deb-systemd-invoke start '{UNIT}' >/dev/null || true
    fi
fi
""",
    "postrm": f"""
if [ "$1" = remove ] && [ -z "${{DPKG_ROOT:-}}" ] && [ -d /run/systemd/system ] ; then
    systemctl --system daemon-reload >/dev/null || true
fi
if [ "$1" = "purge" ] && [ -x "/usr/bin/deb-systemd-helper" ]; then
    deb-systemd-helper purge '{UNIT}' >/dev/null || true
fi
""",
}

_CONTROL = """\
Package: {name}
Version: {version}
Architecture: all
Maintainer: Nobody <nobody@example.org>
Description: web panel that was made up
"""

_UNIT_FILE = """\
[Unit]
Description=Web panel that was made up

[Service]
Environment=PORT={port}
ExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 --directory /usr/share/{name} ${{PORT}}

[Install]
WantedBy=multi-user.target
"""


def block(before: str) -> str:
    """The fenced block of the page that follows a text.

    Raises:
        AssertionError: the page has no such block.
    """
    found = re.search(
        rf"{re.escape(before)}[^\n]*\n\n```\w*\n(.*?)^```$", _PAGE.read_text(), re.DOTALL | re.MULTILINE
    )
    assert found, f"{_PAGE} has no block after {before}"
    return found[1]


def script(name: str) -> str:
    """A maintainer script as debhelper would make it from the page's."""
    return block(f"`debian/{name}`:").replace("#DEBHELPER#", _DEBHELPER.get(name, ""))


@dataclass(frozen=True)
class Panel:
    """The package on a guest with portreeve, and the sync that an administrator made for it."""

    guest: Guest

    def declare(self) -> None:
        """Let the panel follow its configuration, which says :data:`CHOSEN`."""
        self.guest.write("/srv/panel/config.ini", f"[web]\nport = {CHOSEN}\n")
        self.guest.write("/etc/portreeve/templates/panel-port.conf.j2", block("panel-port.conf.j2`:"))
        self.guest.write(f"/etc/portreeve/syncs.d/{SYNC}.toml", block("syncs.d/panel.toml`:"))

    def build(self, version: int, **more: str) -> str:
        """A .deb whose vendor's port is 8000 and the version; returns its path on the guest.

        Args:
            version: of the package.
            more: lines added to the end of scripts, by script.
        """
        folder, deb = f"/srv/panel-{version}", f"/srv/panel-{version}.deb"
        guest = self.guest
        guest.run("rm", "-rf", folder)
        guest.write(f"{folder}/DEBIAN/control", _CONTROL.format(name=NAME, version=version))
        guest.write(f"{folder}/DEBIAN/conffiles", f"/etc/{NAME}/panel.conf\n")
        guest.write(f"{folder}/etc/{NAME}/panel.conf", "# nothing is set\n")
        guest.write(f"{folder}/usr/share/{NAME}/index.html", f"version {version}\n")
        unit = _UNIT_FILE.format(name=NAME, port=8000 + version)
        guest.write(f"{folder}/lib/systemd/system/{UNIT}", unit)
        for name in _SCRIPTS:
            guest.write(f"{folder}/DEBIAN/{name}", script(name) + more.get(name, ""), mode=0o755)
        guest.run("dpkg-deb", "--root-owner-group", "-b", folder, deb)
        return deb

    def dpkg(self, *arguments: str, check: bool = True) -> Result:
        """Run dpkg as apt does, within what its hooks may take at most."""
        return self.guest.run("dpkg", "--force-unsafe-io", *arguments, check=check, timeout=120)

    def told(self, result: Result) -> list[str]:
        """What portreeve said in a transaction."""
        lines = (result.stdout + result.stderr).splitlines()
        return [line for line in lines if line.startswith("portreeve: ")]

    def state(self) -> str:
        """What dpkg says of it."""
        shown = self.guest.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", NAME, check=False)
        return shown.stdout

    def answers(self, port: int) -> bool:
        """Whether the panel answers there."""
        url = f"http://127.0.0.1:{port}/"
        return self.guest.run("curl", "-sf", "-m", "5", "-o", "/dev/null", url, check=False).code == 0
