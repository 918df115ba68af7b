"""Which folders have to be watched for which names, so that a path's every change is seen."""

from pathlib import Path

from portreeve.trail import trail

Point = tuple[str, str]
"""A folder, which is there and has no link in its path, and a name in it."""

EVERY = "*"
"""A name that stands for every name in its folder: ``/etc/portreeve/syncs.d/*``."""


def points(path: Path) -> frozenset[Point]:
    """The points of one path: its name in its folder, and the links on the way to that folder.

    Where the folder does not exist, the first name that is missing is watched for in the nearest that does.
    The path's own last name is not followed if it is a link; who wants that asks for the path's trail.

    Args:
        path: absolute.
    """
    folder = path.parent
    *links, end = trail(folder)
    found = {(str(link.parent), link.name) for link in links}
    if end.is_dir() and not end.is_symlink():
        found.add((str(end), path.name))
    elif end != Path("/"):
        found.add((str(end.parent), end.name))
    return frozenset(found)
