"""What a machine's file system is, so that what a package left in it can be told, as piuparts does.

A machine of the lab is an overlay: all that changed since it was made is in its upper layer, and the rest
need not be read.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

Content = Mapping[str, str]
"""Path in the machine, and all that matters of it; nothing where a lower layer's path was removed."""

JUSTIFIED = (
    # who installed what and when is kept on purpose, and is nobody's configuration
    r"var/log/(apt|dpkg\.log|journal|alternatives\.log)(/.*)?",
    # dpkg's and apt's own books, each with the copy of before
    r"var/lib/dpkg(/(lock|lock-frontend|available|status|updates|info|triggers|diversions|statoverride).*)?",
    r"var/lib/apt/.*",
    r"var/cache/apt(/.*)?",
    # made anew by the linker's and systemd's triggers, with the same libraries and messages
    r"etc/ld\.so\.cache|var/cache/ldconfig(/.*)?|usr/lib/systemd/catalog.*|var/lib/systemd/catalog.*",
    # of a running machine, whether or not anything is installed
    r"var/lib/(docker|containerd|private)(/.*)?|var/lib/systemd/(random-seed|timers|timesync|linger).*",
    r"(run|tmp|proc|sys|dev|srv)(/.*)?|var/tmp(/.*)?|etc/(machine-id|resolv\.conf|hosts|\.pwd\.lock)",
    r"root/\.(cache|docker)(/.*)?",
)


def content(upper: Path) -> Content:
    """All that was changed in a machine.

    Args:
        upper: its upper layer.
    """
    found = {}
    for folder, folders, files in os.walk(upper):
        for name in (*folders, *files):
            path = Path(folder, name)
            found[str(path.relative_to(upper))] = describe(path)
    return found


def describe(path: Path) -> str:
    """What matters of a path; nothing where there is none.

    Times are left out, and so is the size of a folder.
    """
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:  # how an overlay says that it was removed
        return ""
    what = ""
    if stat.S_ISLNK(status.st_mode):
        what = str(path.readlink())
    elif stat.S_ISREG(status.st_mode):
        what = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return f"{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid} {what}".rstrip()


def differences(
    before: Content, after: Content, lowers: Iterable[Path], also: Iterable[str] = ()
) -> dict[str, str]:
    """What differs, for each path what it was and what it is.

    Args:
        before: an earlier :func:`content`.
        after: a later one.
        lowers: the machine's lower layers, the topmost first.
        also: more regular expressions of paths that may differ.
    """
    layers = tuple(lowers)
    pardoned = re.compile("|".join((*JUSTIFIED, *also)))
    found = {}
    for path in sorted(before.keys() | after.keys()):
        if pardoned.fullmatch(path):
            continue
        was, is_now = (layer[path] if path in layer else _below(path, layers) for layer in (before, after))
        if was != is_now:
            found[path] = f"{was or 'nothing'} -> {is_now or 'nothing'}"
    return found


def _below(path: str, layers: tuple[Path, ...]) -> str:
    """What a path is in the first layer that has something of it."""
    for layer in layers:
        if os.path.lexists(layer / path):
            return describe(layer / path)
    return ""
