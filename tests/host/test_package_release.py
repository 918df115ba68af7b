"""The Debian package of each release in the smallest system, and as lintian judges it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Show
from .lab import base, package
from .lab.bare import BareRoot
from .lab.nspawn import Snapshot
from .lab.places import CHECKOUT
from .lab.run import Run
from .lab.snapshots import PACKAGE

each_release = pytest.mark.parametrize("release", base.RELEASES)


@pytest.fixture
def built(lab_run: Run, show: Show) -> Callable[[str], Path]:
    def build(release: str) -> Path:
        show(lambda: package.build(lab_run, release))
        return package.build(lab_run, release)

    return build


@each_release
def test_lintian_finds_no_error_and_no_warning(
    lab_run: Run, built: Callable[[str], Path], release: str
) -> None:
    deb = built(release)
    with BareRoot(lab_run, Snapshot((base.packager(release),)), "lintian") as root:
        root.copy_in(deb, f"/srv/{deb.name}")
        judged = root.run(
            "lintian", "--fail-on", "error,warning", f"/srv/{deb.name}", check=False, timeout=110
        )
    assert judged.code == 0, judged.stdout + judged.stderr


@pytest.mark.timeout(200, func_only=True)
@each_release
def test_in_the_smallest_system_the_declared_dependencies_are_enough(
    lab_run: Run, built: Callable[[str], Path], release: str
) -> None:
    with BareRoot(lab_run, Snapshot((base.minbase(release),)), "minbase") as root:
        root.copy_in(built(release), PACKAGE)
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
