"""An upgrade of Cockpit's own package does not move it back to the vendor's port."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.packages import cockpit_package, install_package
from host.lab.run import Run
from host.main_job import Sampler, begin
from host.vendor_job import (
    COCKPIT,
    MOVED,
    PORT,
    STOPS_AND_STARTS,
    VENDOR_PORTS,
    VendorHost,
)

AGENT = ("portreeve.service",)
DOCKER = ("docker.socket", "docker.service", "containerd.service")


@pytest.fixture(scope="module")
def vendor(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[VendorHost]:
    """One host for all, on which one version follows another; each test leaves it in step at PORT."""
    with Host(lab_run, installed_snapshot, "vendor") as host:
        job = begin(host, PORT)
        with Sampler(host, PORT, 9443, *VENDOR_PORTS) as sampler:
            yield VendorHost(job, sampler)


def test_an_upgrade_keeps_the_port_and_restarts_nothing_of_its_own(vendor: VendorHost) -> None:
    generation = vendor.job.status()["generation"]
    vendor.upgrade()
    with vendor.never_on_a_vendors_port():
        pass
    assert vendor.job.status()["generation"] == generation


def test_an_upgrade_while_the_agent_is_stopped(vendor: VendorHost) -> None:
    host = vendor.host
    vendor.while_down(
        lambda: host.run("systemctl", "stop", *AGENT), lambda: host.run("systemctl", "start", *AGENT), MOVED
    )


def test_an_upgrade_while_the_container_is_down(vendor: VendorHost) -> None:
    vendor.while_down(vendor.job.apphub.stop, vendor.job.apphub.start, STOPS_AND_STARTS)


def test_an_upgrade_while_docker_is_stopped(vendor: VendorHost) -> None:
    host = vendor.host
    vendor.while_down(
        lambda: host.run("systemctl", "stop", *DOCKER), lambda: host.run("systemctl", "start", "docker")
    )


def test_an_upgrade_together_with_docker(vendor: VendorHost) -> None:
    vendor.upgrade(STOPS_AND_STARTS, also=("docker.io",))
    with vendor.never_on_a_vendors_port():
        pass


def test_a_reinstall_and_a_downgrade(vendor: VendorHost) -> None:
    vendor.archive.install(COCKPIT)
    with vendor.never_on_a_vendors_port():
        pass
    install_package(vendor.host, cockpit_package(vendor.host))
    with vendor.never_on_a_vendors_port():
        pass


def test_a_removal_and_a_new_installation(vendor: VendorHost) -> None:
    host = vendor.host
    host.run("apt-get", "remove", "-y", COCKPIT, timeout=120)
    vendor.job.apphub.set_port_in_place(9443)
    vendor.archive.install(COCKPIT)
    with vendor.never_on_a_vendors_port(9443):
        pass
    vendor.job.apphub.set_port_in_place(PORT)
    vendor.job.listens(PORT)
    vendor.job.in_step()


def test_a_port_that_is_chosen_in_the_middle_of_the_transaction(vendor: VendorHost) -> None:
    config = vendor.job.apphub.config_path
    chooses = f"#!/bin/sh\\nsed -i s/{PORT}/9443/ {config}\\n"
    vendor.upgrade(f"printf '{chooses}' >DEBIAN/preinst; chmod 755 DEBIAN/preinst")
    with vendor.never_on_a_vendors_port(9443):
        pass
    vendor.job.apphub.set_port_in_place(PORT)
    vendor.job.listens(PORT)
    vendor.job.in_step()
