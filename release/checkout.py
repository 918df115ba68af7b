"""The checkout: what git knows of it, and a copy of it to build from."""

import io
import os
import shutil
import tarfile
from pathlib import Path

from release.program import output


def epoch(top: Path) -> int:
    """When its last commit was made, in seconds since 1970."""
    return int(output("git", "log", "-1", "--format=%ct", cwd=top))


def changed(top: Path) -> list[str]:
    """What differs from the last commit."""
    return output("git", "status", "--short", cwd=top).splitlines()


def tags(top: Path) -> list[str]:
    """The tags of the last commit."""
    return output("git", "tag", "--points-at", "HEAD", cwd=top).split()


def export(top: Path, target: Path, time: int) -> None:
    """Copy what git would take of the checkout as it is now.

    Nothing of the machine comes along: no file that git ignores, and of modes only who may execute. A release
    is made where this is the same as the last commit.

    Args:
        top: the checkout.
        target: made here.
        time: when every file of the copy was changed, in seconds since 1970.
    """
    listed = output("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=top)
    target.mkdir(parents=True)
    for name in sorted(filter(None, listed.split("\0"))):
        source, copy = top / name, target / name
        if not os.path.lexists(source):
            continue  # removed, but not yet from the index
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy, follow_symlinks=False)
    settle(target, time)


def settle(tree: Path, time: int) -> None:
    """Give all files and folders of a tree one time, and modes that no umask had a say in."""
    for path in [tree, *tree.rglob("*")]:
        if path.is_symlink():
            os.utime(path, (time, time), follow_symlinks=False)
            continue
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)
        os.utime(path, (time, time))


def unpack(archive: Path, target: Path) -> Path:
    """Unpack a source archive that has one folder; that folder."""
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as tar:
        tar.extractall(target, filter="data")
    (folder,) = target.iterdir()
    return folder
