"""A package with the scripts of docs/hooks.md: real dpkg and systemd, and the agent running or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from host.example_panel import CHOSEN, MARK, NAME, SYNC, Panel
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run

KEPT = f"{SYNC} keeps port = {CHOSEN}, verified"


@pytest.fixture(scope="module")
def panel(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Panel]:
    """One host for all; each test begins without the package, and with the agent running."""
    with Host(lab_run, installed_snapshot, "hooks") as host:
        panel = Panel(host)
        panel.declare()
        yield panel


@pytest.fixture(autouse=True)
def begins_without_the_package(panel: Panel) -> None:
    guest = panel.guest
    guest.shell("systemctl kill -s CONT portreeve.service || true; systemctl start portreeve.service")
    guest.run("dpkg", "--purge", "--force-all", NAME, check=False)
    nothing_is_pending(panel)


def status(panel: Panel) -> dict[str, Any]:
    shown = json.loads(panel.guest.run("portreeve", "status", "--output", "json", check=False).stdout)
    found: dict[str, Any] = next(sync for sync in shown["syncs"] if sync["name"] == SYNC)
    return found


def nothing_is_pending(panel: Panel) -> None:
    panel.guest.wait_until(lambda: not panel.guest.exists(MARK), 30, f"no mark is left: {MARK}")


def in_force(panel: Panel) -> None:
    """The chosen port is in force, proved, and nothing is left to do."""
    panel.guest.run("portreeve", "wait", f"sync:{SYNC}", "--timeout", "30s", timeout=40)
    nothing_is_pending(panel)
    assert panel.answers(CHOSEN)


def test_with_the_agent_running_each_transaction_ends_with_the_value_in_force(panel: Panel) -> None:
    installed = panel.dpkg("-i", panel.build(1))
    assert panel.told(installed) == [f"portreeve: {NAME} 1: {KEPT}"]
    in_force(panel)

    upgraded = panel.dpkg("-i", panel.build(2))
    alone = f"portreeve: {NAME} 2: {SYNC} (port = {CHOSEN}) is left alone until that is done"
    assert panel.told(upgraded) == [alone, alone, f"portreeve: {NAME} 2: {KEPT}"]
    in_force(panel)

    failed = panel.dpkg("-i", panel.build(3, preinst="exit 1\n"), check=False)
    assert failed.code != 0
    assert panel.told(failed)[-1] == f"portreeve: {NAME} 2: {KEPT}"
    assert panel.state() == "installed 2"
    in_force(panel)

    removed = panel.dpkg("-r", NAME)
    assert panel.told(removed)[0].startswith(f"portreeve: {NAME}")
    nothing_is_pending(panel)
    assert not panel.answers(CHOSEN)
    panel.dpkg("-P", NAME)
    assert panel.state() in ("", "not-installed ")


def test_with_the_agent_stopped_nothing_fails_and_its_next_start_makes_up_for_it(panel: Panel) -> None:
    guest = panel.guest
    panel.dpkg("-i", panel.build(1))
    in_force(panel)
    guest.run("systemctl", "stop", "portreeve.service")

    upgraded = panel.dpkg("-i", panel.build(2))
    assert (
        panel.told(upgraded)[-1] == f"portreeve: {NAME} 2: noted, and seen to later (the agent does not run)"
    )
    assert guest.exists(MARK)
    assert panel.dpkg("-i", panel.build(3, preinst="exit 1\n"), check=False).code != 0
    assert panel.state() == "installed 2"
    guest.run("systemctl", "start", "portreeve.service")
    in_force(panel)

    guest.run("systemctl", "stop", "portreeve.service")
    panel.dpkg("-r", NAME)
    panel.dpkg("-P", NAME)
    guest.run("systemctl", "start", "portreeve.service")
    nothing_is_pending(panel)


def test_between_the_hooks_the_sync_is_left_alone_and_can_be_made_to_go_on(panel: Panel) -> None:
    guest = panel.guest
    panel.dpkg("-i", panel.build(1))
    in_force(panel)
    guest.run("portreeve", "hook", "pre-upgrade", "--package", NAME, "--version", "2", "--strict")
    assert status(panel)["trouble"]["reason"] == "package-changing"
    guest.write("/srv/panel/config.ini", "[web]\nport = 8200\n")
    assert "is being upgraded to 2" in guest.run("portreeve", "explain", SYNC).stdout
    assert panel.answers(CHOSEN)
    guest.run("portreeve", "sync", SYNC, timeout=70)
    assert panel.answers(8200)
    panel.declare()
    guest.run("portreeve", "hook", "post-upgrade", "--package", NAME, "--strict", timeout=70)
    in_force(panel)


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("--force-script-chrootless", "this is for the system below /srv/image"),
        ("--no-force-script-chrootless", "this is a chroot"),
    ],
    ids=["DPKG_ROOT", "chroot"],
)
def test_in_an_image_the_mark_is_left_there_and_the_agent_of_this_host_is_not_told(
    panel: Panel, image: str, option: str, why: str
) -> None:
    guest = panel.guest
    installed = panel.dpkg(f"--root={image}", option, "-i", panel.build(1))
    assert panel.told(installed)[-1] == f"portreeve: {NAME} 1: noted, and seen to later ({why})"
    mark = json.loads(guest.read(f"{image}{MARK}"))
    assert mark["units"] == ["example-panel.service"]
    assert mark["paths"] == [f"/etc/{NAME}/panel.conf"]
    assert not guest.exists(MARK)
    panel.dpkg(f"--root={image}", option, "-P", NAME)
    assert json.loads(guest.read(f"{image}{MARK}"))["event"] == "post-remove"


@pytest.fixture
def image(panel: Panel) -> Iterator[str]:
    """A system that was never booted, in which this host's programs and its agent's socket are in view."""
    guest, folder = panel.guest, "/srv/image"
    guest.shell(_IMAGE, folder)
    yield folder
    guest.shell('umount -R "$1"/{usr,opt,dev,proc,run/portreeve} && rm -rf "$1"', folder)


_IMAGE = """
mkdir -p "$1"/{usr,opt,dev,proc,run/portreeve,etc,tmp} "$1"/var/lib/dpkg/{info,updates,triggers}
touch "$1"/var/lib/dpkg/{status,available}
for folder in bin sbin lib lib64; do ln -sn "usr/$folder" "$1/$folder"; done
for folder in usr opt dev proc run/portreeve; do mount --rbind --make-rslave "/$folder" "$1/$folder"; done
"""


@pytest.mark.parametrize("options", ["ro", "size=4k"], ids=["read-only", "full"])
def test_a_disk_that_takes_no_mark_fails_nothing(panel: Panel, options: str) -> None:
    guest, folder = panel.guest, "/var/lib/portreeve/pending"
    guest.shell('mkdir -p "$2"; mount -t tmpfs -o "$1" none "$2"', options, folder)
    guest.shell('dd if=/dev/zero of="$1/full" 2>/dev/null || true', folder)
    try:
        installed = panel.dpkg("-i", panel.build(1))
        assert "nothing was noted" in panel.told(installed)[-1]
        guest.run("portreeve", "wait", f"sync:{SYNC}", "--timeout", "30s", timeout=40)
        assert panel.answers(CHOSEN)
        panel.dpkg("-P", NAME)
    finally:
        guest.run("umount", folder)


def test_files_of_any_package_have_all_syncs_proved(panel: Panel) -> None:
    panel.dpkg("-i", panel.build(1))
    in_force(panel)
    runs = status(panel)["runs"]
    told = panel.guest.run("portreeve", "hook", "triggered", "--strict", timeout=70)
    assert told.stdout == ""
    assert KEPT in told.stderr
    assert status(panel)["runs"] > runs
    assert not panel.guest.exists("/var/lib/portreeve/pending/@files.json")


@pytest.mark.parametrize("whole", [False, True], ids=["dpkg alone", "all that it started"])
def test_dpkg_is_killed_in_the_hook_after_the_change(panel: Panel, whole: bool) -> None:
    guest = panel.guest
    panel.dpkg("-i", panel.build(1))
    in_force(panel)
    with_a_hook_in_the_middle(panel, 2, "post-upgrade", whole=whole)
    panel.dpkg("--configure", "-a")
    assert panel.state() == "installed 2"
    in_force(panel)
    assert guest.run("dpkg", "--audit").stdout == ""


@pytest.mark.parametrize("whole", [False, True], ids=["dpkg alone", "all that it started"])
def test_dpkg_is_killed_in_the_hook_before_the_change(panel: Panel, whole: bool) -> None:
    panel.dpkg("-i", panel.build(1))
    in_force(panel)
    deb = with_a_hook_in_the_middle(panel, 2, "pre-upgrade", whole=whole)
    # Whatever the package, dpkg has it installed again before it configures it.
    panel.dpkg("-i", deb)
    assert panel.state() == "installed 2"
    in_force(panel)


def with_a_hook_in_the_middle(panel: Panel, version: int, event: str, *, whole: bool) -> str:
    """Begin an upgrade, and kill dpkg while a hook of it waits for an agent that does not answer."""
    guest = panel.guest
    stop = "systemctl kill -s STOP portreeve.service"
    deb = panel.build(version, preinst=f"{stop}\n" if event == "post-upgrade" else "")
    if event == "pre-upgrade":
        guest.shell(stop)
    begun = 'setsid dpkg --force-unsafe-io -i "$1" >/srv/dpkg.log 2>&1 </dev/null & echo $!'
    dpkg = guest.shell(begun, deb).stdout.strip()
    running = ("pgrep", "-f", f"portreeve hook {event}")
    guest.wait_until(lambda: guest.run(*running, check=False).code == 0, 30, f"{event} runs")
    guest.shell('kill -9 "$1"', f"-{dpkg}" if whole else dpkg)
    guest.run("systemctl", "kill", "-s", "CONT", "portreeve.service")
    guest.wait_until(lambda: guest.run(*running, check=False).code != 0, 30, f"{event} has ended")
    return deb
