"""The state file as it was before a newer portreeve changed its schema: what a downgrade goes back to."""

import os
import shlex
import sqlite3
from itertools import count
from pathlib import Path

from portreeve.durable import sync_folder

_MARK = ".schema-"


def keep(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Keep a state file as it is, beside it; one that was kept of the same schema makes room.

    Secrets are as they are in the file: sealed, by the same key.

    Args:
        connection: the state file, opened.
        path: where it is.
        version: its schema.

    Raises:
        sqlite3.DatabaseError, OSError: the disk is full, say; what was kept before stays.
    """
    new = path.with_name(f"{path.name}{_MARK}{version}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        # SQLite writes to an empty file that is there, and leaves its mode (https://sqlite.org/lang_vacuum.html).
        connection.execute("VACUUM INTO ?", (str(new),))
        os.fsync(descriptor)
        new.replace(path.with_name(f"{path.name}{_MARK}{version}"))
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def kept(path: Path) -> dict[int, Path]:
    """What was kept of a state file, by its schema."""
    beside = path.parent.glob(f"{path.name}{_MARK}*")
    # Somebody may have made copies of these, with names of his own.
    versions = {found: found.name.removeprefix(f"{path.name}{_MARK}") for found in beside}
    return {int(version): found for found, version in versions.items() if version.isdecimal()}


def forget(path: Path) -> None:
    """Overwrite and remove what was kept: what is in the clear there is a secret now.

    Raises:
        OSError: it cannot be done now.
    """
    for found in kept(path).values():
        with found.open("r+b") as file:
            for _ in range(0, found.stat().st_size, len(_ZEROS)):
                file.write(_ZEROS)
            file.flush()
            os.fsync(file.fileno())
        found.unlink()


_ZEROS = bytes(1 << 16)


def way_back(path: Path, stored: int, known: int) -> str:
    """What to do about a state file that a newer portreeve wrote.

    Args:
        path: the state file, which is left as it is.
        stored: its schema.
        known: the newest schema that this version can read.
    """
    usable = [version for version in kept(path) if version <= known]
    again = "install that version again; nothing was changed"
    if not usable:
        return again
    old = kept(path)[max(usable)]
    # A host that goes back a second time has one already.
    names = (f"schema-{stored}{f'.{turn}' if turn > 1 else ''}" for turn in count(1))
    aside = next(folder for folder in map(path.with_name, names) if not folder.exists())
    # The log goes along: SQLite would carry it into whatever file is in its place.
    moved = [each for each in (path, *(path.with_name(path.name + end) for end in _BESIDE)) if each.exists()]
    commands = (
        "systemctl stop portreeve",
        f"mkdir {shlex.quote(str(aside))}",
        f"mv {shlex.join(map(str, moved))} {shlex.quote(str(aside))}",
        f"cp -p {shlex.quote(str(old))} {shlex.quote(str(path))}",
        "systemctl start portreeve",
    )
    return f"{again}. Or go back to what was kept before the upgrade: `{' && '.join(commands)}`"


_BESIDE = ("-wal", "-shm")
