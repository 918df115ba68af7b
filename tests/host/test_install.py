"""install.sh on a real server without a network: once, twice, upgrade, interrupted, refused, uninstall."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from host.lab.bare import BareRoot
from host.lab.command import Result, execute
from host.lab.containers import Containers, run_apphub
from host.lab.guest import Entry
from host.lab.machine import Host
from host.lab.places import CHECKOUT
from host.lab.snapshots import COCKPIT_PORT, PRODUCT, WHEELHOUSE
from host.lab.waiting import wait_until

INSTALL = f"{PRODUCT}/install.sh"
CHOSEN = 9000
CHECKOUT_PARTS = (
    *("requirements.lock", "pyproject.toml", "README.md", "LICENSE"),
    *("agent", "units", "templates", "examples", "profiles", "docs/man"),
)
PREVIOUS, BROKEN = "/srv/previous", "/srv/broken"
# where an installation could leave something
FOLDERS = (
    "/etc",
    "/opt",
    "/usr/local",
    "/usr/lib",
    "/usr/bin",
    "/usr/share/bash-completion",
    "/var/lib/portreeve",
)
KEPT = ("/etc/portreeve", "/var/lib/portreeve")
KILLED_AFTER = ("0.7", "3", "7") if os.environ.get("PORTREEVE_TEST_LONG") else ("3",)

pytestmark = pytest.mark.timeout(300)


def install(host: Host, *options: str, wheelhouse: str = WHEELHOUSE, check: bool = True) -> Result:
    """Run install.sh as an administrator without a network does."""
    return host.run(INSTALL, *options, "--wheelhouse", wheelhouse, check=check, timeout=240)


def uninstall(host: Host, *options: str) -> Result:
    return host.run(INSTALL, "uninstall", *options, timeout=240)


def listing(host: Host, *without: str) -> dict[str, Entry]:
    """All that an installation could change; the state file changes by itself."""
    found = host.listing(*FOLDERS)
    return {
        path: entry for path, entry in found.items() if not path.startswith(("/etc/machine-id", *without))
    }


def changes(before: dict[str, Entry], after: dict[str, Entry]) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def agent_start(host: Host) -> str:
    """Which start of the agent this is; empty when it is not running."""
    shown = host.run("systemctl", "show", "-P", "InvocationID", "portreeve.service").stdout.strip()
    return shown if host.run("systemctl", "is-active", "portreeve.service", check=False).code == 0 else ""


def version(host: Host) -> str:
    return host.run("portreeve", "--version").stdout.split()[-1]


def environments(host: Host) -> list[str]:
    return host.shell("ls -d /opt/portreeve/venv-* 2>/dev/null || true").stdout.split()


def follow_apphub(host: Host) -> None:
    """Have Cockpit follow a container, on another port than the vendor's."""
    run_apphub(Containers(host), CHOSEN)
    host.run("portreeve", "wait", "sync:cockpit", "--timeout", "30s", timeout=40)
    assert host.is_listening(CHOSEN)
    assert not host.is_listening(COCKPIT_PORT)


@pytest.fixture(scope="session")
def current_version(wheelhouse: Path) -> str:
    (wheel,) = wheelhouse.glob("portreeve-*.whl")
    return wheel.name.split("-")[1]


def build_wheelhouse(folder: Path, source: Path, wheelhouse: Path, number: str) -> Path:
    """A wheelhouse with the same dependencies and a portreeve built from another source as that version."""
    folder.mkdir()
    for wheel in wheelhouse.iterdir():
        if not wheel.name.startswith("portreeve-"):
            shutil.copy2(wheel, folder)
    (source / "agent/portreeve/__init__.py").write_text(f'"""portreeve."""\n\n__version__ = "{number}"\n')
    pip = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(source))
    execute(*pip, timeout=300)
    return folder


def sources(folder: Path, commit: str) -> Path:
    """What a commit holds; of a clone without a history, the commit that it has."""
    for name in (commit, "HEAD"):
        archive = subprocess.run(["git", "-C", str(CHECKOUT), "archive", name], capture_output=True)
        if archive.returncode == 0:
            break
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def previous_wheelhouse(tmp_path_factory: pytest.TempPathFactory, wheelhouse: Path) -> Path:
    """The previous commit's portreeve."""
    folder = tmp_path_factory.mktemp("previous")
    return build_wheelhouse(folder / "wheels", sources(folder / "source", "HEAD~1"), wheelhouse, "0.0.1")


