"""The Debian package on a real host: it installs, runs, and tells where it is."""

from .lab.machine import Host


def test_the_package_starts_the_agent_with_its_own_units(packaged_host: Host) -> None:
    host = packaged_host
    assert host.run("systemctl", "is-active", "portreeve.service").stdout.strip() == "active"
    assert host.run("systemctl", "is-enabled", "portreeve.service").stdout.strip() == "enabled"
    fragment = host.run("systemctl", "show", "-P", "FragmentPath", "portreeve.service").stdout
    assert fragment.strip() in {
        "/lib/systemd/system/portreeve.service",
        "/usr/lib/systemd/system/portreeve.service",
    }
    assert not host.exists("/etc/systemd/system/portreeve.service")
    assert host.run("stat", "-c", "%a", "/var/lib/portreeve").stdout.strip() == "700"


def test_doctor_finds_nothing_wrong_with_a_packaged_host(packaged_host: Host) -> None:
    report = packaged_host.run("portreeve", "doctor").stdout
    assert "FAIL" not in report.upper().split(), report
    assert "warn" not in report.split(), report
