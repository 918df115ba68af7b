"""Websoft9's host service as it was: the baseline that the profile is compared with."""

from __future__ import annotations

from pathlib import Path

from host.lab.machine import Host
from host.websoft9.stack import Stack

SERVICE = "websoft9.service"
_FOLDER = "/opt/websoft9/systemd"
_SCRIPTS = ("start", "send-credentials", "follow")


def install_old_service(host: Host) -> None:
    """Install and start it beside containers that run, as the old installer did last."""
    here = Path(__file__).parent / "baseline"
    host.shell("dpkg -i /srv/debs/libinotifytools0_*.deb /srv/debs/inotify-tools_*.deb")
    for script in _SCRIPTS:
        host.write(f"{_FOLDER}/{script}", (here / script).read_text(), 0o755)
    host.write(f"/lib/systemd/system/{SERVICE}", (here / SERVICE).read_text())
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "enable", "--now", SERVICE)


def waits_for_an_event(host: Host) -> bool:
    """Whether it has done all it is going to do until a file changes."""
    return host.run("pgrep", "-x", "inotifywait", check=False).code == 0


def follows(host: Host, stack: Stack, port: int) -> bool:
    """Whether Cockpit listens on the port, the proxy finds it, and AppHub still says so."""
    return (
        host.is_listening(port)
        and stack.chosen_port() == port
        and stack.proxy_port() == port
        and stack.through_proxy() == 200
    )
