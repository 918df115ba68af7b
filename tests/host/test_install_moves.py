"""install.sh with the Debian package: from its environment to the package and back, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.lab.command import Result
from host.lab.containers import Containers, run_apphub
from host.lab.guest import Entry
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from host.lab.snapshots import COCKPIT_PORT, PRODUCT, WHEELHOUSE
from host.main_job import Sampler

INSTALL = f"{PRODUCT}/install.sh"
DEBS = "/srv/with-package"
CHOSEN = 9000
SETTINGS = '# mine\n[log]\nlevel = "DEBUG"\n'
SETTINGS_FILE = "/etc/portreeve/portreeve.toml"
SITE = "usr/lib/portreeve/venv/lib/python3.11/site-packages/portreeve"
OURS = ("/etc/systemd", "/etc/portreeve/syncs.d", SETTINGS_FILE, "/opt", "/usr/local", "/usr/lib/systemd")
DROP_INS = "/etc/systemd/system/cockpit.socket.d"
OF_THE_ENVIRONMENT = (
    *("/opt/portreeve", "/usr/local/bin/portreeve", "/etc/systemd/system/portreeve.service"),
    "/usr/local/share/bash-completion/completions/portreeve",
)
OF_THE_PACKAGE = (
    *("/usr/lib/portreeve", "/usr/bin/portreeve", "/usr/lib/systemd/system/portreeve.service"),
    *("/usr/share/doc/portreeve", "/var/lib/dpkg/info/portreeve.list"),
)

_BREAK = """
folder=$(mktemp -d)
dpkg-deb -R "$1" "$folder/package"
printf 'raise SystemExit("broken on purpose")\\n' >"$folder/package/$2/daemon/run.py"
rm -r "$folder/package/$2/daemon/__pycache__"
sed -i 's/^Version: /Version: 99+/' "$folder/package/DEBIAN/control"
rm "$1"
dpkg-deb --root-owner-group -Zgzip -z1 -b "$folder/package" "$(dirname "$1")/portreeve_99+deb12_amd64.deb"
rm -r "$folder"
"""
_BREAK_WHEEL = """
import pathlib, sys, zipfile
wheel = next(pathlib.Path(sys.argv[1]).glob("portreeve-*.whl"))
with zipfile.ZipFile(wheel) as old:
    files = {name: old.read(name) for name in old.namelist()}
files["portreeve/daemon/run.py"] = b'raise SystemExit("broken on purpose")\\n'
with zipfile.ZipFile(wheel, "w") as new:
    for name, content in files.items():
        new.writestr(name, content)
"""

# seconds after its start at which a move is killed
INSTANTS = (
    ("0.5", "1", "1.5", "2", "3", "4", "5", "6", "8", "10", "12")
    if os.environ.get("PORTREEVE_TEST_LONG")
    else ("2", "5")
)

pytestmark = pytest.mark.timeout(300, func_only=True)


@pytest.fixture(scope="module")
def following(lab_run: Run, equipped_snapshot: Snapshot, bookworm_package: Path) -> Snapshot:
    """A server with install.sh's environment, on which Cockpit follows AppHub; the package is at hand."""
    with Host(lab_run, equipped_snapshot, "following") as host:
        host.run("mkdir", DEBS)
        host.copy_in(bookworm_package, f"{DEBS}/{bookworm_package.name}")
        host.run(INSTALL, "--wheelhouse", WHEELHOUSE, "--sync", "cockpit", timeout=240)
        host.write(SETTINGS_FILE, SETTINGS)
        run_apphub(Containers(host), CHOSEN)
        Containers(host).docker("update", "--restart", "always", "websoft9-apphub")
        host.run("portreeve", "wait", "sync:cockpit", "--timeout", "30s", timeout=40)
        return host.freeze()


@pytest.fixture(scope="module")
def shared(lab_run: Run, following: Snapshot) -> Iterator[Host]:
    """The same, booted; each test leaves it in one of the two forms, with Cockpit where it was chosen."""
    with Host(lab_run, following, "moves") as host:
        yield host


@pytest.fixture
def in_environment(shared: Host) -> Host:
    """On this host portreeve is in the environment."""
    if is_packaged(shared):
        move(shared, "venv")
    return shared


@pytest.fixture
def in_package(shared: Host) -> Host:
    """On this host portreeve is the package."""
    if not is_packaged(shared):
        move(shared, "package")
    return shared


def install(host: Host, *options: str, folder: str = DEBS, check: bool = True) -> Result:
    return host.run(INSTALL, *options, "--wheelhouse", folder, check=check, timeout=240)


