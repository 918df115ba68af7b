"""What a release promises of its Debian packages: the SBOM lists what is in them, two builds are the same."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from release import checkout, debian, difference, distributions, lock, sbom, wheel

from .lab import base, package
from .lab import wheel as wheels
from .lab.places import CHECKOUT
from .lab.run import Run

Show = Callable[[Callable[[], object]], None]
EPOCH = 1_795_000_000
RELEASES = ["bookworm", pytest.param("trixie", marks=pytest.mark.long)]
PACKAGES = "./usr/lib/portreeve/venv/lib/"


@dataclass(frozen=True)
class Inside:
    """What a package holds in its environment: names and versions, and the hash of each compiled file."""

    packages: set[tuple[str, str]]
    compiled: dict[str, str]


def look_into(deb: Path) -> Inside:
    """Read a Debian package with dpkg-deb."""
    packages, compiled = set(), {}
    content = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for member in tar:
            folder, _, name = member.name.rpartition("/")
            if not folder.startswith(PACKAGES) or not member.isfile():
                continue
            file = tar.extractfile(member)
            assert file is not None
            if folder.endswith(".dist-info") and name == "METADATA":
                said = dict(line.split(": ", 1) for line in file.read().decode().splitlines()[:3])
                packages.add((said["Name"].lower().replace("_", "-"), said["Version"]))
            elif ".so" in name:
                compiled[member.name.partition("site-packages/")[2]] = hashlib.sha256(file.read()).hexdigest()
    return Inside(packages, compiled)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The SBOM of this checkout, as the release command makes it."""
    program = wheel.read(wheels.build(tmp_path_factory.mktemp("own")))
    pinned = lock.parse((CHECKOUT / "requirements.lock").read_text())
    inside = [wheel.read(file) for file in sorted(wheels.dependencies().glob("*.whl"))]
    document: dict[str, Any] = json.loads(sbom.compose(program, EPOCH, pinned, inside))
    return document


@pytest.fixture(scope="module", params=RELEASES)
def inside(
    request: pytest.FixtureRequest, lab_run: Run, show: Callable[[Callable[[], object]], None]
) -> Inside:
    """What is in the package of one release."""
    show(lambda: package.build(lab_run, request.param))
    return look_into(package.build(lab_run, request.param))


def test_the_sbom_lists_what_is_in_the_package_and_nothing_else(
    listed: dict[str, Any], inside: Inside
) -> None:
    main = listed["metadata"]["component"]
    named = {(part["name"], part["version"]) for part in (main, *listed["components"])}
    assert named == inside.packages


def test_every_compiled_file_is_that_of_a_wheel_that_the_sbom_names(
    listed: dict[str, Any], inside: Inside
) -> None:
    named = {
        reference["hashes"][0]["content"]
        for component in listed["components"]
        for reference in component["externalReferences"]
    }
    known = {
        (name, hashlib.sha256(content).hexdigest())
        for file in wheels.dependencies().glob("*.whl")
        if (read := wheel.read(file)).sha256 in named
        for name, content in read.compiled.items()
    }
    assert inside.compiled
    assert set(inside.compiled.items()) <= known


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """A caller with another umask, home, time zone and language."""
    before, umask = dict(os.environ), os.umask(0o077)
    os.environ.update(TZ="Pacific/Kiritimati", LANG="tr_TR.UTF-8", HOME="/nowhere", USER="somebody")
    time.tzset()
    try:
        yield
    finally:
        os.umask(umask)
        os.environ.clear()
        os.environ.update(before)
        time.tzset()


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("codename", base.RELEASES)
def test_two_builds_of_a_package_give_the_same_bytes(lab_run: Run, tmp_path: Path, codename: str) -> None:
    built: list[Path] = []
    for name, folder in (("one", "/build"), ("the other", "/srv/another/much/deeper/folder")):
        work = tmp_path / name
        (work / "built").mkdir(parents=True)
        shutil.copytree(wheels.dependencies(), work / "wheelhouse")

        def make(work: Path = work, folder: str = folder) -> None:
            checkout.export(CHECKOUT, work / "source", EPOCH)
            distributions.build(work / "source", work / "wheelhouse", EPOCH)
            (work / "wheelhouse").joinpath(next((work / "wheelhouse").glob("*.tar.gz")).name).unlink()
            debian.build(
                lab_run, codename, work / "source", work / "wheelhouse", work / "built", EPOCH, folder
            )

        if built:
            with as_somebody_else():
                make()
        else:
            make()
        built.append(work / "built")
    differences = difference.between(*built)
    assert not differences, "\n".join(differences)
