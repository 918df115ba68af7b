"""One run of the tests: the folder of its machines, which the next run clears if this one is killed."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import Protocol

from . import cgroup, mounts
from .places import locked, scratch_root, try_lock


class Machine(Protocol):
    """What a run must know of its machines."""

    name: str

    def close(self) -> None:
        """End and delete it."""

    def report(self) -> str:
        """Its state in words, for the report of a failed test."""


class Run:
    """A folder that lives as long as this object's lock on it.

    Attributes:
        name: tells this run's machines and control groups from those of others.
        folder: holds one folder per machine.
        machines: those that are open now, by name.
    """

    def __init__(self) -> None:
        root = scratch_root()
        with locked(root / "lock"):
            sweep(root)
            self.name = f"lab{secrets.token_hex(3)}"
            self.folder = root / self.name
            self.folder.mkdir(mode=0o755)
            self._lock = try_lock(self.folder / "lock")
        self.machines: dict[str, Machine] = {}
        self._count = 0

    def machine_name(self, kind: str) -> str:
        """A name for one more machine, good as a host name."""
        self._count += 1
        return f"{self.name}-{kind}{self._count}"

    def leftovers(self) -> set[str]:
        """The machines with processes and the mounts that exist for this run now."""
        running = {f"processes of {group.name}" for group in cgroup.named(self.name) if group.processes()}
        return running | {f"mount {point}" for point in mounts.beneath(self.folder)}

    def close(self) -> None:
        """End and delete whatever is left of the run; may be called twice."""
        if self._lock is not None:
            for machine in list(self.machines.values()):
                machine.close()
            # Nobody else clears at the same time: the lock is in the folder, and goes with it.
            with locked(scratch_root() / "lock"):
                _clear(self.folder)
            os.close(self._lock)
            self._lock = None


def sweep(root: Path) -> None:
    """Clear the folders of runs that nobody holds any more."""
    for folder in root.glob("lab*/"):
        descriptor = try_lock(folder / "lock")
        if descriptor is not None:
            _clear(folder)
            os.close(descriptor)


def _clear(folder: Path) -> None:
    for group in cgroup.named(folder.name):
        group.end()
    mounts.unmount_beneath(folder)
    shutil.rmtree(folder)
