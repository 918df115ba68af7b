"""Which folders have to be watched for which names, so that a path's every change is seen."""

from collections.abc import Iterable
from pathlib import Path

from portreeve.trail import trail

Point = tuple[str, str]
"""A folder, which is there and has no link in its path, and a name in it."""

EVERY = "*"
"""A name that stands for every name in its folder: ``/etc/portreeve/syncs.d/*``."""


def points(paths: Iterable[Path]) -> frozenset[Point]:
    """The points of some paths: of each its name in its folder, and the links on the way to that folder.

    Where a folder does not exist, the first name that is missing is watched for in the nearest that does.
    A path's own last name is not followed if it is a link; who wants that asks for the path's trail.

    Args:
        paths: absolute.
    """
    names: dict[Path, set[str]] = {}
    for path in paths:
        names.setdefault(path.parent, set()).add(path.name)
    found: set[Point] = set()
    for folder, wanted in names.items():
        *links, end = trail(folder)
        found.update((str(link.parent), link.name) for link in links)
        if end.is_dir() and not end.is_symlink():
            found.update((str(end), name) for name in wanted)
        elif end != Path("/"):
            found.add((str(end.parent), end.name))
    return frozenset(found)
