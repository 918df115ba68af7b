"""Whether there is an agent to tell."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from portreeve.upgrade.surroundings import Surroundings, look, other_root, reach

BOOTED = Surroundings()


def test_on_a_booted_host_with_an_agent_it_is_told() -> None:
    assert reach(BOOTED).agent
    assert reach(BOOTED).why == ""


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (replace(BOOTED, other_root="/mnt/image"), "this is for the system below /mnt/image"),
        (replace(BOOTED, offline=True), "SYSTEMD_OFFLINE is set"),
        (replace(BOOTED, chroot=True), "this is a chroot"),
    ],
)
def test_where_another_system_is_meant_the_agent_is_not_told_although_its_socket_is_there(
    seen: Surroundings, why: str
) -> None:
    found = reach(seen)
    assert (found.agent, found.here, found.why) == (False, False, why)


@pytest.mark.parametrize(
    ("systemd", "why"), [(True, "the agent does not run"), (False, "systemd does not run here")]
)
def test_without_a_socket_there_is_nobody_to_tell(systemd: bool, why: str) -> None:
    found = reach(replace(BOOTED, systemd=systemd, socket=False))
    assert (found.agent, found.here, found.why) == (False, True, why)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root whose process 1 has the same one."""
    (tmp_path / "proc/1").mkdir(parents=True)
    (tmp_path / "proc/1/root").symlink_to(tmp_path)
    return tmp_path


def test_a_booted_host_looks_like_one(root: Path) -> None:
    (root / "run/systemd/system").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        folder = Path.cwd()
        os.chdir(root)
        try:
            listener.bind("control.sock")
        finally:
            os.chdir(folder)
        assert look(root / "control.sock", {}, root) == BOOTED


def test_a_file_in_the_place_of_the_socket_is_none(root: Path) -> None:
    (root / "control.sock").write_text("")
    assert not look(root / "control.sock", {}, root).socket
    assert not look(root / "control.sock/below", {}, root).socket


def test_a_root_other_than_that_of_process_1_is_a_chroot(root: Path) -> None:
    (root / "proc/1/root").unlink()
    (root / "proc/1/root").symlink_to("/")
    assert look(root / "none", {}, root).chroot


def test_without_proc_it_is_a_chroot(tmp_path: Path) -> None:
    assert look(tmp_path / "none", {}, tmp_path).chroot


def test_this_machine_is_none() -> None:
    assert not look(Path("/nonexistent"), {}).chroot


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("TRUE", True), ("0", False), ("", False)])
def test_systemd_may_be_told_that_it_is_offline(root: Path, value: str, offline: bool) -> None:
    assert look(root / "none", {"SYSTEMD_OFFLINE": value}, root).offline is offline


@pytest.mark.parametrize(("value", "other"), [("", ""), ("/", ""), ("/mnt/image", "/mnt/image")])
def test_the_root_of_dpkg_counts_where_it_is_another_one(value: str, other: str) -> None:
    assert other_root({"DPKG_ROOT": value}) == other
    assert other_root({}) == ""
