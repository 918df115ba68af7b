"""An upgrade of portreeve itself in the middle of a change, and the way back to the version before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from host.lab.containers import Containers, run_apphub
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.places import CHECKOUT
from host.lab.run import Run
from host.lab.snapshots import PACKAGE, apt_install
from host.main_job import MainJob, any_sync
from portreeve.reconcile.database import SCHEMA_VERSION

NEXT = "/srv/next.deb"
STATE = "/var/lib/portreeve/state.sqlite"
DROP_IN = "/etc/systemd/system/cockpit.socket.d/listen.conf"
BOUND = 15.0
"""Seconds in which a new agent has what it guards in order again."""

# A higher version of what is installed, whose state has one schema more.
BUILD = """
cd /srv && dpkg-deb -R portreeve.deb next
package=$(echo next/usr/lib/portreeve/venv/lib/python3*/site-packages/portreeve)
sed -i 's/^Version: .*/Version: 99.0-1+deb12/' next/DEBIAN/control
sed -i 's/^__version__ = .*/__version__ = "99.0"/' "$package/__init__.py"
sed -i 's/^_MIGRATIONS = (\\(.*\\))/_MIGRATIONS = (\\1, "CREATE TABLE later (x TEXT) STRICT;")/' \\
    "$package/reconcile/database.py"
rm -f "$package"/__pycache__/__init__.* "$package"/reconcile/__pycache__/database.*
dpkg-deb -Znone -b next next.deb && rm -r next
"""
SLOW = "#!/bin/sh\nwhile [ -e /run/slow ]; do sleep 0.1; done\n"
SLOW_STEP = '\n[[apply]]\ncommand = ["/usr/local/bin/slow"]\ntimeout = "120s"\n'
UNIT = "[Unit]\n{unit}\n[Service]\nExecStart={start}\n[Install]\nWantedBy=multi-user.target\n"
SLEEP = "/bin/sleep infinity"
SERVE = "/usr/bin/python3 -m http.server --bind 127.0.0.1 24444"
GUARDED = """
unit = "{unit}"
restart = {{ max = 5, window = "10m", backoff = ["0.1s", "1s"] }}
"""
PROBE = """start_grace = "5s"
probe = { tcp = "127.0.0.1:24444", interval = "0.5s", timeout = "0.5s", failures = 2 }
"""
# What is not touched by any change: systemd gives each start of a unit an id of its own.
UNCHANGED = (
    *("bystander.service", "dependent.service", "behind.service", "docker.service"),
    *("portreeve-container@db.service", "portreeve-sync@cockpit.service"),
)


@dataclass(frozen=True)
class Server:
    """A host with the package, on which everything is in order that an upgrade could disturb."""

    job: MainJob

    @property
    def host(self) -> Host:
        """The machine."""
        return self.job.host

    def shown(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.host.run("systemctl", "show", "-P", name, unit).stdout.strip()

    def agent(self) -> str:
        """The agent's process; 0 while there is none."""
        return self.shown("portreeve.service", "MainPID")

    def starts(self) -> dict[str, str]:
        """Which start of each unit and container this is."""
        told = {unit: self.shown(unit, "InvocationID") for unit in UNCHANGED}
        for name in ("db", "websoft9-apphub"):
            told[name] = self.job.apphub.containers.inspect(name, "{{.State.StartedAt}}")
        return told

    def are_up(self) -> bool:
        """Everything is active that was."""
        return all(self.shown(unit, "ActiveState") == "active" for unit in UNCHANGED)

    def listened(self, cursor: str) -> int:
        """How often Cockpit's socket was started since."""
        self.host.run("journalctl", "--sync")
        messages = [str(entry.get("MESSAGE", "")) for entry in self.host.journal(since_cursor=cursor)]
        return sum(message.startswith("Listening on cockpit.socket") for message in messages)

    def answers(self) -> bool:
        """The guarded daemon serves."""
        return self.host.http_status(24444) == 200


