"""The project's wheel and all that it depends on, so that an install needs no network."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .base import report
from .command import execute
from .errors import LabError
from .places import CHECKOUT, cache_root, locked

LOCK = CHECKOUT / "requirements.lock"
PYTHONS = ("3.11", "3.13")  # Debian 12's and Debian 13's
# Debian 12 has glibc 2.36; pip takes a newer tag for an older one only if told so one by one
_GLIBC = (36, 35, 34, 31, 28, 24, 17, 12, 5)
# what builds a package that its author publishes as source only; the wheel notes it, and packages hold that
_BUILDER = "setuptools==84.2.1"


def wheelhouse(folder: Path) -> Path:
    """Fill a folder with the project's wheel, built now, and the locked dependencies, from the cache.

    Args:
        folder: made if missing.

    Returns:
        The folder.

    Raises:
        CommandError: pip could not download or build; says what.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in dependencies().glob("*.whl"):
        shutil.copy2(wheel, folder)
    build(folder)
    return folder


def dependencies(lock: Path = LOCK) -> Path:
    """The folder of the wheels that a lock names, for every Python that is tested on."""
    key = hashlib.sha256(lock.read_bytes() + repr((PYTHONS, _GLIBC, _BUILDER)).encode()).hexdigest()[:16]
    wheels = cache_root() / "wheels"
    target = wheels / key
    with locked(wheels / "lock"):
        if not target.is_dir():
            report("downloading the locked dependencies")
            folder = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=wheels))
            try:
                for version in PYTHONS:
                    _download(lock, version, folder)
                _build_source_packages(folder)
                folder.chmod(0o755)
                folder.rename(target)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    return target


def _pip() -> tuple[str, ...]:
    """The pip of this Python, else (in an environment without one) the machine's."""
    if importlib.util.find_spec("pip"):
        return (sys.executable, "-m", "pip")
    return (shutil.which("pip") or shutil.which("pip3") or "pip3",)


def _download(lock: Path, version: str, folder: Path) -> None:
    platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in _GLIBC]
    execute(
        *(*_pip(), "download", "-q", "--require-hashes", "--prefer-binary", "--no-deps"),
        *(*platforms, f"--python-version={version}", "--implementation=cp"),
        *("-d", str(folder), "-r", str(lock)),
        timeout=600,
    )


def _build_source_packages(folder: Path) -> None:
    """Put a wheel in the place of each package that its author publishes as source only."""
    constraint = folder / "constraint.txt"
    constraint.write_text(f"{_BUILDER}\n")
    # Older versions of pip read the first of these for a build's own environment, newer ones the second.
    env = {**os.environ, "PIP_CONSTRAINT": str(constraint), "PIP_BUILD_CONSTRAINT": str(constraint)}
    for source in folder.glob("*.tar.gz"):
        execute(*(*_pip(), "wheel", "-q", "--no-deps", "-w", str(folder), str(source)), timeout=300, env=env)
        if not list(folder.glob(f"{source.name.partition('-')[0]}-*-none-any.whl")):
            raise LabError(f"there is no wheel of {source.name} for the tested Pythons")
        source.unlink()
    constraint.unlink()


def build(folder: Path) -> Path:
    """Build the project's wheel from the checkout, which stays as it is, into a folder.

    Returns:
        The wheel.
    """
    with tempfile.TemporaryDirectory(prefix="portreeve-build-") as scratch:
        source = Path(scratch) / "source"
        copy_checkout(source)
        execute(
            *(*_pip(), "wheel", "-q", "--no-deps", "-w", str(folder), str(source)),
            timeout=600,
        )
    (wheel,) = folder.glob("portreeve-*.whl")
    return wheel


def files() -> list[str]:
    """What git would take: the files of the checkout as they are now, without what it ignores."""
    listed = subprocess.run(
        ["git", "-C", str(CHECKOUT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
    ).stdout
    return sorted(name for name in listed.decode().split("\0") if name and (CHECKOUT / name).is_file())


def copy_checkout(target: Path) -> None:
    """Copy the checkout's files."""
    for name in files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, target / name)
