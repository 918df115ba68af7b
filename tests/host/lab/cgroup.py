"""A control group for each machine: what runs in it can be found and ended without guessing."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from .errors import LabError
from .mounts import table
from .waiting import wait_until

_PREFIX = "portreeve-tests-"


def hierarchy() -> Path:
    """Where the machine mounts version 2 of control groups, alone or beside version 1."""
    for point, kind in table():
        if kind == "cgroup2":
            return point
    raise LabError("no cgroup2 file system is mounted; try: mount -t cgroup2 cgroup2 /sys/fs/cgroup")


class Cgroup:
    """The control group of one machine, at the root of the hierarchy.

    Args:
        name: unique on this machine.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = hierarchy() / f"{_PREFIX}{name}"

    def command(self, *argv: str) -> tuple[str, ...]:
        """The command line that runs `argv` in this group."""
        self.path.mkdir(exist_ok=True)
        return ("/bin/sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(self.path), *argv)

    def processes(self) -> set[int]:
        """The process ids in it and below."""
        found: set[int] = set()
        for members in self.path.rglob("cgroup.procs"):
            try:
                found.update(map(int, members.read_text().split()))
            except OSError:  # a group that went away, or a threaded one
                continue
        return found

    def end(self, timeout: float = 20.0) -> None:
        """Kill all that is in it and remove it.

        Raises:
            DeadlineError: a process did not go away.
        """
        wait_until(self._killed, timeout, f"the processes of {self.path.name} are gone")
        for folder in sorted(self.path.rglob("*/"), reverse=True):
            if folder.is_dir():
                folder.rmdir()
        if self.path.exists():
            self.path.rmdir()

    def _killed(self) -> bool:
        left = self.processes()
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return not left


def named(prefix: str) -> list[Cgroup]:
    """The groups of machines whose name begins so."""
    return [Cgroup(path.name.removeprefix(_PREFIX)) for path in hierarchy().glob(f"{_PREFIX}{prefix}*")]
