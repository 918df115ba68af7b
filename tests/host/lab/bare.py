"""A newcomer's machine: Debian's smallest system, no systemd running, no Docker, this machine's network."""

from __future__ import annotations

from types import TracebackType

from .base import network_environment
from .guest import Guest
from .nspawn import Nspawn, Snapshot
from .run import Run


class BareRoot(Guest):
    """A throw-away root file system in which only commands of the test run.

    Args:
        run: the run of the tests that it belongs to.
        snapshot: what it starts from; see base.minbase.
        kind: a short word in its name.

    Raises:
        LabError: systemd-nspawn failed.
    """

    def __init__(self, run: Run, snapshot: Snapshot, kind: str = "bare") -> None:
        self.name = run.machine_name(kind)
        self._run = run
        self._nspawn = Nspawn(run.folder / self.name, snapshot)
        run.machines[self.name] = self
        try:
            # process 1 is systemd-nspawn's own stub, which collects orphans; its child keeps it alive
            self._nspawn.start(["--as-pid2", "--bind-ro=/etc/resolv.conf"], ["sleep", "infinity"])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> BareRoot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def leader(self) -> int:
        """Its process 1 as seen here."""
        return self._nspawn.leader

    def environment(self) -> dict[str, str]:
        """The common one and this machine's proxies."""
        return super().environment() | network_environment()

    def freeze(self) -> Snapshot:
        """Make it a snapshot, to be booted as what was built here; this root is gone then."""
        self._nspawn.kill()
        snapshot = self._nspawn.freeze(self._nspawn.folder.with_name(f"{self.name}.snapshot"))
        self.close()
        return snapshot

    def close(self) -> None:
        """End and delete it; may be called twice."""
        self._nspawn.close()
        self._run.machines.pop(self.name, None)

    def report(self) -> str:
        """What systemd-nspawn said, for the report of a failed test."""
        return self._nspawn.console
