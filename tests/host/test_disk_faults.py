"""A full, read-only, immutable or missing place, and a damaged state file: named, nothing damaged, mended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from host.lab.machine import Host
from host.main_job import any_sync

SOURCE = "/srv/lab/app.ini"
FOLDER = "/srv/targets"
TARGETS = (f"{FOLDER}/one.conf", f"{FOLDER}/two.conf")
STATE = "/var/lib/portreeve"
DATABASE = f"{STATE}/state.sqlite"
DEFINITION = f"""
[sources.app]
file = "{SOURCE}"
[values]
port = {{ source = "app", key = "web.port", type = "port" }}
[[targets]]
path = "{TARGETS[0]}"
template = "lab.j2"
[[targets]]
path = "{TARGETS[1]}"
template = "lab.j2"
"""
# Big enough that no rest of a block or of SQLite's log can take it.
TEMPLATE = "port {{ port }}\n" + ("#" * 1023 + "\n") * 128
NEWER = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 99')"
MEND = 40.0
"""Seconds until a sync that failed is tried again by itself, at most, and the try itself."""


@dataclass(frozen=True)
class Disk:
    """A host with one sync of two big files, and what can be done to its disks."""

    host: Host

    def declare(self, text: str = DEFINITION) -> None:
        """Declare the sync, and wait until the agent knows it."""
        self.host.write(SOURCE, "[web]\nport = 9000\n")
        self.host.write("/etc/portreeve/templates/lab.j2", TEMPLATE)
        self.host.write("/etc/portreeve/syncs.d/lab.toml", text)
        self.host.wait_until(lambda: any_sync(self.host), 10, "the definition is loaded")

    def begin(self) -> None:
        """Declare the sync and wait until it is in step with port 9000."""
        self.host.run("mkdir", "-p", FOLDER)
        self.declare()
        self.in_step(9000, 15)

    def change(self, port: int) -> None:
        """Change the source."""
        self.host.write(SOURCE, f"[web]\nport = {port}\n")

    def status(self) -> dict[str, Any]:
        """What is told of the sync."""
        shown = self.host.run("portreeve", "explain", "lab", "--output", "json", check=False).stdout
        told: dict[str, Any] = json.loads(shown) if shown else {"state": "unknown", "trouble": None}
        return told

    def ports(self) -> list[str]:
        """The port that each target tells; the whole file must be one that was rendered."""
        found = []
        for target in TARGETS:
            first, _, rest = self.host.read(target).partition("\n")
            assert rest == TEMPLATE.partition("\n")[2]
            found.append(first.removeprefix("port "))
        return found

    def named(self, reason: str, evidence: str, port: int = 9000) -> dict[str, Any]:
        """The sync is out of step for this reason, and both targets are whole and as before."""
        told = self.host.wait_until(partial(self.has, reason), 20, f"{reason} is told: {self.status()}")
        assert evidence in told["trouble"]["evidence"]
        assert told["next_try"] is not None
        assert self.ports() == [str(port)] * 2
        assert (
            sorted(self.host.run("ls", "-A", FOLDER).stdout.split())
            == ["filler", "one.conf", "two.conf"][0 if self.host.exists(f"{FOLDER}/filler") else 1 :]
        ), "nothing half-written is left"
        return told

    def has(self, reason: str) -> dict[str, Any]:
        """What is told, if that is the reason; while it is tried again it is pending and has none."""
        told = self.status()
        return told if (told["trouble"] or {}).get("reason") == reason else {}

    def _is_clean(self) -> bool:
        found = set(self.host.run("ls", "-A", FOLDER).stdout.split())
        return found - {"filler"} == {"one.conf", "two.conf"}

    def in_step(self, port: int, timeout: float = MEND) -> None:
        """Both targets follow, and the sync is in step, without anybody's help."""
        self.host.wait_until(
            lambda: self.status()["state"] == "in-step" and self.ports() == [str(port)] * 2,
            timeout,
            f"in step with {port}: {self.status()}",
        )

    def tried(self, port: int) -> bool:
        """Whether it follows, or has said why not."""
        return self.ports() == [str(port)] * 2 or self.status()["trouble"] is not None

    def mount(self, folder: str, size: str) -> None:
        """A small file system of its own over a folder."""
        self.host.run("mkdir", "-p", folder)
        self.host.run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", folder)

    def fill(self, folder: str) -> None:
        """Leave no byte."""
        self.host.shell('cat /dev/zero >"$1/filler" 2>/dev/null || true', folder)

    def journal_tells(self, evidence: str) -> None:
        """The agent, which cannot start, says why, and that it is about its state."""
        command = ("journalctl", "-u", "portreeve", "-o", "cat", "--since", "-60s")

        def told() -> bool:
            self.host.run("journalctl", "--sync")
            lines = self.host.run(*command).stdout
            return evidence in lines and "state" in lines

        self.host.wait_until(told, 20, f"the journal tells {evidence}: {self.host.run(*command).stdout}")

    def has_not_restarted(self, pid: str) -> None:
        """The agent is the same process."""
        assert main_pid(self.host) == pid


def main_pid(host: Host) -> str:
    return host.run("systemctl", "show", "-P", "MainPID", "portreeve.service").stdout.strip()


@pytest.fixture
def disk(installed_host: Host) -> Disk:
    return Disk(installed_host)


