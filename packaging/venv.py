"""Makes the virtual environment that a package carries: relocated, compiled, the same bytes every time.

    packaging/venv.py FOLDER [--prefix PREFIX] [--wheelhouse DIR]

FOLDER becomes the environment that will live at PREFIX (/usr/lib/portreeve/venv). Dependencies are those of
requirements.lock, by their hashes; with a wheelhouse (`install.sh wheelhouse DIR`) no network is needed. Runs
with the Python that the package is for, and needs nothing but the standard library and venv.
"""

import argparse
import filecmp
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
LOCK = SOURCE / "requirements.lock"
PACKAGE = SOURCE / "agent/portreeve"
PREFIX = Path("/usr/lib/portreeve/venv")
PYTHON = Path("/usr/bin/python3")

# What an installer notes of itself: paths of the build, and hashes that the relocation makes wrong.
NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")

# Of the caller's environment: it would change what is installed, or where it is put.
MISLEADING = {
    *("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"),
    *("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"),
}

PROGRAM = """\
#!{prefix}/bin/python3
import sys

from portreeve.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
"""


def make(folder: Path, prefix: Path, wheelhouse: Path | None) -> None:
    """Make the environment.

    Args:
        folder: made anew.
        prefix: where it will live.
        wheelhouse: wheels of the lock and of the project; without it they come from PyPI and the source.
    """
    if folder.exists():
        shutil.rmtree(folder)
    packages = folder / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    packages.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="portreeve-venv-") as scratch:
        _install(packages, wheelhouse, Path(scratch))
    _refuse_stale(packages / "portreeve")
    _tidy(packages)
    _relocate(folder, prefix)
    _compile(packages, prefix / packages.relative_to(folder))


def _install(packages: Path, wheelhouse: Path | None, scratch: Path) -> None:
    python = scratch / "pip/bin/python"
    _run(PYTHON, "-m", "venv", scratch / "pip")
    pip: tuple[str | Path, ...] = (python, "-m", "pip", "--disable-pip-version-check", "--no-input")
    lock, offline = LOCK, ()
    if wheelhouse is not None:
        lock = scratch / "requirements.lock"
        lock.write_text("\n".join(_lock_with_built(wheelhouse)) + "\n")
        offline = ("--no-index", "--find-links", wheelhouse)
    into = ("install", "--quiet", "--no-compile", "--target", packages)
    # Compiled by pip it would have the times of the build, and the paths.
    _run(*pip, *into, *offline, "--use-pep517", "--no-warn-script-location", "--require-hashes", "-r", lock)
    wheel = _project_wheel(wheelhouse)
    if wheel is None:
        _run(*pip, "wheel", "--quiet", "--no-deps", "-w", scratch, SOURCE)
        (wheel,) = scratch.glob("portreeve-*.whl")
    _run(*pip, *into, "--no-index", "--no-deps", "--upgrade", wheel)


def _lock_with_built(wheelhouse: Path) -> list[str]:
    """The lock, with the hash of a wheel that somebody built because the author publishes none.

    Such a package has one hash in the lock, that of its source; any other wheel must have its own hash there.
    """
    lines: list[str] = []
    for entry in re.split(r"\n(?=\S)", LOCK.read_text()):
        lines.append(entry)
        pin = re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", entry)
        if pin and entry.count("--hash=") == 1:
            built = sorted(wheelhouse.glob(f"{pin[1].replace('-', '_')}-{pin[2]}-*.whl"))
            hashes = [
                f"    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}" for wheel in built
            ]
            head, first, rest = entry.partition("    --hash=")
            lines[-1] = head + "".join(f"{line} \\\n" for line in hashes) + first + rest
    return lines


def _project_wheel(wheelhouse: Path | None) -> Path | None:
    if wheelhouse is None:
        return None
    wheels = sorted(wheelhouse.glob("portreeve-*.whl"))
    if len(wheels) != 1:
        raise SystemExit(f"{wheelhouse} has {len(wheels)} wheels of portreeve, and one is needed")
    return wheels[0]


def _refuse_stale(installed: Path) -> None:
    """A wheel that was built from another source would be packaged under this one's version."""
    for file in sorted(PACKAGE.rglob("*.py")):
        twin = installed / file.relative_to(PACKAGE)
        if not twin.is_file() or not filecmp.cmp(file, twin, shallow=False):
            raise SystemExit(
                f"the wheel of portreeve is not of this source: {twin.relative_to(installed)} differs"
            )


def _tidy(packages: Path) -> None:
    """Leave what is imported, what names and licenses it, and nothing that a build notes of itself."""
    for name in ("bin", "share"):  # commands and manual pages have places of their own
        shutil.rmtree(packages / name, ignore_errors=True)
    for name in ("__pycache__", "tests"):
        for folder in sorted(packages.rglob(name)):
            shutil.rmtree(folder)
    for information in packages.glob("*.dist-info"):
        for name in NOTES:
            (information / name).unlink(missing_ok=True)


def _relocate(folder: Path, prefix: Path) -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    lines = {"home": PYTHON.parent, "include-system-site-packages": "false", "version": version}
    (folder / "pyvenv.cfg").write_text("".join(f"{key} = {value}\n" for key, value in lines.items()))
    programs = folder / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(PYTHON)
    (programs / "python").symlink_to("python3")
    program = programs / "portreeve"
    program.write_text(PROGRAM.format(prefix=prefix))
    program.chmod(0o755)


def _compile(packages: Path, final: Path) -> None:
    """By the source's hash, which nobody compares again: neither times nor the build's paths are in there."""
    options = ("--invalidation-mode", "unchecked-hash", "-q", "-s", packages, "-p", final)
    _run(PYTHON, "-m", "compileall", *options, packages, PYTHONHASHSEED="0")


def _run(*argv: str | Path, **environment: str) -> None:
    given = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    quiet = {"LC_ALL": "C.UTF-8", "PIP_ROOT_USER_ACTION": "ignore"}
    subprocess.run([str(word) for word in argv], check=True, env=given | quiet | environment)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make the virtual environment that a package carries.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prefix", type=Path, default=PREFIX)
    parser.add_argument("--wheelhouse", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    given = _arguments()
    make(given.folder.resolve(), given.prefix, given.wheelhouse and given.wheelhouse.resolve())
