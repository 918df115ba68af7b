"""A limit on the memory of a whole machine, by whichever memory controller this kernel has."""

from __future__ import annotations

from pathlib import Path

from .cgroup import Cgroup, hierarchy
from .errors import LabError
from .mounts import table
from .waiting import wait_until


class MemoryLimit:
    """Holds a machine and all that it starts from now on below a limit; use it in a `with` block.

    The kernel ends processes in it that go beyond, as it does on a host of that size.
    What /proc/meminfo shows in there is still this machine.

    Args:
        machine: the host name of a machine of the lab that runs.
        size: bytes.

    Raises:
        LabError: no memory controller can be used.
    """

    def __init__(self, machine: str, size: int) -> None:
        self._machine = Cgroup(machine)
        self._size = size
        self._v1 = _first_version()
        if self._v1:
            self._folder = self._v1 / self._machine.path.name
        elif "memory" in (hierarchy() / "cgroup.subtree_control").read_text().split():
            self._folder = self._machine.path
        else:
            raise LabError("this kernel has no memory controller to be used here")

    def __enter__(self) -> MemoryLimit:
        if self._v1:
            self._folder.mkdir(exist_ok=True)
            (self._folder / "memory.limit_in_bytes").write_text(str(self._size))
            for process in self._machine.processes():
                try:
                    (self._folder / "cgroup.procs").write_text(str(process))
                except ProcessLookupError:
                    continue
        else:
            (self._folder / "memory.max").write_text(str(self._size))
        return self

    def __exit__(self, *_: object) -> None:
        if self._v1:
            root = self._v1 / "cgroup.procs"
            wait_until(lambda: self._emptied(root), 20, f"{self._folder} is empty")
            self._folder.rmdir()
        else:
            (self._folder / "memory.max").write_text("max")

    @property
    def killed(self) -> int:
        """How many processes the kernel has ended so far for want of memory."""
        events = self._folder / ("memory.oom_control" if self._v1 else "memory.events")
        fields = dict(line.split() for line in events.read_text().splitlines())
        return int(fields["oom_kill"])

    @property
    def peak(self) -> int:
        """The most bytes that were in use at once."""
        return int((self._folder / ("memory.max_usage_in_bytes" if self._v1 else "memory.peak")).read_text())

    def _emptied(self, root: Path) -> bool:
        members = (self._folder / "cgroup.procs").read_text().split()
        for process in members:
            try:
                root.write_text(process)
            except ProcessLookupError:
                continue
        return not members


def _first_version() -> Path | None:
    """The hierarchy of version 1 that has the memory controller; it has one process group for each."""
    for point, kind in table():
        if kind == "cgroup" and (point / "memory.limit_in_bytes").exists():
            return point
    return None
