"""A host whose vendor's socket was edited by hand keeps its port (real Cockpit, real Docker, real apt)."""

from __future__ import annotations

import pytest

from host.lab.containers import Containers, run_apphub
from host.lab.machine import Host
from host.lab.packages import cockpit_package, install_package
from host.lab.snapshots import COCKPIT_PORT, PRODUCT, WHEELHOUSE
from host.main_job import DEFINITION, DROP_IN, SHIPPED, MainJob, Sampler, begin

VENDOR = "/usr/lib/systemd/system/cockpit.socket"
BY_HAND = 9000


def edit_by_hand(host: Host) -> None:
    """Move Cockpit as many do: in the vendor's file."""
    host.run("sed", "-i", f"s/^ListenStream=.*/ListenStream={BY_HAND}/", VENDOR)
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "restart", "cockpit.socket")
    assert host.is_listening(BY_HAND)


@pytest.mark.timeout(300)
def test_a_port_set_by_hand_stays_through_install_and_a_reinstall_of_cockpit(equipped_host: Host) -> None:
    host = equipped_host
    edit_by_hand(host)
    apphub = run_apphub(Containers(host), COCKPIT_PORT)
    before = host.read(apphub.config_path)

    with Sampler(host, BY_HAND, COCKPIT_PORT) as sampler:
        host.run(f"{PRODUCT}/install.sh", "--wheelhouse", WHEELHOUSE, timeout=240)
        # Adopted before the agent has looked at the sync for the first time.
        host.run("systemctl", "stop", "portreeve.service")
        host.write(DEFINITION, host.read(SHIPPED))
        refused = host.run("portreeve", "adopt", "cockpit", check=False)
        assert refused.code == 5
        assert host.read(apphub.config_path) == before
        adopted = host.run("portreeve", "adopt", "cockpit", "--yes")
        host.run("systemctl", "start", "portreeve.service", timeout=60)
        job = MainJob(host, apphub)
        job.in_step()
        install_package(host, cockpit_package(host))
        job.in_step()
        job.listens(BY_HAND)
        assert not any(COCKPIT_PORT in sample for sample in sampler.seen())

    assert f"on the host    {BY_HAND}  {VENDOR}: Socket.ListenStream" in adopted.stdout
    assert host.read(apphub.config_path) == before.replace(f"port = {COCKPIT_PORT}", f"port = {BY_HAND}")
    assert f"ListenStream={COCKPIT_PORT}" in host.read(VENDOR)
    assert f"ListenStream={BY_HAND}" in host.read(DROP_IN)
    assert host.run("portreeve", "adopt", "cockpit", "--dry-run").stdout.startswith("port\n")


def test_a_running_agent_follows_what_is_adopted(installed_host: Host) -> None:
    host = installed_host
    edit_by_hand(host)
    job = begin(host, COCKPIT_PORT)
    job.listens(COCKPIT_PORT)
    adopted = host.run("portreeve", "adopt", "cockpit", "--yes")
    assert f"note: {DROP_IN} is there" in adopted.stdout
    job.listens(BY_HAND)
    job.in_step()
    install_package(host, cockpit_package(host))
    job.listens(BY_HAND)
    assert not host.is_listening(COCKPIT_PORT)
