"""The cockpit.conf that Websoft9's installer left."""

from __future__ import annotations

from host.lab.machine import Host

COCKPIT_CONF = "/etc/cockpit/cockpit.conf"
SHIPPED = """\
# docs: https://cockpit-project.org/guide/latest/cockpit.conf.5.html

[WebService]
AllowUnencrypted = true
LoginTitle= Websoft9 - Linux AppStore
ProtocolHeader = X-Forwarded-Proto
Origins = http://172.17.0.1:9000 ws://172.17.0.1:9000
"""


def install_cockpit_conf(host: Host) -> None:
    """Put it in place."""
    host.write(COCKPIT_CONF, SHIPPED)
    host.run("systemctl", "restart", "cockpit.socket")
