"""Which units and which files below ``/etc`` a package has, as dpkg or rpm tells."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from portreeve.process import run
from portreeve.systemd.unit_paths import is_unit_name, unit_of

_OUTPUT = 4 << 20
"""Bytes: a list of fifty thousand files, from its end."""

_LINKED_UNITS = ("etc/systemd/system", "run/systemd/system")
"""Where ``systemctl enable`` puts the other names of a unit (``Alias=``), as links to its file."""


@dataclass(frozen=True, slots=True)
class OwnedFiles:
    """What a package has that a sync may touch.

    Args:
        units: their names, sorted, with the other names that they go by; a template as ``name@.service``.
        paths: its other files below ``/etc``, sorted; no folders, since ``/etc`` itself is one of them.
        known: it was told; otherwise there was no answer in time.
    """

    units: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    known: bool = True


def owned_files(package: str, *, root: Path, admin_folder: str = "", timeout: float) -> OwnedFiles:
    """Ask dpkg, then rpm; nothing where neither knows the package, as before its first installation.

    Args:
        package: its name, as dpkg or rpm spell it.
        root: the folder that the package is installed below.
        admin_folder: dpkg's database, where it is not the usual one below the root.
        timeout: seconds for both together.
    """
    deadline = time.monotonic() + timeout
    database = admin_folder or str(root / "var/lib/dpkg")
    questions = (
        ("dpkg-query", f"--admindir={database}", "--listfiles", "--", package),
        ("rpm", f"--root={root}", "-q", "--list", "--", package),
    )
    for question in questions:
        answer = run(question, timeout=max(0.0, deadline - time.monotonic()), keep=_OUTPUT)
        if answer.ok:
            # dpkg also tells of diversions, and rpm that a package has no files.
            return sorted_out((line for line in answer.output.splitlines() if line.startswith("/")), root)
        if answer.timed_out:
            return OwnedFiles(known=False)
    return OwnedFiles()


def sorted_out(files: Iterable[str], root: Path) -> OwnedFiles:
    """What counts of a package's files.

    A unit goes by its name alone, so that it is the same in ``/lib`` and ``/usr/lib``.
    """
    units, paths = set(), set()
    for file in files:
        unit = unit_of(Path(file))
        if unit is not None and is_unit_name(unit):
            units.add(unit)
        elif file.startswith("/etc/") and not (root / file.lstrip("/")).is_dir():
            paths.add(file)
    return OwnedFiles(tuple(sorted(units | _other_names(units, root))), tuple(sorted(paths)))


def _other_names(units: set[str], root: Path) -> set[str]:
    names = set()
    for folder in _LINKED_UNITS:
        try:
            entries = list(os.scandir(root / folder))
        except OSError:
            # No systemd there: then nobody has given another name to a unit.
            continue
        for entry in entries:
            if entry.is_symlink() and is_unit_name(entry.name) and _target(entry) in units:
                names.add(entry.name)
    return names


def _target(entry: os.DirEntry[str]) -> str:
    try:
        return Path(entry.path).readlink().name
    except OSError:
        # Somebody has disabled a unit a moment ago; that is no reason to leave no mark.
        return ""
