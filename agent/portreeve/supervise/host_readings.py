"""What the kernel tells of memory, stalls and disks.

Sources: proc_meminfo(5), Documentation/accounting/psi.rst of Linux, statvfs(3).
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from portreeve.supervise.pressure import Disk, Readings

_SOME = re.compile(r"^some avg10=(\d+\.\d+)", re.MULTILINE)
_MEMORY = re.compile(r"^(MemTotal|MemAvailable):\s+(\d+) kB$", re.MULTILINE)

PROC = Path("/proc")


def read_host(at: float, places: Iterable[Path], *, proc: Path = PROC) -> Readings:
    """Measure everything once; a handful of small reads.

    Args:
        at: monotonic seconds, of now.
        places: folders whose file systems are looked at; one that is not there is left out.
        proc: where procfs is mounted.
    """
    return Readings(
        at=at,
        memory_available=memory_available(proc),
        memory_stall=_stall(proc, "memory"),
        io_stall=_stall(proc, "io"),
        cpu_stall=_stall(proc, "cpu"),
        disks=_disks(places),
    )


def memory_available(proc: Path = PROC) -> float | None:
    """Per cent of memory that can be had without swapping: the kernel's own estimate, page cache included."""
    try:
        found = dict(_MEMORY.findall((proc / "meminfo").read_text()))
    except OSError:
        return None
    if "MemAvailable" not in found or not int(found.get("MemTotal", 0)):
        return None
    return 100.0 * int(found["MemAvailable"]) / int(found["MemTotal"])


def _stall(proc: Path, resource: str) -> float | None:
    """``None`` on a kernel without PSI: no such file; with ``psi=0``, EOPNOTSUPP when it is read."""
    try:
        found = _SOME.search((proc / "pressure" / resource).read_text())
    except OSError:
        return None
    return float(found[1]) if found else None


def _disks(places: Iterable[Path]) -> tuple[Disk, ...]:
    disks: dict[int, Disk] = {}
    for place in places:
        try:
            device, status = place.stat().st_dev, os.statvfs(place)
        except OSError:
            continue
        if device in disks:
            continue
        # As df counts: without the blocks that are kept for root, since databases in containers are not root.
        usable = status.f_blocks - status.f_bfree + status.f_bavail
        if not usable:
            continue
        space = 100.0 * status.f_bavail / usable
        # Btrfs and others have no limit of inodes, and say 0.
        inodes = 100.0 * status.f_favail / status.f_files if status.f_files else 100.0
        scarcer = "inodes" if inodes < space else "space"
        disks[device] = Disk(str(place), min(space, inodes), scarcer)
    return tuple(disks.values())