def move(host: Host, form: str, check: bool = True) -> Result:
    """Move it to a form, from the folder that has that one."""
    return install(host, "--form", form, folder=WHEELHOUSE if form == "venv" else DEBS, check=check)


def is_packaged(host: Host) -> bool:
    return bool(package_state(host))


def package_state(host: Host) -> str:
    """What dpkg says of the package; nothing when it knows none."""
    return host.run("dpkg-query", "-W", "-f", "${db:Status-Status}", "portreeve", check=False).stdout


def starts(host: Host) -> int:
    """How often the agent was started since the boot."""
    lines = host.run("journalctl", "-q", "-b", "-u", "portreeve.service", "-o", "cat").stdout.splitlines()
    return sum(line.startswith("Started ") for line in lines)


def program_of_the_agent(host: Host) -> str:
    """The command line of what runs as portreeve.service."""
    pid = host.run("systemctl", "show", "-P", "MainPID", "portreeve.service").stdout.strip()
    return host.shell("tr '\\0' ' ' </proc/\"$1\"/cmdline", pid).stdout


def is_there(host: Host, paths: tuple[str, ...]) -> set[bool]:
    return {host.exists(path) for path in paths}


def generated(host: Host) -> dict[str, Entry]:
    """What portreeve wrote, and what the administrator did."""
    return host.listing(DROP_INS, "/etc/portreeve/syncs.d", SETTINGS_FILE)


def history(host: Host) -> str:
    return host.run("portreeve", "history", "cockpit", "--output", "json").stdout


def runs_from_the_environment(host: Host) -> None:
    assert is_there(host, OF_THE_ENVIRONMENT) == {True}
    assert is_there(host, OF_THE_PACKAGE) == {False}
    assert "/opt/portreeve/venv" in program_of_the_agent(host)
    assert package_state(host) == ""
    in_force(host)


def runs_from_the_package(host: Host) -> None:
    assert is_there(host, OF_THE_ENVIRONMENT) == {False}
    assert is_there(host, OF_THE_PACKAGE) == {True}
    assert "/usr/bin/portreeve" in program_of_the_agent(host)
    assert package_state(host) == "installed"
    in_force(host)


def in_force(host: Host) -> None:
    assert host.run("systemctl", "is-enabled", "portreeve.service").stdout.strip() == "enabled"
    wants = host.run("readlink", "-e", "/etc/systemd/system/multi-user.target.wants/portreeve.service").stdout
    assert wants
    assert host.read(SETTINGS_FILE) == SETTINGS
    assert host.run("portreeve", "doctor", check=False).code == 0
    host.run("portreeve", "wait", "sync:cockpit", "--timeout", "30s", timeout=40)
    assert host.http_status(CHOSEN) == 200
    assert not host.is_listening(COCKPIT_PORT)
    assert host.run("systemctl", "--failed", "--no-legend").stdout == ""


def test_units_edited_by_hand_are_told_before_a_move(in_environment: Host) -> None:
    host = in_environment
    unit = "/etc/systemd/system/portreeve.service"
    text = host.read(unit)
    host.append(unit, "# mine\n")
    refused = install(host, check=False)
    assert refused.code == 5
    assert f"edited by hand: {unit}" in refused.stderr
    host.write(unit, text)
    host.run("systemctl", "daemon-reload")
    runs_from_the_environment(host)


def test_plain_apt_leaves_the_environment_in_charge(in_environment: Host) -> None:
    host = in_environment
    started, before = starts(host), generated(host)
    for command in (("install", f"{DEBS}/*.deb"), ("purge", "portreeve")):
        options = "-y -o Dpkg::Options::=--force-confold"
        host.shell(f"apt-get {command[0]} {options} {command[1]}", timeout=120)
        assert starts(host) == started
        assert "/opt/portreeve/venv" in program_of_the_agent(host)
    # dpkg itself takes the settings along, which the package had taken over.
    host.write(SETTINGS_FILE, SETTINGS)
    host.run("systemctl", "enable", "portreeve.service")
    runs_from_the_environment(host)
    assert generated(host) == before


def test_an_agent_of_the_package_that_does_not_start_leaves_the_environment_in_charge(
    in_environment: Host,
) -> None:
    host = in_environment
    before, told = host.listing(*OURS), history(host)
    host.shell('cp -r "$1" /srv/broken', DEBS)
    host.shell(_BREAK.replace("$1", "$(echo /srv/broken/*.deb)").replace("$2", SITE))
    failed = install(host, folder="/srv/broken", check=False)
    assert failed.code == 1
    assert "broken on purpose" in failed.stderr
    assert "the environment in /opt/portreeve is in use again" in failed.stderr
    runs_from_the_environment(host)
    after = host.listing(*OURS)
    assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} == set()
    assert history(host) == told


