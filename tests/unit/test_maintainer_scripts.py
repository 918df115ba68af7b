"""The scripts of the packages, run by sh below another root with stand-ins for what they call."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
CALLED = ("systemctl", "deb-systemd-invoke", "ischroot", "portreeve")
ROOTED = re.compile(r"(?:\$\{DPKG_ROOT:-\})?(/(?:var/lib|run|etc|usr/bin/portreeve)\b)")
STATE = "var/lib/portreeve"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A booted host on which the agent has been at work; calls of the stand-ins are in the file ``calls``."""
    for folder in ("usr/bin", "run/systemd/system", "etc/portreeve", STATE):
        (tmp_path / folder).mkdir(parents=True)
    for name in CALLED:
        stand_in(tmp_path, name, "true")
    stand_in(tmp_path, "ischroot", "false")
    (tmp_path / STATE / "state.sqlite").touch()
    return tmp_path


def stand_in(root: Path, name: str, command: str) -> None:
    file = root / "usr/bin" / name
    file.write_text(f'#!/bin/sh\necho "{name} $*" >>{root}/calls\n{command}\n')
    file.chmod(0o755)


def run(root: Path, script: str, *arguments: str) -> list[str]:
    """What a script of the Debian package calls; that it ends with 0 is asserted."""
    return run_text(root, (TOP / "debian" / script).read_text(), *arguments)


def run_text(root: Path, script: str, *arguments: str) -> list[str]:
    text = ROOTED.sub(lambda path: f"{root}{path[1]}", script)
    ended = subprocess.run(
        ["sh", "-c", text, "script", *arguments],
        env={"PATH": f"{root}/usr/bin:/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        cwd=root,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    calls = root / "calls"
    return calls.read_text().splitlines() if calls.exists() else []


def test_a_removal_notes_that_all_was_put_back(root: Path) -> None:
    calls = run(root, "prerm", "remove")
    assert calls[-1] == "portreeve rollback --all --to 0 --offline"
    assert (root / STATE / "uninstalled").exists()
    assert not (root / STATE / "removing").exists()


def test_a_removal_goes_on_where_that_cannot_be_noted(root: Path) -> None:
    for name in ("uninstalled", "removing"):
        (root / STATE / name).symlink_to("/nonexistent/folder/file")
    run(root, "prerm", "remove")


@pytest.mark.parametrize("event", ["abort-remove", "configure"])
def test_after_a_removal_that_was_killed_the_agent_lets_all_syncs_follow_again(
    root: Path, event: str
) -> None:
    stand_in(root, "portreeve", "kill -9 $(cat pid)")
    removal = f"echo $$ >pid\n{(TOP / 'debian/prerm').read_text()}"
    with pytest.raises(AssertionError):
        run_text(root, removal, "remove")
    assert not (root / STATE / "uninstalled").exists()
    stand_in(root, "portreeve", "true")
    calls = run(root, "postinst", event)
    assert (root / STATE / "uninstalled").exists()
    assert calls.index("portreeve units install") < calls.index(
        "deb-systemd-invoke restart portreeve.service"
    )


def test_without_a_removal_nothing_is_let_go(root: Path) -> None:
    for arguments in (
        ("configure",),
        ("configure", "0.0.9-1"),
        ("abort-upgrade", "0.0.9-1"),
        ("abort-remove",),
    ):
        run(root, "postinst", *arguments)
    assert not (root / STATE / "uninstalled").exists()


def test_an_agent_of_another_form_is_left_alone(root: Path) -> None:
    (root / "etc/systemd/system").mkdir(parents=True)
    unit = root / "etc/systemd/system/portreeve.service"
    unit.write_text("ExecStart=/opt/portreeve/venv/bin/portreeve\n")
    for script, argument in (("postinst", "abort-remove"), ("prerm", "remove"), ("postrm", "purge")):
        assert run(root, script, argument) == []
    assert (root / STATE / "state.sqlite").exists()
    assert not (root / STATE / "uninstalled").exists()


def test_a_purge_leaves_nothing(root: Path) -> None:
    run(root, "postrm", "purge")
    assert not (root / "etc/portreeve").exists()
    assert not (root / STATE).exists()


def test_a_purge_goes_on_where_something_cannot_be_removed(root: Path) -> None:
    stand_in(root, "rm", f'/bin/rm "$@"; echo "rm: {STATE}: Device or resource busy" >&2; false')
    run(root, "postrm", "purge")


@pytest.mark.parametrize("booted", [True, False])
def test_a_removal_of_the_rpm_notes_that_all_was_put_back(root: Path, booted: bool) -> None:
    spec = (TOP / "rpm/portreeve.spec").read_text()
    script = spec.partition("\n%preun\n")[2].partition("\n%postun\n")[0].replace("%{helper}", "/nonexistent")
    if not booted:
        (root / "run/systemd/system").rmdir()
    assert run_text(root, script, "1") == [], "an upgrade"
    assert not (root / STATE / "uninstalled").exists()
    calls = run_text(root, script, "0")
    assert ("portreeve rollback --all --to 0" in calls) is booted
    assert calls[-1] == "portreeve rollback --all --to 0 --offline"
    assert (root / STATE / "uninstalled").exists()
