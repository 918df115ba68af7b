"""The RPM package's scriptlets, called by real rpm in a system without systemd: none fails a transaction.

What they call is a stand-in that writes down how it was called, so that a package is built in a moment; in
the long form the whole package is built from the source archive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from release import checkout, distributions

from .conftest import Show
from .lab import base, wheel
from .lab.bare import BareRoot
from .lab.nspawn import Snapshot
from .lab.places import CHECKOUT
from .lab.run import Run

EPOCH = 1_795_000_000
SPEC = CHECKOUT / "rpm/portreeve.spec"
HELPER = "/usr/lib/systemd/systemd-update-helper"
CALLS = "/var/log/calls"
STAND_IN = f"""#!/bin/sh
echo "${{0##*/}} $*" >>{CALLS}
[ ! -e /etc/stand-ins-fail ]
"""

PAYLOAD = """\
%prep
%install
install -D -m 755 /build/stand-in %{buildroot}/usr/bin/portreeve
install -D -m 644 /dev/null %{buildroot}/usr/lib/systemd/system/portreeve.service
install -D -m 644 /build/settings %{buildroot}/etc/portreeve/portreeve.toml
install -d -m 700 %{buildroot}/var/lib/portreeve
%files
/usr/bin/portreeve
/usr/lib/systemd/system/portreeve.service
%config(noreplace) /etc/portreeve/portreeve.toml
%dir %attr(0700, root, root) /var/lib/portreeve

