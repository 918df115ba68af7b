"""Every command line that a host runs for a while."""

from __future__ import annotations

from host.lab.machine import Host

_UNIT = "lab-command-lines.service"
_FILE = "/var/tmp/lab-command-lines"
_WATCH = """
import glob, sys
seen = set()
with open(sys.argv[1], "w", buffering=1) as out:
    while True:
        for name in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(name, "rb") as file:
                    line = file.read().replace(b"\\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if line and line not in seen:
                seen.add(line)
                print(line, file=out)
"""


class CommandLines:
    """Notes the command lines of all processes, again and again; use it in a `with` block.

    Args:
        host: where.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def __enter__(self) -> CommandLines:
        self._host.run("systemd-run", "-q", "--collect", f"--unit={_UNIT}", "python3", "-c", _WATCH, _FILE)
        self._host.wait_until(lambda: self._host.exists(_FILE), 10, "somebody watches")
        return self

    def __exit__(self, *_: object) -> None:
        self._host.run("systemctl", "stop", _UNIT, check=False)
        self._host.run("rm", "-f", _FILE)

    def seen(self) -> str:
        """All that were seen so far."""
        return self._host.read(_FILE)
