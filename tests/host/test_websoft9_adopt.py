"""S6: Websoft9's profile comes to a host whose vendor's socket was edited by hand, as Websoft9 did."""

from __future__ import annotations

from host.lab.machine import Host
from host.lab.packages import cockpit_package, install_package
from host.main_job import Sampler
from host.websoft9.site import COCKPIT, EVERYTHING, Site

VENDOR = "/usr/lib/systemd/system/cockpit.socket"
BY_HAND = 9000


def test_s6_a_port_set_by_hand_is_adopted_and_stays(installed_host: Host) -> None:
    host = installed_host
    site = Site(host, console=9001)
    site.prepare()
    host.run("systemctl", "stop", "portreeve")
    host.run("sed", "-i", f"s/^ListenStream=.*/ListenStream={BY_HAND}/", VENDOR)
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "restart", "cockpit.socket")
    with Sampler(host, BY_HAND, 9090) as sampler:
        site.write_definitions(*EVERYTHING)
        host.run("portreeve", "adopt", COCKPIT, "--yes")
        host.run("systemctl", "start", "portreeve")
        site.await_port(BY_HAND, 10)
        install_package(host, cockpit_package(host))
        site.await_port(BY_HAND, 5)
        site.in_step()
        assert not any(9090 in sample for sample in sampler.seen())
    assert "ListenStream=9090" in host.read(VENDOR)
