"""What a vendor's new version of Cockpit's package does, and a host on which one upgrade follows another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from host.lab.archive import Archive
from host.main_job import DROP_IN, MainJob, Sampler

T = TypeVar("T")
COCKPIT = "cockpit-ws"
PORT = 9000
VENDOR_PORTS = (9090, 9191)
"""Debian's, and the one that each new version brings."""

OTHER_SOCKET = r"""
socket=$(find . -name cockpit.socket)
sed -i -e 's/^ListenStream=.*/ListenStream=9191/' "$socket"
sed -i -e '/^\[Socket\]/a Backlog=77\nTriggerLimitBurst=300' "$socket"
"""
"""Another port and other directives."""

MOVED = """
from=lib to=usr/lib
if [ ! -e lib/systemd/system ]; then from=usr/lib to=lib; fi
mkdir -p $to/systemd
mv $from/systemd/system $to/systemd/system
rmdir -p --ignore-fail-on-non-empty $from/systemd
"""
"""The unit files on the other side of a merged /usr."""

STOPS_AND_STARTS = r"""
cat >DEBIAN/preinst <<'END'
#!/bin/sh
if [ "$1" = upgrade ]; then systemctl stop cockpit.socket cockpit.service; fi
END
cat >postinst <<'END'
#!/bin/sh
systemctl daemon-reload
systemctl start cockpit.socket
systemctl try-restart cockpit.socket cockpit.service
END
chmod 755 DEBIAN/preinst postinst
mv postinst DEBIAN/
"""
"""Its scripts stop the socket before the files are replaced and start it afterwards."""


DROP_IN_BEFORE_OURS = """
mkdir -p usr/lib/systemd/system/cockpit.socket.d
printf '[Socket]\\nListenStream=9191\\n' >usr/lib/systemd/system/cockpit.socket.d/10-vendor.conf
"""

DROP_IN_AFTER_OURS = DROP_IN_BEFORE_OURS.replace("10-vendor", "zz-vendor")

TAKES_OUR_PATH = """
mkdir -p etc/systemd/system/cockpit.socket.d
printf '[Socket]\\nListenStream=\\nListenStream=9191\\n' >etc/systemd/system/cockpit.socket.d/listen.conf
printf '[Socket]\\nListenStream=9191\\n' >etc/systemd/system/cockpit.socket
"""
"""The drop-in that is a target of the sync is a file of the package as well, and the unit is shadowed."""

LEFT_ON_ITS_PORT = r"""
cat >>DEBIAN/postinst <<'END'
mkdir -p /run/systemd/system/cockpit.socket.d
printf '[Socket]\nListenStream=\nListenStream=9191\n' >/run/systemd/system/cockpit.socket.d/zz-setup.conf
systemctl daemon-reload
systemctl stop cockpit.service
systemctl restart cockpit.socket
rm -r /run/systemd/system/cockpit.socket.d
systemctl daemon-reload
END
"""
"""It listens on its own port for its setup, tidies up and does not restart: no file of a sync was touched."""

FAILS_ONCE = (
    STOPS_AND_STARTS
    + r"""
sed -i '2i [ -e /run/configurable ] || exit 1' DEBIAN/postinst
"""
)
"""The socket was stopped, and its postinst fails before it starts it, until there is a file."""


class VendorHost:
    """A host on which Cockpit follows AppHub, with an archive of its own.

    Args:
        job: in step at :data:`PORT`.
        sampler: that runs.
    """

    def __init__(self, job: MainJob, sampler: Sampler) -> None:
        self.job = job
        self.host = job.host
        self.archive = Archive(job.host)
        self._sampler = sampler
        self._after = 0

    def upgrade(self, change: str = "", *, also: tuple[str, ...] = ()) -> str:
        """A new version of cockpit-ws appears, and `apt-get upgrade` installs it.

        Args:
            change: what is new besides the version, the port and some directives.
            also: other packages of which a new version comes in the same transaction.

        Returns:
            what apt-get and the packages' scripts said, both outputs.
        """
        versions = {name: self.archive.publish(name) for name in also}
        versions[COCKPIT] = self.archive.publish(COCKPIT, OTHER_SOCKET + change)
        result = self.transaction(self.archive.upgrade)
        for name, version in versions.items():
            assert self.archive.installed(name) == f"installed {version}"
        assert "ListenStream=9191" in self.host.run("systemctl", "cat", "cockpit.socket").stdout
        return result.stdout + result.stderr

    def transaction(self, change: Callable[[], T]) -> T:
        """Change packages; what is sampled afterwards counts."""
        result = change()
        self._after = len(self._sampler.seen())
        return result

    def keeps(self, port: int = PORT) -> None:
        """Cockpit comes to listen on the port, and on no vendor's in any sample since the transaction."""
        self.job.listens(port, timeout=30)
        self.job.in_step()
        now = len(self._sampler.seen())
        self.host.wait_until(lambda: len(self._sampler.seen()) > now + 5, 5, "samples of it in step")
        samples = self._sampler.seen()[self._after :]
        assert not any(set(VENDOR_PORTS) & sample for sample in samples), samples
        assert all(port in sample for sample in samples[-5:])
        assert f"ListenStream={port}\n" in self.host.read(DROP_IN)

    def choose(self, port: int) -> None:
        """Another port is chosen in the container, and followed."""
        self.job.apphub.set_port_in_place(port)
        self.job.listens(port)
        self.job.in_step()
