"""Which folders have to be watched for which names, so that a path's every change is seen."""

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from portreeve.trail import trail

Point = tuple[str, str]
"""A folder, which is there and has no link in its path, and a name in it."""


def points(
    paths: Iterable[Path], watched: Callable[[str], bool] = lambda _: False
) -> tuple[frozenset[Point], frozenset[str]]:
    """The points of some paths: of each its name in its folder, and the links on the way to that folder.

    Where a folder does not exist, the first name that is missing is watched for in the nearest that does.
    A path's own last name is not followed if it is a link; who wants that asks for the path's trail.

    Args:
        paths: absolute.
        watched: tells of a folder that it is watched as it is now; no link can be in its path then.

    Returns:
        the points, and their folders, without those that ``watched`` told of.
    """
    names: dict[Path, set[str]] = {}
    for path in paths:
        names.setdefault(path.parent, set()).add(path.name)
    found: set[Point] = set()
    known: set[Point] = set()
    for folder, wanted in names.items():
        if watched(str(folder)):
            known.update((str(folder), name) for name in wanted)
            continue
        *links, end = trail(folder)
        found.update((str(link.parent), link.name) for link in links)
        if _is_folder(end):
            found.update((str(end), name) for name in wanted)
        elif end != Path("/"):
            found.add((str(end.parent), end.name))
    return frozenset(found | known), frozenset(folder for folder, _ in found)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        # Nothing there, or a mount whose server is away: as long as that lasts, there is nothing to watch.
        return False
