"""How much memory a unit uses where no control group counts it, and so none limits it either.

``MemoryMax=`` is accepted and has no effect without the memory controller: on a kernel that was started
without it, in a container, or where the older hierarchy has taken it.
"""

import os
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_HIERARCHIES = ("", "unified", "systemd")
"""Below ``/sys/fs/cgroup``: the only hierarchy, beside older ones, or the older one of systemd's own."""

_RESIDENT = 1
"""Which number of ``/proc/PID/statm``: resident pages (proc_pid_statm(5))."""


def resident(
    control_group: str, cgroups: Path = Path("/sys/fs/cgroup"), processes: Path = Path("/proc")
) -> int | None:
    """Bytes of memory in which the processes of a control group are resident, added up.

    What they share is counted for each of them, so it is at least what a control group would count of them.

    Args:
        control_group: as systemd names it, ``/system.slice/app.service``.
        cgroups: where control groups are mounted.
        processes: where processes are shown.

    Returns:
        ``None`` when the group is not found, since nothing runs in it.
    """
    for hierarchy in _HIERARCHIES:
        folder = cgroups / hierarchy / control_group.lstrip("/")
        if control_group.strip("/") and (folder / "cgroup.procs").is_file():
            files = (folder / "cgroup.procs", *folder.glob("**/cgroup.procs"))
            pids = {pid for file in files for pid in _read(file).split()}
            return sum(_pages(processes / pid) for pid in pids) * _PAGE
    return None


def _pages(process: Path) -> int:
    numbers = _read(process / "statm").split()
    return int(numbers[_RESIDENT]) if len(numbers) > _RESIDENT else 0


def _read(file: Path) -> str:
    """What a file says; nothing when the process or group has just gone (ENODEV, ESRCH too)."""
    try:
        return file.read_text()
    except OSError:
        return ""
