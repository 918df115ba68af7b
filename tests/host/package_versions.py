"""The package under test as an earlier and a later version: the same content, and what tells them apart."""

from __future__ import annotations

import hashlib
import py_compile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from host.lab.command import execute
from host.lab.guest import Guest

EARLIER, LATER = "0.0.1", "99.0"
_SITE = "usr/lib/portreeve/venv/lib/python3.11/site-packages/portreeve"


@dataclass(frozen=True)
class Versions:
    """Files of the package, on the machine of the tests.

    Attributes:
        earlier: of a lower version.
        current: as it was built.
        later: of a higher version.
    """

    earlier: Path
    current: Path
    later: Path

    def copy_into(self, guest: Guest, folder: str) -> Versions:
        """The same in a machine."""
        for package in (self.earlier, self.current, self.later):
            guest.copy_in(package, f"{folder}/{package.name}")
        inside = Path(folder)
        return Versions(inside / self.earlier.name, inside / self.current.name, inside / self.later.name)


def versions(current: Path, folder: Path) -> Versions:
    """Repack the package twice, which takes a second and not a minute.

    Args:
        current: as it was built.
        folder: for the others.
    """
    return Versions(
        repack(current, folder / "portreeve_earlier.deb", EARLIER),
        current,
        repack(current, folder / "portreeve_later.deb", LATER),
    )


def repack(current: Path, target: Path, version: str, **files: str) -> Path:
    """Make a package of another version, whose program says so.

    Args:
        current: of which package.
        target: the new file.
        version: the new version.
        files: more modules to be replaced, by their path in the program with ``__`` for ``/``.
    """
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        execute("dpkg-deb", "-R", str(current), str(root))
        control = root / "DEBIAN/control"
        lines = control.read_text().splitlines(keepends=True)
        lines = [f"Version: {version}\n" if line.startswith("Version:") else line for line in lines]
        control.write_text("".join(lines))
        replaced = {"__init__": f'"""portreeve."""\n\n__version__ = "{version}"\n', **files}
        for name, text in replaced.items():
            module = root / _SITE / (name if name == "__init__" else name.replace("__", "/"))
            _replace(root, module.with_suffix(".py"), text)
        options = ("--root-owner-group", "-Zgzip", "-z1")
        execute("dpkg-deb", *options, "-b", str(root), str(target), timeout=120)
    return target


def _replace(root: Path, module: Path, text: str) -> None:
    """Replace a module, its compiled form, which is used without being compared, and the sums of both."""
    module.write_text(text)
    (compiled,) = (module.parent / "__pycache__").glob(f"{module.stem}.*.pyc")
    py_compile.compile(
        str(module),
        str(compiled),
        f"/{module.relative_to(root)}",
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    sums = root / "DEBIAN/md5sums"
    lines = sums.read_text().splitlines()
    for file in (module, compiled):
        name = str(file.relative_to(root))
        digest = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
        lines = [f"{digest}  {name}" if line.endswith(f"  {name}") else line for line in lines]
    sums.write_text("\n".join(lines) + "\n")
