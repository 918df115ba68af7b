"""An upgrade of Cockpit's own package does not move it back to the vendor's port."""

from __future__ import annotations

from host.lab.machine import Host
from host.lab.packages import cockpit_package, install_package
from host.main_job import DROP_IN, Sampler, begin


def test_a_reinstall_keeps_the_port(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    runs = job.status()["generation"]
    install_package(host, cockpit_package(host))
    job.listens(9000)
    assert not host.is_listening(9090)
    assert job.status()["generation"] == runs


def test_a_package_with_another_vendor_port_keeps_the_port(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    with Sampler(host, 9000, 9090, 9191) as sampler:
        install_package(host, cockpit_package(host, vendor_port=9191))
        job.listens(9000)
        assert not any({9090, 9191} & sample for sample in sampler.seen())
    assert "9191" in host.shell("cat /lib/systemd/system/cockpit.socket").stdout
    assert "ListenStream=9000" in host.read(DROP_IN)


def test_a_package_that_is_removed_and_installed_again_gets_its_port(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    package = cockpit_package(host)
    host.run("apt-get", "remove", "-y", "cockpit-ws", timeout=120)
    job.apphub.set_port_in_place(9443)
    install_package(host, package)
    host.run("systemctl", "start", "cockpit.socket")
    job.listens(9443, timeout=40)
