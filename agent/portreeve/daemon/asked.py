"""The part of the agent that is asked to work on syncs: by people, and by the hooks of packages."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from portreeve.control.names import unknown_sync
from portreeve.definitions.model import Definitions
from portreeve.errors import Misuse
from portreeve.reconcile.board import Board
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.reconciler import Reconciler
from portreeve.reconcile.status import SyncStatus
from portreeve.upgrade.pending import Hooked, Pending
from portreeve.upgrade.status import PackageStatus


class Asked(ABC):
    """What :class:`portreeve.control.agent.Agent` promises of requests.

    Attributes:
        board: statuses of syncs.
        queue: takes their names.
        pending: packages that are being changed.
        reconciler: works on syncs.
    """

    board: Board[SyncStatus]
    queue: Queue
    pending: Pending
    reconciler: Reconciler

    @property
    @abstractmethod
    def definitions(self) -> Definitions:
        """Those in use."""

    @property
    def packages(self) -> Board[PackageStatus]:
        """See the protocol; so for all of these."""
        return self.pending.board

    def sync_status(self, name: str) -> SyncStatus:
        """One sync; Misuse when it is not known."""
        status = self.board.get(name)
        if status is None:
            raise self.unknown(name)
        return status

    def request_sync(self, names: tuple[str, ...]) -> Mapping[str, int]:
        """Release holds and look at these syncs (all, when empty) now."""
        for name in names:
            if name not in self.definitions.syncs:
                raise self.unknown(name)
        names = names or tuple(self.definitions.syncs)
        self.pending.go_on(names)
        return self.look_at({name: self.reconciler.ask(name) for name in names})

    def request_hold(self, names: tuple[str, ...]) -> Mapping[str, int]:
        """Keep syncs at what is in force and leave their files alone."""
        for name in names:
            self.sync_status(name)
        self.pending.go_on(names)
        return self.look_at({name: self.reconciler.leave_alone(name) for name in names})

    def request_rollback(self, name: str, to: int | None) -> Mapping[str, int]:
        """Put a generation back and hold it there."""
        self.sync_status(name)
        self.pending.go_on((name,))
        return self.look_at({name: self.reconciler.hold(name, to)})

    def request_hook(self, package: str) -> Hooked:
        """A hook has left the mark of a package."""
        return self.pending.hook(package)

    def kept(self, package: str) -> str:
        """What was kept when a package was last done with."""
        return self.pending.told(package)

    def look_at(self, runs: Mapping[str, int]) -> Mapping[str, int]:
        """Enqueue syncs; returns what it was given."""
        for name in runs:
            self.queue.add(name)
        return runs

    def unknown(self, name: str) -> Misuse:
        """The error for a sync that is not known."""
        return unknown_sync(name, self.board.snapshot())