def test_a_host_moves_to_the_package_and_back_without_touching_state(in_environment: Host) -> None:
    host = in_environment
    before, told, started = generated(host), history(host), starts(host)
    with Sampler(host, CHOSEN, COCKPIT_PORT) as sampler:
        moved = install(host)
        assert "portreeve is installed and running." in moved.stdout
        assert moved.stderr == ""
        runs_from_the_package(host)
        assert starts(host) == started + 1
        assert install(host).stdout.startswith("Nothing to do: ")
        assert starts(host) == started + 1

        assert "portreeve is installed and running." in move(host, "venv").stdout
        runs_from_the_environment(host)
        assert starts(host) == started + 2
        assert move(host, "venv").stdout.startswith("Nothing to do: ")
        assert {CHOSEN} == set().union(*sampler.seen())
    assert generated(host) == before
    assert history(host) == told


@pytest.mark.parametrize("form", ["venv", "package"])
def test_a_move_that_was_killed_is_finished_by_the_next(shared: Host, form: str) -> None:
    host = shared
    move(host, "venv" if form == "package" else "package")
    before, told = generated(host), history(host)
    for seconds in INSTANTS:
        folder = WHEELHOUSE if form == "venv" else DEBS
        argv = ("setsid", "timeout", "-s", "KILL", seconds, INSTALL, "--form", form, "--wheelhouse", folder)
        host.run(*argv, check=False, timeout=60)
        assert host.http_status(CHOSEN) == 200
    move(host, form)
    (runs_from_the_package if form == "package" else runs_from_the_environment)(host)
    assert generated(host) == before
    assert history(host) == told


def test_without_a_package_at_hand_nobody_is_moved_unasked(in_package: Host) -> None:
    host = in_package
    refused = install(host, folder=WHEELHOUSE, check=False)
    assert refused.code == 5
    assert "--form venv moves this host" in refused.stderr
    assert install(host, "--form", "package", folder=WHEELHOUSE, check=False).code == 5
    runs_from_the_package(host)


def test_an_environment_whose_agent_does_not_start_leaves_the_package_in_charge(in_package: Host) -> None:
    host = in_package
    before = generated(host)
    host.shell('cp -r "$1" /srv/broken-wheels', WHEELHOUSE)
    host.run("python3", "-c", _BREAK_WHEEL, "/srv/broken-wheels")
    failed = install(host, "--form", "venv", folder="/srv/broken-wheels", check=False)
    assert failed.code == 1
    assert "broken on purpose" in failed.stderr
    assert "the package is in use again" in failed.stderr
    runs_from_the_package(host)
    assert generated(host) == before


def test_the_package_is_taken_away_by_uninstall_and_followed_again_after_an_install(in_package: Host) -> None:
    host = in_package
    host.run(INSTALL, "uninstall", timeout=240)
    assert is_there(host, OF_THE_ENVIRONMENT) == {False}
    assert not host.exists("/usr/bin/portreeve")
    assert host.read(SETTINGS_FILE) == SETTINGS
    assert host.http_status(COCKPIT_PORT) == 200
    install(host)
    runs_from_the_package(host)


def test_uninstall_with_purge_leaves_nothing_of_the_package(in_package: Host) -> None:
    host = in_package
    host.run(INSTALL, "uninstall", "--purge", timeout=240)
    assert is_there(host, (*OF_THE_ENVIRONMENT, *OF_THE_PACKAGE)) == {False}
    assert is_there(host, ("/etc/portreeve", "/var/lib/portreeve", DROP_INS)) == {False}
    assert package_state(host) == ""
    assert host.http_status(COCKPIT_PORT) == 200
    assert host.run(INSTALL, "uninstall", "--purge").stdout.startswith("Nothing to do: ")


def test_a_fresh_install_takes_the_package(shared: Host) -> None:
    # the test before has left nothing of portreeve
    host = shared
    host.run(INSTALL, "uninstall", "--purge", timeout=240)
    installed = install(host, "--sync", "cockpit")
    assert "portreeve is installed and running." in installed.stdout
    host.run("portreeve", "wait", "sync:cockpit", "--timeout", "30s", timeout=40)
    assert host.http_status(CHOSEN) == 200
    assert not host.exists("/opt/portreeve")