@pytest.fixture(scope="session")
def broken_wheelhouse(tmp_path_factory: pytest.TempPathFactory, wheelhouse: Path) -> Path:
    """A portreeve whose agent ends at once."""
    folder = tmp_path_factory.mktemp("broken")
    source = sources(folder / "source", "HEAD")
    (source / "agent/portreeve/daemon/run.py").write_text(
        '"""Broken."""\n\n\ndef run(paths: object) -> None:\n    raise SystemExit("broken on purpose")\n'
    )
    return build_wheelhouse(folder / "wheels", source, wheelhouse, "99.0")


def test_an_install_is_complete_and_a_second_one_changes_nothing(
    equipped_host: Host, current_version: str
) -> None:
    host = equipped_host
    first = install(host, "--sync", "cockpit")

    assert "portreeve is installed and running." in first.stdout
    assert host.run("systemctl", "is-enabled", "portreeve.service").stdout.strip() == "enabled"
    assert version(host) == current_version
    assert host.exists("/etc/portreeve/portreeve.toml")
    assert host.exists("/etc/portreeve/syncs.d/cockpit.toml")
    assert host.run("portreeve", "check").stdout.startswith("1 sync, ")
    for folder in ("bash-completion/completions/portreeve", "zsh/site-functions/_portreeve"):
        assert "portreeve" in host.read(f"/usr/local/share/{folder}")
    for page in ("man1/portreeve.1", "man5/portreeve-sync.5"):
        assert ".Sh NAME" in host.read(f"/usr/local/share/man/{page}")
    assert host.shell("find /opt/portreeve/venv/lib -name 'errors.*.pyc' -path '*/portreeve/*'").stdout

    before, start = listing(host, "/var/lib/portreeve"), agent_start(host)
    assert start
    second = install(host, "--sync", "cockpit")

    assert second.stdout.startswith("Nothing to do: ")
    assert changes(before, listing(host, "/var/lib/portreeve")) == set()
    assert agent_start(host) == start


def test_an_install_keeps_what_the_administrator_wrote(equipped_host: Host) -> None:
    host = equipped_host
    host.write("/etc/portreeve/portreeve.toml", '[log]\nlevel = "DEBUG"\n')
    host.write("/etc/portreeve/syncs.d/cockpit.toml", "# mine\n")
    install(host, "--sync", "cockpit")
    assert host.read("/etc/portreeve/portreeve.toml") == '[log]\nlevel = "DEBUG"\n'
    assert host.read("/etc/portreeve/syncs.d/cockpit.toml") == "# mine\n"


def test_an_upgrade_keeps_cockpit_where_it_is_and_restarts_the_agent_once(
    equipped_host: Host, previous_wheelhouse: Path, current_version: str
) -> None:
    host = equipped_host
    host.copy_in(previous_wheelhouse, PREVIOUS)
    install(host, "--sync", "cockpit", wheelhouse=PREVIOUS)
    assert version(host) == "0.0.1"
    follow_apphub(host)
    cockpit = host.listing("/etc/systemd/system/cockpit.socket.d")
    starts = host.shell("journalctl -q -u portreeve.service -o cat | grep -c Started").stdout

    upgraded = install(host, "upgrade")

    assert "portreeve is installed and running." in upgraded.stdout
    assert version(host) == current_version
    assert len(environments(host)) == 1
    again = host.shell("journalctl -q -u portreeve.service -o cat | grep -c Started").stdout
    assert int(again) == int(starts) + 1
    assert host.listing("/etc/systemd/system/cockpit.socket.d") == cockpit
    assert host.http_status(CHOSEN) == 200
    host.run("portreeve", "wait", "sync:cockpit", "--timeout", "30s", timeout=40)


def test_an_upgrade_whose_agent_does_not_start_is_taken_back(
    installed_host: Host, broken_wheelhouse: Path, current_version: str
) -> None:
    host = installed_host
    host.copy_in(broken_wheelhouse, BROKEN)
    before = listing(host, "/var/lib/portreeve")

    upgraded = install(host, "upgrade", wheelhouse=BROKEN, check=False)

    assert upgraded.code == 1
    assert "the agent did not become ready" in upgraded.stderr
    assert "broken on purpose" in upgraded.stderr
    assert "in use again" in upgraded.stderr
    assert agent_start(host)
    assert version(host) == current_version
    assert changes(before, listing(host, "/var/lib/portreeve")) == set()


@pytest.mark.parametrize("seconds", KILLED_AFTER)
def test_an_install_that_was_killed_is_finished_by_the_next(equipped_host: Host, seconds: str) -> None:
    host = equipped_host
    host.run("timeout", "-s", "KILL", seconds, INSTALL, "--wheelhouse", WHEELHOUSE, check=False)
    install(host)
    assert agent_start(host)
    assert len(environments(host)) == 1
    assert install(host).stdout.startswith("Nothing to do: ")


