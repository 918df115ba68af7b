"""What a vendor's new version of Cockpit's package does, and a host on which one upgrade follows another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from host.lab.archive import Archive
from host.main_job import DROP_IN, MainJob, Sampler

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
systemctl stop cockpit.socket cockpit.service
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

    def upgrade(self, change: str = "", *, also: tuple[str, ...] = ()) -> None:
        """A new version of cockpit-ws appears, and `apt-get upgrade` installs it.

        Args:
            change: what is new besides the version.
            also: other packages of which a new version comes in the same transaction.
        """
        versions = {name: self.archive.publish(name) for name in also}
        versions[COCKPIT] = self.archive.publish(COCKPIT, OTHER_SOCKET + change)
        self.archive.upgrade()
        for name, version in versions.items():
            assert self.archive.installed(name) == f"installed {version}"
        assert "ListenStream=9191" in self.host.run("systemctl", "cat", "cockpit.socket").stdout

    @contextmanager
    def never_on_a_vendors_port(self, port: int = PORT) -> Iterator[None]:
        """From here on until Cockpit answers on the port: no sample shows a vendor's."""
        begun = len(self._sampler.seen())
        yield
        self.job.listens(port, timeout=30)
        self.job.in_step()
        self.host.wait_until(lambda: len(self._sampler.seen()) > begun + 5, 5, "samples after the last of it")
        samples = self._sampler.seen()[begun:]
        assert not any(set(VENDOR_PORTS) & sample for sample in samples), samples
        assert port in samples[-1], samples[-5:]
        assert f"ListenStream={port}\n" in self.host.read(DROP_IN)

    def while_down(self, down: Callable[[], object], up: Callable[[], object], change: str = "") -> None:
        """Upgrade while something is not there; then it comes back.

        Args:
            down: takes it away.
            up: brings it back.
            change: what is new in the package.
        """
        down()
        self.upgrade(change)
        with self.never_on_a_vendors_port():
            up()
