"""A booted machine: systemd, Docker, Cockpit and a network of its own."""

from __future__ import annotations

import json
import shutil
from types import TracebackType

from .errors import LabError
from .guest import Guest
from .nspawn import Nspawn, Snapshot
from .run import Run
from .waiting import wait_until

BOOT_TIMEOUT = 60.0


class Host(Guest):
    """A throw-away server. Leaving its `with` block (or `close`) deletes it.

    Args:
        run: the run of the tests that it belongs to.
        snapshot: what it starts from.
        kind: a short word in its host name.

    Attributes:
        name: its host name.

    Raises:
        LabError: it did not boot, or a unit failed while it did.
    """

    def __init__(self, run: Run, snapshot: Snapshot, kind: str = "host") -> None:
        self.name = run.machine_name(kind)
        self._run = run
        self._nspawn = Nspawn(run.folder / self.name, snapshot)
        run.machines[self.name] = self
        try:
            self.boot()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def leader(self) -> int:
        """Its process 1 as seen here; `nsenter -t LEADER -n PROGRAM` joins its network alone."""
        return self._nspawn.leader

    def start(self) -> None:
        """Start it without waiting for more than a process 1 to enter, where a job of the boot takes long."""
        self._nspawn.start(["-b", "--private-network"])

    def boot(self, timeout: float = BOOT_TIMEOUT, allow_failed: bool = False) -> None:
        """Start it and wait until systemd says that it is running.

        Args:
            timeout: seconds until it must be up.
            allow_failed: whether failed units are what the test is about.

        Raises:
            LabError: units failed, or process 1 ended.
            DeadlineError: not up in time; names the units that are still starting.
        """
        self.start()
        good = {"running", "degraded"} if allow_failed else {"running"}
        state = wait_until(self._settled, timeout, f"{self.name} is up")
        if state not in good:
            raise LabError(f"{self.name} came up {state}:\n{self.report()}")

    def _settled(self) -> str:
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        if state in {"running", "degraded", "maintenance"}:
            return state
        jobs = self.run("systemctl", "list-jobs", "--no-legend", check=False).stdout
        raise LabError(f"{state or 'no answer'}; jobs: {jobs}")

    def poweroff(self, timeout: float = 60.0) -> None:
        """Shut it down in order."""
        self.run("systemctl", "poweroff", "--no-block", check=False)
        self._nspawn.wait(timeout)

    def reboot(self, timeout: float = BOOT_TIMEOUT) -> None:
        """Shut it down in order and start it again on the same disk."""
        self.poweroff()
        self.boot(timeout)

    def power_cut(self, boot: bool = True) -> None:
        """Kill all of it at once, and (with boot) start it again on the same disk.

        What programs had written but not yet synced is still there, unlike after a real power cut.
        """
        self._nspawn.kill()
        if boot:
            self.boot()

    def freeze(self) -> Snapshot:
        """Shut it down and make it a snapshot, with no machine id and no journal; this Host is gone then."""
        self.poweroff()
        upper = self._nspawn.folder / "upper"
        (upper / "etc/machine-id").write_text("")
        shutil.rmtree(upper / "var/log/journal", ignore_errors=True)
        snapshot = self._nspawn.freeze(self._nspawn.folder.with_name(f"{self.name}.snapshot"))
        self.close()
        return snapshot

    def close(self) -> None:
        """End and delete it; may be called twice."""
        self._nspawn.close()
        self._run.machines.pop(self.name, None)

    def report(self) -> str:
        """Failed units and the ends of journal and console, for the report of a failed test."""
        try:
            failed = self.run("systemctl", "--failed", "--no-legend", "--plain", check=False).stdout
            journal = self.run("journalctl", "-b", "-n", "500", "--no-pager", check=False).stdout
        except LabError as error:
            return f"{error}\nconsole:\n{self._nspawn.console}"
        lines = [line for line in journal.splitlines() if " containerd[" not in line]  # hundreds of plugins
        return f"failed units:\n{failed}\njournal:\n" + "\n".join(lines[-100:])

    def journal(
        self, unit: str | None = None, since_cursor: str | None = None, boot: int | None = None
    ) -> list[dict[str, object]]:
        """The journal's entries, oldest first.

        Args:
            unit: only those of and about this unit.
            since_cursor: only those after this place, see journal_cursor.
            boot: only those of one boot: 0 this one, -1 the one before.
        """
        options = [*(["-u", unit] if unit else []), *([f"--boot={boot}"] if boot is not None else [])]
        options += [f"--after-cursor={since_cursor}"] if since_cursor else []
        lines = self.run("journalctl", "-q", "-o", "json", "--all", "--no-pager", *options).stdout
        return [json.loads(line) for line in lines.splitlines()]

    def journal_cursor(self) -> str:
        """The present end of the journal."""
        self.run("journalctl", "--sync")
        shown = self.run("journalctl", "-q", "-n", "0", "--show-cursor", "--no-pager").stdout
        return shown.strip().removeprefix("-- cursor: ")

    def listening(self) -> dict[int, frozenset[str]]:
        """TCP ports that somebody listens on, each with the addresses."""
        found: dict[int, frozenset[str]] = {}
        for line in self.run("ss", "-Htln").stdout.splitlines():
            address, _, port = line.split()[3].rpartition(":")
            found[int(port)] = found.get(int(port), frozenset()) | {address}
        return found

    def is_listening(self, port: int) -> bool:
        """Whether somebody listens on this TCP port."""
        return port in self.listening()

    def http_status(self, port: int, path: str = "/", timeout: float = 10.0) -> int | None:
        """What a plain HTTP GET on the machine itself is answered; None when nobody answers."""
        url = f"http://127.0.0.1:{port}{path}"
        argv = ("curl", "-s", "-o", "/dev/null", "-m", f"{timeout:g}", "-w", "%{http_code}", url)
        return int(self.run(*argv, check=False, timeout=timeout + 5).stdout or 0) or None