def test_an_upgrade_that_was_killed_leaves_the_agent_running(
    installed_host: Host, previous_wheelhouse: Path, current_version: str
) -> None:
    host = installed_host
    host.copy_in(previous_wheelhouse, PREVIOUS)
    start = agent_start(host)
    host.run("timeout", "-s", "KILL", "4", INSTALL, "--wheelhouse", PREVIOUS, check=False)
    assert agent_start(host) == start
    assert version(host) == current_version
    assert install(host).stdout.startswith("Nothing to do: ")
    assert len(environments(host)) == 1


def test_an_interrupted_install_cleans_up_after_itself(equipped_host: Host) -> None:
    host = equipped_host
    before = listing(host)
    host.run("timeout", "-s", "INT", "3", INSTALL, "--wheelhouse", WHEELHOUSE, check=False)
    wait_until(lambda: environments(host) == [], 10, "the unfinished environment is gone")
    assert changes(before, listing(host)) <= {"/opt/portreeve"}
    assert host.shell("ls -d /tmp/portreeve* || true").stdout == ""


def test_uninstall_puts_the_vendors_port_back_and_leaves_nothing(equipped_host: Host) -> None:
    host = equipped_host
    before = listing(host)
    install(host, "--sync", "cockpit")
    follow_apphub(host)

    uninstall(host)

    assert changes(before, listing(host, *KEPT)) == set()
    assert host.exists("/etc/portreeve/syncs.d/cockpit.toml")
    assert not host.exists("/run/portreeve")
    assert host.http_status(COCKPIT_PORT) == 200
    assert not host.is_listening(CHOSEN)
    assert host.run("systemctl", "--failed", "--no-legend").stdout == ""
    assert uninstall(host).stdout.startswith("Nothing to do: ")


def test_what_was_uninstalled_and_installed_anew_follows_again(equipped_host: Host) -> None:
    host = equipped_host
    install(host, "--sync", "cockpit")
    follow_apphub(host)
    uninstall(host)
    install(host)
    host.run("portreeve", "wait", "sync:cockpit", "--timeout", "30s", timeout=40)
    assert host.http_status(CHOSEN) == 200


def test_uninstall_with_purge_leaves_the_host_as_it_was(equipped_host: Host) -> None:
    host = equipped_host
    before = listing(host)
    install(host, "--sync", "cockpit")
    follow_apphub(host)
    uninstall(host, "--purge")
    assert changes(before, listing(host)) == set()


def test_uninstall_starts_the_agent_if_it_must(equipped_host: Host) -> None:
    host = equipped_host
    before = listing(host)
    install(host, "--sync", "cockpit")
    follow_apphub(host)
    host.run("systemctl", "stop", "portreeve.service")
    uninstall(host, "--purge")
    assert changes(before, listing(host)) == set()
    assert host.http_status(COCKPIT_PORT) == 200


def test_uninstall_does_not_need_the_software_that_was_configured(equipped_host: Host) -> None:
    host = equipped_host
    install(host, "--sync", "cockpit")
    follow_apphub(host)
    host.run("dpkg", "--purge", "cockpit", "cockpit-system", "cockpit-bridge", "cockpit-ws", check=False)
    assert not host.exists("/usr/lib/systemd/system/cockpit.socket")
    done = uninstall(host, "--purge")
    assert "the files are back" in done.stderr
    assert not host.exists("/etc/systemd/system/cockpit.socket.d")
    assert not host.exists("/opt/portreeve")


@pytest.mark.parametrize("seconds", KILLED_AFTER)
def test_half_an_installation_is_uninstalled_too(equipped_host: Host, seconds: str) -> None:
    host = equipped_host
    before = listing(host)
    host.run("timeout", "-s", "KILL", seconds, INSTALL, "--wheelhouse", WHEELHOUSE, check=False)
    uninstall(host, "--purge")
    assert changes(before, listing(host)) == set()


