"""The scriptlets of docs/hooks.md, called by the real rpm, which is asked what the package has meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host.example_panel import MARK, NAME, block
from host.lab import base
from host.lab.bare import BareRoot
from host.lab.nspawn import Snapshot
from host.lab.run import Run

_SPEC = f"""\
Name: {NAME}
Version: %{{number}}
Release: 1
Summary: Web panel that was made up
License: MIT
BuildArch: noarch
%description
It does nothing.
%install
install -D -m 644 /dev/null %{{buildroot}}/usr/lib/systemd/system/panel-%{{number}}.service
install -D -m 644 /dev/null %{{buildroot}}/etc/panel.conf
%files
/usr/lib/systemd/system/panel-%{{number}}.service
%config(noreplace) /etc/panel.conf

"""
_INSTALL = """
python3 -m venv /opt/portreeve
/opt/portreeve/bin/pip install -q --no-index --find-links /srv/wheelhouse portreeve
ln -s /opt/portreeve/bin/portreeve /usr/bin/portreeve
mkdir -p /srv/rpms
"""


@pytest.fixture(scope="module")
def root(lab_run: Run, wheelhouse: Path) -> Iterator[BareRoot]:
    """A system with rpm and portreeve, where systemd does not run."""
    with BareRoot(lab_run, Snapshot((base.rpm_packager("bookworm"),)), "rpm-hooks") as root:
        root.copy_in(wheelhouse, "/srv/wheelhouse")
        root.shell(_INSTALL, timeout=120)
        root.write("/srv/panel.spec", _SPEC + block("may restart services, run after the new one's `%post`."))
        for number in ("1", "2"):
            define = ("--define", f"number {number}", "--define", "_rpmdir /srv/rpms")
            root.run("rpmbuild", "-bb", "--quiet", *define, "/srv/panel.spec")
        yield root


def test_each_transaction_leaves_a_mark_of_what_the_package_has_and_had(root: BareRoot) -> None:
    rpm(root, "-i", package(1))
    assert mark(root) == ("post-upgrade", "1", ["panel-1.service"], ["/etc/panel.conf"])
    root.run("rm", MARK)
    upgraded = rpm(root, "-U", package(2))
    assert mark(root) == ("post-upgrade", "2", ["panel-1.service", "panel-2.service"], ["/etc/panel.conf"])
    assert [line for line in upgraded.splitlines() if line.startswith("portreeve: ")] == [
        f"portreeve: {NAME} 2: noted, and seen to later (systemd does not run here)"
    ] * 2
    root.run("rm", MARK)
    rpm(root, "-e", NAME)
    assert mark(root) == ("post-remove", "", ["panel-2.service"], ["/etc/panel.conf"])


def package(number: int) -> str:
    return f"/srv/rpms/noarch/{NAME}-{number}-1.noarch.rpm"


def rpm(root: BareRoot, *arguments: str) -> str:
    """Run rpm; it ends with 0, and tells what it told."""
    return root.run("rpm", "--nodeps", *arguments, timeout=60).stderr


def mark(root: BareRoot) -> tuple[Any, ...]:
    found = json.loads(root.read(MARK))
    return found["event"], found["version"], found["units"], found["paths"]