def test_a_full_disk_below_the_targets(disk: Disk) -> None:
    disk.mount(FOLDER, "1m")
    disk.begin()
    pid = main_pid(disk.host)
    disk.fill(FOLDER)
    disk.change(9443)
    told = disk.named("write-failed", "No space left on device")
    assert told["state"] == "failed"
    assert "space" in told["trouble"]["hint"]
    disk.host.run("rm", f"{FOLDER}/filler")
    disk.in_step(9443)
    disk.has_not_restarted(pid)


def test_a_full_disk_below_the_state(disk: Disk) -> None:
    disk.host.run("systemctl", "stop", "portreeve")
    disk.mount(STATE, "4m")
    disk.host.run("systemctl", "start", "portreeve")
    disk.begin()
    pid = main_pid(disk.host)
    disk.fill(STATE)
    for port in range(9440, 9444):
        disk.change(port)
        # What SQLite has room for without growing may still be followed.
        disk.host.wait_until(partial(disk.tried, port), 20, "it was tried")
    before = disk.ports()
    disk.named("state-unusable", "full", int(before[0]))
    assert disk.host.run("portreeve", "status", check=False).code == 1
    disk.host.run("rm", f"{STATE}/filler")
    disk.in_step(9443)
    disk.has_not_restarted(pid)


def test_a_read_only_file_system_below_the_targets(disk: Disk) -> None:
    disk.mount(FOLDER, "4m")
    disk.begin()
    pid = main_pid(disk.host)
    disk.host.run("mount", "-o", "remount,ro", FOLDER)
    disk.change(9443)
    told = disk.named("write-failed", "Read-only file system")
    assert "read-only" in told["trouble"]["hint"]
    disk.host.run("mount", "-o", "remount,rw", FOLDER)
    disk.in_step(9443)
    disk.has_not_restarted(pid)


def test_a_read_only_file_system_below_the_state(disk: Disk) -> None:
    disk.host.run("systemctl", "stop", "portreeve")
    disk.mount(STATE, "4m")
    disk.host.run("systemctl", "start", "portreeve")
    disk.begin()
    # The kernel lets nobody make it read-only while somebody has a file open for writing.
    disk.host.run("systemctl", "stop", "portreeve")
    disk.host.run("mount", "-o", "remount,ro", STATE)
    disk.change(9443)
    disk.host.run("systemctl", "start", "portreeve", check=False)
    disk.journal_tells("Read-only file system")
    assert disk.ports() == ["9000"] * 2
    disk.host.run("mount", "-o", "remount,rw", STATE)
    disk.in_step(9443)


def test_an_immutable_target(disk: Disk) -> None:
    disk.begin()
    if disk.host.run("chattr", "+i", TARGETS[1], check=False).code:
        pytest.skip("this file system has no immutable files")
    try:
        disk.change(9443)
        told = disk.named("write-failed", "Operation not permitted")
        assert "lsattr" in told["trouble"]["hint"]
    finally:
        disk.host.run("chattr", "-i", TARGETS[1])
    disk.in_step(9443)


def test_a_folder_that_is_missing_with_the_one_above_it(disk: Disk) -> None:
    deep = "/srv/package/conf.d"
    disk.declare(DEFINITION.replace(f"{FOLDER}/two.conf", f"{deep}/two.conf"))
    told = disk.host.wait_until(partial(disk.has, "directory-absent"), 20, "it is named")
    assert told["state"] == "waiting"
    assert not disk.host.exists(TARGETS[0]), "the set is written as one"
    disk.host.run("mkdir", "-p", "/srv/package")
    disk.host.wait_until(lambda: disk.host.exists(f"{deep}/two.conf"), MEND, "it is written")
    disk.host.wait_until(lambda: disk.status()["state"] == "in-step", MEND, "it is in step")


@pytest.mark.parametrize("kind", ["garbage", "newer", "folder"])
def test_a_state_file_that_cannot_be_used(disk: Disk, kind: str) -> None:
    disk.begin()
    host = disk.host
    host.run("systemctl", "stop", "portreeve")
    host.run("cp", "-a", DATABASE, "/srv/kept.sqlite")
    match kind:
        case "garbage":
            host.shell('head -c 20000 /dev/urandom >"$1"', DATABASE)
        case "newer":
            host.run("python3", "-c", NEWER, DATABASE)
        case "folder":
            host.shell('rm "$1"; mkdir "$1"', DATABASE)
    damaged = host.listing(DATABASE)
    disk.change(9443)
    host.run("systemctl", "start", "portreeve", check=False)
    evidence = {"garbage": "not a database", "newer": "schema is 99", "folder": "Is a directory"}[kind]
    disk.journal_tells(evidence)
    assert disk.ports() == ["9000"] * 2
    assert host.run("portreeve", "status", check=False).code == 4
    doctor = host.run("portreeve", "doctor", check=False)
    assert doctor.code == 1
    assert DATABASE in doctor.stdout
    assert host.listing(DATABASE) == damaged, "what cannot be used is left as it is"

    host.run("mv", DATABASE, f"{DATABASE}.damaged")
    if kind == "newer":
        host.run("cp", "-a", "/srv/kept.sqlite", DATABASE)
    disk.in_step(9443)
    history = json.loads(host.run("portreeve", "history", "lab", "--output", "json").stdout)["generations"]
    assert [entry["number"] for entry in history] == ([2, 1, 0] if kind == "newer" else [1, 0])