def test_a_wheelhouse_made_elsewhere_is_all_that_an_install_needs(
    bare_root: BareRoot, equipped_host: Host
) -> None:
    for part in (*CHECKOUT_PARTS, "install.sh"):
        bare_root.copy_in(CHECKOUT / part, f"{PRODUCT}/{part}")
    bare_root.shell(
        "apt-get -q update && apt-get -q -y install --no-install-recommends python3-venv", timeout=200
    )
    made = bare_root.run(INSTALL, "wheelhouse", "/srv/made", timeout=200)
    assert "Copy /srv/made to a host like this one" in made.stdout

    host = equipped_host
    host.shell('rm -r "$1" "$2"', PRODUCT, WHEELHOUSE)
    archive = bare_root.shell("tar -C /srv -cz made | base64").stdout
    host.write("/srv/made.base64", archive)
    host.shell("base64 -d /srv/made.base64 | tar -C /srv -xz")
    host.run("/srv/made/install.sh", "--sync", "cockpit", timeout=240)
    follow_apphub(host)


OS_RELEASE = 'PRETTY_NAME="{}"\nID={}\nID_LIKE="{}"\nVERSION_ID="{}"\n'


@pytest.mark.parametrize(
    ("system", "reason"),
    [
        (("Fedora Linux 42", "fedora", "", "42"), "Fedora Linux 42 installs packages with dnf"),
        (("Rocky Linux 9.4", "rocky", "rhel centos fedora", "9.4"), "installs packages with dnf"),
        (("Debian GNU/Linux 11", "debian", "", "11"), "debian 12 is the oldest supported release"),
        (("Ubuntu 22.04", "ubuntu", "debian", "22.04"), "ubuntu 24.04 is the oldest supported release"),
        (("Alpine Linux", "alpine", "", "3.20"), "neither Debian nor Ubuntu"),
    ],
)
def test_an_unknown_system_is_refused(equipped_host: Host, system: tuple[str, ...], reason: str) -> None:
    host = equipped_host
    host.write("/etc/os-release", OS_RELEASE.format(*system))
    _refused(host, reason)


def test_a_derivative_is_taken_for_what_it_is_like(equipped_host: Host) -> None:
    host = equipped_host
    host.write("/etc/os-release", OS_RELEASE.format("Linux Mint 22", "linuxmint", "ubuntu debian", "22"))
    install(host)
    assert agent_start(host)


def test_a_wheelhouse_that_lacks_something_is_refused(equipped_host: Host) -> None:
    host = equipped_host
    host.shell('rm "$1"/click-*.whl "$1"/jinja2-*.whl', WHEELHOUSE)
    _refused(host, r"lacks click 8.5.1, jinja2 3.1.6")
    host.shell('rm "$1"/portreeve-*.whl', WHEELHOUSE)
    _refused(host, "has no portreeve-VERSION-py3-none-any.whl")


def test_a_wheel_that_was_tampered_with_is_not_installed(equipped_host: Host) -> None:
    host = equipped_host
    before = listing(host)
    host.shell('echo >>"$(ls "$1"/click-*.whl)"', WHEELHOUSE)
    refused = install(host, check=False)
    assert refused.code == 1
    assert "hash" in refused.stderr.lower()
    assert environments(host) == []
    assert changes(before, listing(host)) <= {"/opt/portreeve"}


def test_a_package_that_is_missing_and_cannot_be_fetched_is_told_before_anything_is_changed(
    equipped_host: Host,
) -> None:
    host = equipped_host
    host.shell("dpkg --purge --force-depends python3.11-venv python3-venv python3-pip-whl 2>/dev/null")
    _refused(host, "python3-venv must be installed, and apt-get cannot fetch that")


def test_a_unit_of_somebody_else_is_refused(equipped_host: Host) -> None:
    host = equipped_host
    host.write("/usr/lib/systemd/system/portreeve.service", "[Service]\nExecStart=/bin/true\n")
    _refused(host, "/usr/lib/systemd/system/portreeve.service is there and is not ours")


def test_everything_that_is_missing_is_told_at_once(equipped_host: Host) -> None:
    host = equipped_host
    host.write("/etc/os-release", OS_RELEASE.format("Fedora Linux 42", "fedora", "", "42"))
    host.shell('rm "$1"/portreeve-*.whl', WHEELHOUSE)
    argv = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", INSTALL)
    refused = host.run(*argv, "--wheelhouse", WHEELHOUSE, check=False)
    assert refused.code == 5
    for reason in ("needs root", "dnf", "no portreeve-VERSION"):
        assert reason in refused.stderr


def test_an_upgrade_of_nothing_is_refused(equipped_host: Host) -> None:
    refused = install(equipped_host, "upgrade", check=False)
    assert refused.code == 5
    assert "portreeve is not installed" in refused.stderr


def _refused(host: Host, reason: str) -> None:
    before = listing(host)
    refused = install(host, check=False)
    assert refused.code == 5
    assert reason in refused.stderr
    assert "nothing was changed" in refused.stderr
    assert changes(before, listing(host)) == set()
