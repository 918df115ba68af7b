"""The smallest sync: a file of the host follows a value in another one, and its apply can be watched."""

from __future__ import annotations

from host.lab.guest import Guest

SYNC, TEMPLATE = "/etc/portreeve/syncs.d/lab.toml", "/etc/portreeve/templates/lab.j2"
CHOSEN, WRITTEN, APPLYING = "/etc/lab-chosen.ini", "/etc/lab-written.conf", "/run/lab-applying"
OF_A_FILE = 'file = "/etc/lab-chosen.ini"'
OF_A_CONTAINER = 'container = "lab-absent"\npath = "/etc/lab.ini"'
_DEFINITION = """
[sources.lab]
@SOURCE@

[values]
port = { source = "lab", key = "lab.port", type = "port" }

[[targets]]
path = "/etc/lab-written.conf"
template = "lab.j2"

[[apply]]
command = ["/bin/sh", "-c", "touch /run/lab-applying; sleep @SECONDS@; rm -f /run/lab-applying"]
timeout = "30s"
"""


def declare(guest: Guest, source: str = OF_A_FILE, seconds: float = 0) -> None:
    """Have /etc/lab-written.conf follow.

    Args:
        guest: where portreeve is installed.
        source: where the value lives.
        seconds: how long the apply takes.
    """
    guest.write(TEMPLATE, "port {{ port }}\n")
    choose(guest, 9000)
    guest.write(SYNC, _DEFINITION.replace("@SOURCE@", source).replace("@SECONDS@", f"{seconds:g}"))


def choose(guest: Guest, port: int) -> None:
    """Write another value."""
    guest.write(CHOSEN, f"[lab]\nport = {port}\n")


def follows(guest: Guest, port: int = 9000) -> None:
    """The file has the value, and the agent is done with it."""
    guest.wait_until(lambda: guest.read(WRITTEN) == f"port {port}\n", 20, f"it follows to {port}")
    guest.run("portreeve", "wait", "sync:lab", "--timeout", "30s", timeout=40)
    assert guest.read(WRITTEN) == f"port {port}\n"
