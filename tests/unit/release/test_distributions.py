"""The source archive and the wheel: complete, and the same bytes whoever builds them, where and when."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from release import checkout, difference

CHECKOUT = Path(__file__).resolve().parents[3]
EPOCH = 1_795_000_000
MEMORY = Path("/dev/shm")  # its folders list the newest file first, those of a disk by hash

BUILD = """
import sys
from pathlib import Path
from release import checkout, distributions
top, scratch = map(Path, sys.argv[1:])
checkout.export(top, scratch / "source", {epoch})
(scratch / "built").mkdir()
distributions.build(scratch / "source", scratch / "built", {epoch})
"""


def copy_in_other_order(source: Path, target: Path) -> None:
    """A checkout of the same files: made in another order, at another time, for its owner alone."""
    for file in sorted((path for path in source.rglob("*") if not path.is_dir()), reverse=True):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy, follow_symlinks=False)
        if not copy.is_symlink():
            copy.chmod(file.stat().st_mode & 0o700)
    for command in (("init", "-q"), ("add", "--all")):
        subprocess.run(["git", *command], cwd=target, check=True)


def build(top: Path, scratch: Path, wrapper: tuple[str, ...], umask: int, **variables: str) -> Path:
    """Build in a process of its own; the folder of what came out."""
    paths = os.pathsep.join(map(str, (CHECKOUT, CHECKOUT / "agent", CHECKOUT / "tests")))
    script = (sys.executable, "-c", BUILD.format(epoch=EPOCH), str(top), str(scratch))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": paths, "GIT_CONFIG_COUNT": "1"}
    # git reads no repository of another user's, which a checkout seems to be under another name.
    environment |= {"GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    subprocess.run([*wrapper, *script], env=environment | variables, umask=umask, check=True, timeout=100)
    return scratch / "built"


@pytest.fixture(scope="module")
def twice() -> Iterator[tuple[Path, Path]]:
    """Two builds of this checkout that have nothing in common but its content."""
    with (
        TemporaryDirectory() as plain,
        TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as other,
    ):
        export = Path(plain) / "export"
        checkout.export(CHECKOUT, export, EPOCH)
        elsewhere, deep = Path(other) / "a checkout", Path(other) / "a/much/deeper/folder"
        copy_in_other_order(export, elsewhere)
        deep.mkdir(parents=True)
        one = build(CHECKOUT, Path(plain), (), 0o022, TZ="UTC", LANG="C", HOME="/root", USER="root")
        somebody = ("unshare", "--user", "--map-user=1234", "--map-group=1234", "--")
        there = {"TZ": "Pacific/Kiritimati", "LANG": "tr_TR.UTF-8", "HOME": "/nowhere", "USER": "somebody"}
        yield one, build(elsewhere, deep, somebody, 0o077, **there)


def test_two_builds_give_the_same_bytes(twice: tuple[Path, Path]) -> None:
    differences = difference.between(*twice)
    assert not differences, "\n".join(differences)


def test_there_are_a_source_archive_and_a_wheel(twice: tuple[Path, Path]) -> None:
    assert sorted(file.suffix for file in twice[0].iterdir()) == [".gz", ".whl"]


def test_the_source_archive_has_all_that_packages_are_built_from(twice: tuple[Path, Path]) -> None:
    (archive,) = twice[0].glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        inside = {name.partition("/")[2] for name in tar.getnames()}
    needed = ("requirements.lock", "install.sh", "debian/rules", "packaging/venv.py", "rpm/portreeve.spec")
    assert inside.issuperset((*needed, "release/build", "tests/run", "LICENSE"))


def test_the_wheel_has_what_the_program_ships(twice: tuple[Path, Path]) -> None:
    (wheel,) = twice[0].glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = {name.split("/")[2] for name in archive.namelist() if name.startswith("portreeve/_data/")}
    assert inside == {"templates", "units", "examples", "profiles"}
