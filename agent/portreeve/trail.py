"""Which names decide what a path leads to: the links on its way and its end, or where it breaks off."""

import errno
import os
from pathlib import Path

_MOST_LINKS = 40
"""As many links as the kernel follows (path_resolution(7))."""

EVERY = "*"
"""A name that stands for every name in its folder, for whoever watches: ``/etc/portreeve/syncs.d/*``."""


def trail(path: Path, root: Path = Path("/")) -> tuple[Path, ...]:
    """Every name whose change would make ``path`` lead elsewhere, in the order in which it is met.

    No parent of a returned path is a link below ``root``, so each can be watched in its own directory. The
    last one is where the path ends, or the first name that does not exist. Nothing is opened.

    Args:
        path: absolute, or relative to ``root``.
        root: what ``/`` and ``..`` stop at, as for ``RESOLVE_IN_ROOT`` of openat2(2); a container's volume.
    """
    # Texts, since every look at a sync comes here for each of its paths, and a Path for each step is slow.
    top = str(root).rstrip("/")
    pending = [part for part in reversed(path.parts) if not part.startswith("/")]
    here = top
    names: list[str] = []
    links = 0
    while pending:
        part = pending.pop()
        if part in ("", "."):
            continue
        if part == "..":
            here = here if here == top else here.rpartition("/")[0]
            continue
        try:
            target = os.readlink(f"{here}/{part}")  # noqa: PTH115
        except OSError as error:
            if error.errno == errno.EINVAL:  # It exists and is not a link.
                here = f"{here}/{part}"
                continue
            names.append(here if error.errno == errno.ENOTDIR else f"{here}/{part}")
            return tuple(Path(name or "/") for name in names)
        names.append(f"{here}/{part}")
        links += 1
        if links > _MOST_LINKS:
            return tuple(map(Path, names))
        here = top if target.startswith("/") else here
        pending.extend(reversed(Path(target).parts[1:] if target.startswith("/") else Path(target).parts))
    return tuple(Path(name or "/") for name in (*names, here))
