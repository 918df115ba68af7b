"""What is mounted, by the kernel's own list: ``st_dev`` cannot tell a bind mount from the same device."""

import re
from pathlib import Path

_LIST = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")


def mount_points() -> frozenset[Path]:
    """Every folder and every single file that something is mounted at."""
    places = (line.split(b" ", 5)[4] for line in _LIST.read_bytes().splitlines())
    # The kernel writes space, tab, line break and backslash as octal numbers (proc_pid_mountinfo(5)).
    names = (_OCTAL.sub(lambda match: bytes([int(match[1], 8)]), place) for place in places)
    return frozenset(Path(name.decode(errors="surrogateescape")) for name in names)


def is_mount_point(path: Path) -> bool:
    """Whether something is mounted at exactly this path.

    Args:
        path: absolute, without links.
    """
    return path in mount_points()