"""

OTHER = """\
Name: other
Version: 1
Release: %{?dist}
Summary: A package that ships a unit
License: MIT
BuildArch: noarch
%description
It does nothing.
%install
echo %{dist} >other.service
install -D -m 644 other.service %{buildroot}/usr/lib/systemd/system/other.service
%files
/usr/lib/systemd/system/other.service
"""


def scriptlets_alone() -> str:
    """The spec with a payload that is made in a moment; its scriptlets are as they are."""
    return re.sub(r"^%prep\n.*?(?=^# No scriptlet fails)", PAYLOAD, SPEC.read_text(), flags=re.S | re.M)


@pytest.fixture(scope="module")
def rpm_root(lab_run: Run, show: Show) -> Iterator[BareRoot]:
    """A system with rpm and without systemd, and packages in /build: portreeve 1 and 2, other 1 and 2."""
    show(lambda: base.rpm_packager("bookworm"))
    with BareRoot(lab_run, Snapshot((base.rpm_packager("bookworm"),)), "rpm") as root:
        root.write("/build/stand-in", STAND_IN, 0o755)
        root.write("/build/portreeve.spec", scriptlets_alone())
        root.write("/build/other.spec", OTHER)
        for dist in ("1", "2"):
            root.write("/build/settings", f"# {dist}\n")
            for spec in ("portreeve", "other"):
                build = ("rpmbuild", "-bb", "--quiet", "--nodeps", "--define", f"dist {dist}")
                root.run(*build, "--define", "_rpmdir /build", f"/build/{spec}.spec")
            root.shell('cd /build; mv "$(uname -m)"/portreeve-*.rpm "portreeve$1.rpm"', dist)
            root.shell('cd /build; mv noarch/other-*.rpm "other$1.rpm"', dist)
        yield root


@pytest.fixture
def root(rpm_root: BareRoot) -> Iterator[BareRoot]:
    """The same system, with none of these packages installed."""
    yield rpm_root
    for package in ("portreeve", "other"):
        rpm_root.run("rpm", "-e", "--noscripts", "--notriggers", package, check=False)
    ours = (
        CALLS,
        HELPER,
        "/etc/stand-ins-fail",
        "/run/ostree-booted",
        "/etc/portreeve",
        "/var/lib/portreeve",
    )
    rpm_root.run("rm", "-rf", *ours)


def rpm(root: BareRoot, *arguments: str) -> None:
    """Run rpm; that it ends with 0 is the first thing that is asserted."""
    root.run("rpm", *arguments, timeout=30)


def calls(root: BareRoot) -> list[str]:
    """How the stand-ins were called since the last time."""
    return root.shell(f"touch {CALLS}; cat {CALLS}; rm {CALLS}").stdout.splitlines()


def give_helper(root: BareRoot) -> None:
    root.write(HELPER, STAND_IN, 0o755)


def test_systemd_is_told_by_its_own_helper(root: BareRoot) -> None:
    give_helper(root)
    rpm(root, "-i", "--nodeps", "/build/portreeve1.rpm")
    assert "systemd-update-helper install-system-units portreeve.service" in calls(root)
    rpm(root, "-U", "--nodeps", "/build/portreeve2.rpm")
    upgraded = calls(root)
    assert "systemd-update-helper mark-restart-system-units portreeve.service" in upgraded
    assert not [call for call in upgraded if "remove" in call or "install-system" in call]
    rpm(root, "-e", "portreeve")
    assert "systemd-update-helper remove-system-units portreeve.service" in calls(root)


@pytest.mark.parametrize(
    ("change", "times"),
    [
        (("-i", "/build/other1.rpm"), 1),
        (("-U", "/build/other2.rpm"), 2),  # files that came, and files that went
        (("-e", "other"), 1),
    ],
    ids=["install", "upgrade", "remove"],
)
def test_another_package_that_changes_units_is_noted(
    root: BareRoot, change: tuple[str, str], times: int
) -> None:
    rpm(root, "-i", "--nodeps", "/build/portreeve1.rpm")
    if change[0] != "-i":
        rpm(root, "-i", "/build/other1.rpm")
    calls(root)
    rpm(root, *change)
    assert calls(root) == ["portreeve hook triggered"] * times


def test_drop_ins_of_declared_services_are_brought_up_to_date(root: BareRoot) -> None:
    rpm(root, "-i", "--nodeps", "/build/portreeve1.rpm")
    assert "portreeve units install" in calls(root)
    rpm(root, "-U", "--nodeps", "/build/portreeve2.rpm")
    assert "portreeve units install" in calls(root)
    rpm(root, "-e", "portreeve")
    assert "portreeve units remove --force" in calls(root)


def test_a_system_that_is_deployed_from_an_image_is_not_told_during_its_build(root: BareRoot) -> None:
    root.write("/run/ostree-booted", "")
    rpm(root, "-i", "--nodeps", "/build/portreeve1.rpm", "/build/other1.rpm")
    assert calls(root) == []


@pytest.mark.parametrize("helper", [True, False], ids=["with systemd's helper", "without systemd"])
def test_nothing_that_fails_fails_the_transaction(root: BareRoot, helper: bool) -> None:
    if helper:
        give_helper(root)
    root.write("/etc/stand-ins-fail", "")
    rpm(root, "-i", "--nodeps", "/build/portreeve1.rpm", "/build/other1.rpm")
    rpm(root, "-U", "--nodeps", "/build/portreeve2.rpm", "/build/other2.rpm")
    rpm(root, "-e", "portreeve", "other")


def test_settings_that_were_edited_are_kept(root: BareRoot) -> None:
    rpm(root, "-i", "--nodeps", "/build/portreeve1.rpm")
    root.append("/etc/portreeve/portreeve.toml", "edited\n")
    rpm(root, "-U", "--nodeps", "/build/portreeve2.rpm")
    assert root.read("/etc/portreeve/portreeve.toml") == "# 1\nedited\n"
    assert root.read("/etc/portreeve/portreeve.toml.rpmnew") == "# 2\n"
    rpm(root, "-e", "portreeve")
    assert root.read("/etc/portreeve/portreeve.toml.rpmsave") == "# 1\nedited\n"


def test_what_the_agent_knew_stays_when_the_package_goes(root: BareRoot) -> None:
    rpm(root, "-i", "--nodeps", "/build/portreeve1.rpm")
    root.write("/var/lib/portreeve/state.sqlite", "state")
    rpm(root, "-e", "portreeve")
    assert root.read("/var/lib/portreeve/state.sqlite") == "state"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_whole_package_is_built_from_the_source_archive_and_runs(root: BareRoot, tmp_path: Path) -> None:
    wheelhouse = wheel.wheelhouse(tmp_path / "wheelhouse")
    checkout.export(CHECKOUT, tmp_path / "source", EPOCH)
    (tmp_path / "dist").mkdir()
    distributions.build(tmp_path / "source", tmp_path / "dist", EPOCH)
    root.copy_in(tmp_path / "dist", "/build/dist")
    root.copy_in(wheelhouse, "/build/wheelhouse")
    root.copy_in(SPEC, "/build/whole.spec")
    defined = ("_sourcedir /build/dist", "_rpmdir /build/whole", "wheelhouse /build/wheelhouse")
    options = [word for definition in defined for word in ("--define", definition)]
    build = ("unshare", "--net", "rpmbuild", "-bb", "--quiet", "--nodeps", *options, "/build/whole.spec")
    root.run(*build, timeout=600, env={"SOURCE_DATE_EPOCH": str(EPOCH)})
    root.shell("rpm -i --nodeps /build/whole/*/portreeve-*.rpm")
    assert root.run("portreeve", "--version").stdout.startswith("portreeve ")
    assert root.run("rpm", "-V", "--nodeps", "portreeve").stdout == ""
    # There is no agent here to be told: it is noted for its start.
    assert root.exists("/var/lib/portreeve/pending/@files.json")
    rpm(root, "-e", "portreeve")
    assert not root.exists("/usr/lib/portreeve/venv")
