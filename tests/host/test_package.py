"""The Debian package on a real host: what it starts, what a removal puts back, what a purge leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .lab.guest import Guest
from .lab.machine import Host
from .lab.nspawn import Snapshot
from .lab.places import CHECKOUT
from .lab.run import Run
from .lab.snapshots import PACKAGE, apt_install

UNITS = ("portreeve.service", "portreeve-sync@.service", "portreeve-container@.service")
SYNC = """
[sources.app]
file = "/etc/app.ini"
[values]
port = { source = "app", key = "web.port", type = "port" }
[[targets]]
path = "/etc/app.out"
template = "app.j2"
"""
SERVICE = 'unit = "consumer.service"\nrequires = ["sync:app"]\n'
CONSUMER = "[Service]\nExecStart=/bin/sleep infinity\n"
DROP_IN = "/etc/systemd/system/consumer.service.d/50-portreeve.conf"
FOLDERS = ("/etc", "/opt", "/run/portreeve", "/usr", "/var/lib/portreeve", "/var/lib/systemd")


@pytest.fixture(scope="module")
def host(lab_run: Run, packaged_snapshot: Snapshot) -> Iterator[Host]:
    """One host for all of them; each leaves it with the package installed and its agent running."""
    with Host(lab_run, packaged_snapshot, "packaged") as machine:
        yield machine


def active(host: Host, unit: str) -> bool:
    return host.run("systemctl", "is-active", unit, check=False).stdout.strip() == "active"


def declare(host: Host) -> None:
    """A sync of a file that was there before, and a service that requires it."""
    host.write("/etc/app.ini", "[web]\nport = 9000\n")
    host.write("/etc/app.out", "by hand\n", 0o640)
    host.write("/etc/systemd/system/consumer.service", CONSUMER)
    host.write("/etc/portreeve/templates/app.j2", "port = {{ port }}\n")
    host.write("/etc/portreeve/services.d/consumer.toml", SERVICE)
    host.write("/etc/portreeve/syncs.d/app.toml", SYNC)
    # not by a wait: the test before may have left it held
    host.wait_until(lambda: host.run("portreeve", "sync", "app", check=False).code == 0, 30, "it is in step")
    assert host.read("/etc/app.out") == "port = 9000\n"


def forget(host: Host) -> None:
    host.shell("systemctl stop consumer.service; rm -f /etc/app.* /etc/systemd/system/consumer.service")
    host.run("systemctl", "daemon-reload")


def without_caches(machine: Guest) -> dict[str, tuple[str, str, str]]:
    """What is on the disk, but for what apt, dpkg and systemd note of any package."""
    noted = (
        "/etc/ld.so.cache",
        "/var/lib/systemd/random-seed",
        "/var/lib/systemd/timers",
        "/var/lib/systemd/catalog",
    )
    return {
        path: (entry.kind, entry.mode, entry.content)
        for path, entry in machine.listing(*FOLDERS).items()
        if not path.startswith(noted)
    }


def test_the_package_starts_the_agent_with_its_own_units_and_doubles_none(host: Host) -> None:
    assert active(host, "portreeve.service")
    assert host.run("systemctl", "is-enabled", "portreeve.service").stdout.strip() == "enabled"
    for unit in UNITS:
        assert host.exists(f"/usr/lib/systemd/system/{unit}")
        assert not host.exists(f"/etc/systemd/system/{unit}")
    assert "/usr/bin/portreeve run" in host.run("systemctl", "show", "-p", "ExecStart", "portreeve").stdout
    assert host.run("portreeve", "units", "install").stdout == "nothing to do\n"
    assert host.run("stat", "-c", "%a", "/var/lib/portreeve").stdout.strip() == "700"


def test_doctor_finds_nothing_wrong_with_a_packaged_host(host: Host) -> None:
    report = host.run("portreeve", "doctor").stdout
    assert {line.split()[0] for line in report.splitlines()} == {"ok"}, report


def test_the_smoke_test_of_the_package_passes(host: Host) -> None:
    host.copy_in(CHECKOUT / "debian/tests/smoke", "/srv/smoke")
    host.run("/srv/smoke", timeout=90)


def test_what_is_edited_in_the_settings_is_kept_without_a_question(host: Host) -> None:
    host.append("/etc/portreeve/portreeve.toml", '\n[reconcile]\nresync = "10m"\n')
    host.run("apt-get", "install", "-y", "--reinstall", PACKAGE, timeout=120)
    assert 'resync = "10m"' in host.read("/etc/portreeve/portreeve.toml")
    assert active(host, "portreeve.service")


def test_a_removal_puts_back_what_was_there_and_another_install_follows_again(host: Host) -> None:
    declare(host)
    host.run("apt-get", "install", "-y", "--reinstall", PACKAGE, timeout=120)
    assert host.exists(DROP_IN), "the package installs the drop-ins of what is declared"
    host.run("systemctl", "start", "consumer.service")
    host.run("apt-get", "remove", "-y", "portreeve", timeout=200)
    assert host.read("/etc/app.out") == "by hand\n"
    assert not host.exists(DROP_IN)
    assert active(host, "consumer.service"), "who required a sync goes on without portreeve"
    assert host.run("pgrep", "-f", "portreeve", check=False).stdout == ""
    assert host.exists("/etc/portreeve/syncs.d/app.toml")
    apt_install(host)
    host.run("portreeve", "wait", "sync:app", "--for", "in-step", "--timeout", "30s")
    assert host.read("/etc/app.out") == "port = 9000\n"
    assert host.exists(DROP_IN)
    host.run("portreeve", "rollback", "app", "--to", "0")
    host.run("rm", "/etc/portreeve/syncs.d/app.toml", "/etc/portreeve/services.d/consumer.toml")
    host.run("portreeve", "units", "install")
    forget(host)


def test_a_removal_while_no_agent_may_be_started_puts_the_files_back(host: Host) -> None:
    declare(host)
    host.run("systemctl", "stop", "portreeve.service")
    host.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
    host.run("apt-get", "remove", "-y", "portreeve", timeout=200)
    assert host.read("/etc/app.out") == "by hand\n"
    host.run("rm", "/usr/sbin/policy-rc.d")
    apt_install(host)
    host.run("portreeve", "wait", "sync:app", "--for", "in-step", "--timeout", "30s")
    host.run("portreeve", "rollback", "app", "--to", "0")
    host.run("rm", "/etc/portreeve/syncs.d/app.toml", "/etc/portreeve/services.d/consumer.toml")
    forget(host)


def test_a_purge_leaves_the_disk_as_it_was_before_the_package(
    lab_run: Run, plain_snapshot: Snapshot, bookworm_package: Path
) -> None:
    with Host(lab_run, plain_snapshot, "purge") as host:
        host.copy_in(bookworm_package, PACKAGE)
        before = without_caches(host)
        apt_install(host)
        declare(host)
        host.run("portreeve", "units", "install")
        host.run("apt-get", "purge", "-y", "portreeve", timeout=200)
        assert host.read("/etc/app.out") == "by hand\n"
        forget(host)
        assert (
            host.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "portreeve*").stdout == ""
        )
        assert without_caches(host) == before
