"""An upgrade of Cockpit's own package does not move it back to the vendor's port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.packages import cockpit_package, install_package
from host.lab.run import Run
from host.main_job import Sampler, begin
from host.vendor_job import (
    COCKPIT,
    DROP_IN_AFTER_OURS,
    DROP_IN_BEFORE_OURS,
    FAILS_ONCE,
    LEFT_ON_ITS_PORT,
    MOVED,
    PORT,
    STOPS_AND_STARTS,
    TAKES_OUR_PATH,
    VENDOR_PORTS,
    VendorHost,
)

AGENT = ("portreeve.service",)
DOCKER = ("docker.socket", "docker.service", "containerd.service")


@pytest.fixture(
    scope="module",
    params=["packaged_snapshot", pytest.param("trixie_packaged_snapshot", marks=pytest.mark.long)],
    ids=["debian-12", "debian-13"],
)
def vendor(lab_run: Run, request: pytest.FixtureRequest) -> Iterator[VendorHost]:
    """One host for all, on which one version follows another; each test leaves it in step at PORT."""
    snapshot: Snapshot = request.getfixturevalue(request.param)
    with Host(lab_run, snapshot, "vendor") as host, following(host) as found:
        yield found


@contextmanager
def following(host: Host) -> Iterator[VendorHost]:
    job = begin(host, PORT)
    with Sampler(host, PORT, 9443, *VENDOR_PORTS) as sampler:
        yield VendorHost(job, sampler)


def test_an_upgrade_keeps_the_port_and_makes_no_new_generation(vendor: VendorHost) -> None:
    generation = vendor.job.status()["generation"]
    vendor.upgrade(DROP_IN_BEFORE_OURS)
    vendor.keeps()
    assert vendor.job.status()["generation"] == generation


def test_an_upgrade_while_the_agent_is_stopped(vendor: VendorHost) -> None:
    vendor.host.run("systemctl", "stop", *AGENT)
    vendor.upgrade(MOVED)
    vendor.host.run("systemctl", "start", *AGENT)
    vendor.keeps()


def test_an_upgrade_while_the_container_is_down(vendor: VendorHost) -> None:
    vendor.job.apphub.stop()
    vendor.upgrade(STOPS_AND_STARTS)
    vendor.keeps()
    vendor.job.apphub.start()
    vendor.keeps()


def test_an_upgrade_while_docker_is_stopped(vendor: VendorHost) -> None:
    vendor.host.run("systemctl", "stop", *DOCKER)
    vendor.upgrade()
    vendor.job.listens(PORT)
    vendor.host.run("systemctl", "start", "docker")
    vendor.keeps()


def test_an_upgrade_together_with_docker(vendor: VendorHost) -> None:
    vendor.upgrade(STOPS_AND_STARTS, also=("docker.io",))
    vendor.keeps()


def test_a_reinstall_and_a_downgrade(vendor: VendorHost) -> None:
    vendor.transaction(lambda: vendor.archive.install(COCKPIT))
    vendor.keeps()
    vendor.transaction(lambda: install_package(vendor.host, cockpit_package(vendor.host)))
    vendor.keeps()


def test_a_removal_and_a_new_installation(vendor: VendorHost) -> None:
    vendor.host.run("apt-get", "remove", "-y", COCKPIT, timeout=120)
    vendor.job.apphub.set_port_in_place(9443)
    vendor.transaction(lambda: vendor.archive.install(COCKPIT))
    vendor.keeps(9443)
    vendor.choose(PORT)


def test_a_socket_that_is_left_on_its_own_port_is_moved_before_the_transaction_ends(
    vendor: VendorHost,
) -> None:
    said = vendor.upgrade(LEFT_ON_ITS_PORT)
    assert "portreeve: files of packages: cockpit keeps port = 9000, verified" in said
    vendor.keeps()


@pytest.mark.long
def test_a_package_that_brings_a_file_in_the_place_of_ours_and_takes_it_away_again(
    vendor: VendorHost,
) -> None:
    vendor.upgrade(TAKES_OUR_PATH)
    vendor.keeps()
    vendor.upgrade()
    vendor.keeps()


def test_a_drop_in_of_the_vendor_that_is_read_after_ours_is_named_while_it_is_there(
    vendor: VendorHost,
) -> None:
    vendor.upgrade(DROP_IN_AFTER_OURS)
    trouble = vendor.job.reason("drop-in-overruled")["trouble"]
    assert "zz-vendor.conf" in trouble["what"]
    assert "ListenStream" in trouble["evidence"]
    assert vendor.host.http_status(PORT) == 200
    vendor.upgrade()
    vendor.keeps()


def test_a_version_whose_postinst_fails_is_waited_for(vendor: VendorHost) -> None:
    vendor.archive.publish(COCKPIT, FAILS_ONCE)
    assert vendor.archive.upgrade(check=False).code == 100
    assert vendor.archive.installed(COCKPIT).startswith("half-configured")
    vendor.job.reason("unit-stopped")
    vendor.host.write("/run/configurable", "")
    vendor.transaction(lambda: vendor.host.run("dpkg", "--configure", "-a"))
    vendor.keeps()


def test_a_port_that_is_chosen_in_the_middle_of_the_transaction(vendor: VendorHost) -> None:
    config = vendor.job.apphub.config_path
    chooses = f"#!/bin/sh\\nsed -i s/{PORT}/9443/ {config}\\n"
    vendor.upgrade(f"printf '{chooses}' >DEBIAN/preinst; chmod 755 DEBIAN/preinst")
    vendor.keeps(9443)
    vendor.choose(PORT)


def test_an_installation_without_a_package_keeps_the_port_too(installed_host: Host) -> None:
    with following(installed_host) as vendor:
        vendor.upgrade(STOPS_AND_STARTS)
        vendor.keeps()
