"""The Debian package of this checkout, built once for each release."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from . import base, wheel
from .bare import BareRoot
from .base import report
from .nspawn import Snapshot
from .places import CHECKOUT, cache_root, locked
from .run import Run

# of the checkout, what does not go into a package
_OUTSIDE = ("tests/", "bench/", ".ci/", "release/", "rpm/", "docs/", "CONTRIBUTING.md")
_INSIDE = ("docs/man/",)


def build(run: Run, release: str) -> Path:
    """Build the package, or find it in the cache: it is keyed by the content of what goes into it.

    Args:
        run: the run of the tests, whose machine builds it.
        release: a codename out of base.RELEASES.

    Returns:
        The file, `portreeve_VERSION_ARCHITECTURE.deb`.

    Raises:
        CommandError: the build failed; has its output.
    """
    root = base.packager(release)
    dependencies = wheel.dependencies()
    names = [name for name in wheel.files() if name.startswith(_INSIDE) or not name.startswith(_OUTSIDE)]
    key = _key([root, dependencies], names)
    packages = cache_root() / "packages"
    target = packages / f"{release}-{key}"
    with locked(packages / f"{target.name}.lock"):
        if not target.is_dir():
            report(f"building the package for {release}, about a minute")
            folder = Path(tempfile.mkdtemp(prefix=f".{release}-", dir=packages))
            try:
                _build(run, Snapshot((root,)), folder)
                folder.chmod(0o755)
                folder.rename(target)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    (deb,) = target.glob("*.deb")
    return deb


def _key(origins: list[Path], names: list[str]) -> str:
    content = hashlib.sha256(repr(origins).encode())
    for name in names:
        file = CHECKOUT / name
        content.update(f"{name}\0{file.stat().st_mode & 0o777:o}\0".encode())
        content.update(hashlib.sha256(file.read_bytes()).digest())
    return content.hexdigest()[:16]


def _build(run: Run, snapshot: Snapshot, folder: Path) -> None:
    """Put the package and what tells of its build into a folder."""
    with BareRoot(run, snapshot, "packager") as root, tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        wheel.copy_checkout(source)
        root.copy_in(source, "/build/portreeve")
        root.copy_in(wheel.wheelhouse(Path(scratch) / "wheelhouse"), "/build/wheelhouse")
        # without a network: what a build needs is in the wheelhouse, or declared
        root.run(
            *("unshare", "--net", "sh", "-ec", "cd /build/portreeve && exec dpkg-buildpackage -b -us -uc"),
            timeout=600,
            env={"WHEELHOUSE": "/build/wheelhouse"},
        )
        for built in Path(f"/proc/{root.leader}/root/build").iterdir():
            if built.is_file():
                shutil.copy2(built, folder)
