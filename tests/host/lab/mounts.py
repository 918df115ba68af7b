"""The machine's mounts: reading the table, laying an overlay, taking down what is left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .command import execute


def table() -> list[tuple[Path, str]]:
    """Every mount of the machine as (mount point, type of file system), in the order they were made."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields.split()[4])
        found.append((Path(point), rest.split()[0]))
    return found


def beneath(folder: Path) -> list[Path]:
    """The mount points in a folder."""
    return [point for point, _ in table() if point.is_relative_to(folder)]


def overlay(lowers: Sequence[Path], upper: Path, work: Path, root: Path) -> None:
    """Mount a writable layer over read-only ones.

    Args:
        lowers: read-only layers, the topmost first.
        upper: the layer that takes the changes.
        work: an empty folder beside it, for the kernel.
        root: where to mount it.
    """
    layers = ":".join(map(str, lowers))
    # redirect_dir: a folder of a lower layer can be renamed, as on a plain file system
    options = f"lowerdir={layers},upperdir={upper},workdir={work},redirect_dir=on,metacopy=off,index=off"
    execute("mount", "-t", "overlay", "overlay", "-o", options, str(root))


def unmount_beneath(folder: Path) -> None:
    """Unmount everything in a folder, the latest mount first; what is busy goes when its last user does."""
    for point in reversed(beneath(folder)):
        if execute("umount", str(point), check=False).code != 0:
            execute("umount", "-l", str(point), check=False)