def declare(host: Host) -> None:
    """All that portreeve is to look after, and what depends on it."""
    needs = "Requires={0}\nAfter={0}"
    for name, unit, start in (
        ("bystander", "", SLEEP),
        ("killed", "", SLEEP),
        ("frozen", "", SERVE),
        ("dependent", needs.format("portreeve-container@db.service"), SLEEP),
        ("behind", needs.format("portreeve-sync@cockpit.service"), SLEEP),
    ):
        host.write(f"/etc/systemd/system/{name}.service", UNIT.format(unit=unit, start=start))
    host.write("/usr/local/bin/slow", SLOW)
    host.run("chmod", "755", "/usr/local/bin/slow")
    host.write("/etc/portreeve/services.d/killed.toml", GUARDED.format(unit="killed.service"))
    host.write("/etc/portreeve/services.d/frozen.toml", GUARDED.format(unit="frozen.service") + PROBE)
    host.write("/etc/portreeve/containers.d/db.toml", 'container = "db"\nready = "running"\n')
    example = (CHECKOUT / "examples/syncs.d/cockpit.toml").read_text()
    host.write("/etc/portreeve/syncs.d/cockpit.toml", example + SLOW_STEP)
    host.run("portreeve", "check")
    host.run("portreeve", "units", "install")
    host.wait_until(lambda: any_sync(host), 10, "the definitions are loaded")


@pytest.fixture(scope="module")
def server(lab_run: Run, packaged_snapshot: Snapshot) -> Iterator[Server]:
    """The server, in step with port 9000."""
    with Host(lab_run, packaged_snapshot, "upgrade") as host:
        host.shell(BUILD, timeout=120)
        containers = Containers(host)
        containers.run("db")
        job = MainJob(host, run_apphub(containers, 9000))
        declare(host)
        job.in_step()
        services = ("bystander", "killed", "frozen", "dependent", "behind")
        host.run("systemctl", "enable", "--now", *(f"{name}.service" for name in services), timeout=60)
        found = Server(job)
        host.wait_until(lambda: found.are_up() and found.answers(), 30, "everything is up")
        yield found


def test_a_change_that_is_half_applied_is_finished_by_the_new_version_and_nothing_is_restarted_twice(
    server: Server,
) -> None:
    host, job = server.host, server.job
    old, before, cursor = server.agent(), server.starts(), host.journal_cursor()
    host.write("/run/slow", "")
    job.apphub.set_port_atomic(9443)
    host.wait_until(lambda: host.run("pgrep", "-x", "slow", check=False).code == 0, 20, "it is half applied")
    assert "9443" in host.read(DROP_IN)
    assert server.listened(cursor) == 1
    with ThreadPoolExecutor(1) as pool:
        upgrade = pool.submit(apt_install, host, NEXT)
        try:
            host.wait_until(lambda: server.agent() != old, 90, "the old agent ended")
            host.run("systemctl", "kill", "--kill-whom=main", "-s", "KILL", "killed.service")
            host.run("systemctl", "kill", "--kill-whom=main", "-s", "STOP", "frozen.service")
            assert server.are_up(), "without an agent"
            host.wait_until(lambda: server.agent() not in ("0", old), 30, "the new agent runs")
            host.wait_until(server.answers, BOUND, "the new agent looks after what hangs, at once")
        finally:
            host.run("rm", "-f", "/run/slow")
        upgrade.result(120)
    assert host.run("portreeve", "--version").stdout.split()[-1] == "99.0"
    job.in_step()
    job.listens(9443)
    assert not host.is_listening(9000)
    assert server.listened(cursor) == 1, "the new version finishes what the old one began"
    assert server.starts() == before, "what did not change is not restarted"
    assert server.are_up()
    assert server.shown("killed.service", "ActiveState") == "active"
    assert server.shown("killed.service", "NRestarts") == "1"
    assert host.exists(f"{STATE}.schema-{SCHEMA_VERSION}")


def test_the_version_before_leaves_the_newer_state_alone_and_says_how_to_go_back(server: Server) -> None:
    host = server.host
    before, cursor = server.starts(), host.journal_cursor()
    host.run("apt-get", "install", "-y", "--allow-downgrades", PACKAGE, timeout=180)
    doctor = host.run("portreeve", "doctor", check=False)
    assert doctor.code == 1
    assert f"was written by a newer portreeve: its schema is {SCHEMA_VERSION + 1}" in doctor.stdout
    commands = re.findall("`(systemctl stop portreeve && .*?)`", doctor.stdout)
    assert len(commands) == 1
    host.shell(commands[0], timeout=120)
    server.job.in_step(60)
    assert server.listened(cursor) == 0
    assert server.starts() == before
    assert host.is_listening(9443)
