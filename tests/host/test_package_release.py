"""The Debian package of each release in the smallest system, and as lintian judges it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .lab import base
from .lab.bare import BareRoot
from .lab.nspawn import Snapshot
from .lab.places import CHECKOUT
from .lab.run import Run
from .lab.snapshots import PACKAGE


@pytest.fixture(params=base.RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    chosen = request.param
    assert isinstance(chosen, str)
    return chosen


@pytest.fixture
def deb(release: str, request: pytest.FixtureRequest) -> Path:
    built = request.getfixturevalue(f"{release}_package")
    assert isinstance(built, Path)
    return built


def test_lintian_finds_no_error_and_no_warning(lab_run: Run, deb: Path, release: str) -> None:
    with BareRoot(lab_run, Snapshot((base.packager(release),)), "lintian") as root:
        root.copy_in(deb, f"/srv/{deb.name}")
        judged = root.run(
            "lintian", "--fail-on", "error,warning", f"/srv/{deb.name}", check=False, timeout=110
        )
    assert judged.code == 0, judged.stdout + judged.stderr


@pytest.mark.timeout(200, func_only=True)
def test_in_the_smallest_system_the_declared_dependencies_are_enough(
    lab_run: Run, deb: Path, release: str
) -> None:
    with BareRoot(lab_run, Snapshot((base.minbase(release),)), "minbase") as root:
        root.copy_in(deb, PACKAGE)
        root.run("apt-get", "update", timeout=90)
        installed = root.run("apt-get", "install", "-y", "--no-install-recommends", PACKAGE, timeout=150)
        assert "portreeve:" not in installed.stderr, "there is nothing to complain of"
        root.copy_in(CHECKOUT / "debian/tests/smoke", "/srv/smoke")
        root.run("/srv/smoke", timeout=60)
        root.run("dpkg", "--verify", "portreeve")
        assert "/build/" not in root.run("cat", "/usr/lib/portreeve/venv/pyvenv.cfg").stdout
        modules = root.run(
            "find", "/usr/lib/portreeve/venv/lib", "-name", "*.py", "-not", "-name", "*.pyc"
        ).stdout
        compiled = root.run("find", "/usr/lib/portreeve/venv/lib", "-name", "*.pyc").stdout
        assert len(modules.splitlines()) == len(compiled.splitlines())
        root.run("apt-get", "purge", "-y", "portreeve", timeout=60)
        left = root.run(
            "find", "/etc", "/usr", "/var/lib", "-path", "*portreeve*", "-not", "-path", "/usr/share/*"
        )
        assert left.stdout == ""
