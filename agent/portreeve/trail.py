"""Which names decide what a path leads to: the links on its way and its end, or where it breaks off."""

import errno
from pathlib import Path

_MOST_LINKS = 40
"""As many links as the kernel follows (path_resolution(7))."""


def trail(path: Path, root: Path = Path("/")) -> tuple[Path, ...]:
    """Every name whose change would make ``path`` lead elsewhere, in the order in which it is met.

    No parent of a returned path is a link below ``root``, so each can be watched in its own directory. The
    last one is where the path ends, or the first name that does not exist. Nothing is opened.

    Args:
        path: absolute, or relative to ``root``.
        root: what ``/`` and ``..`` stop at, as for ``RESOLVE_IN_ROOT`` of openat2(2); a container's volume.
    """
    pending = [part for part in reversed(path.parts) if part != "/"]
    here = root
    names: list[Path] = []
    links = 0
    while pending:
        part = pending.pop()
        if part in ("", "."):
            continue
        if part == "..":
            here = here if here == root else here.parent
            continue
        try:
            target = (here / part).readlink()
        except OSError as error:
            if error.errno == errno.EINVAL:  # It exists and is not a link.
                here = here / part
                continue
            broken = here if error.errno == errno.ENOTDIR else here / part
            return (*names, broken)
        names.append(here / part)
        links += 1
        if links > _MOST_LINKS:
            return tuple(names)
        here = root if target.is_absolute() else here
        pending.extend(part for part in reversed(target.parts) if part != "/")
    return (*names, here)
