"""Packages that change, wired to what they touch: the agent's side of package hooks."""

from collections.abc import Callable
from pathlib import Path

from portreeve.clock import Clock
from portreeve.reconcile.board import Board
from portreeve.reconcile.memory import Memory
from portreeve.reconcile.status import SyncStatus
from portreeve.upgrade.marks import Marks, boot_id
from portreeve.upgrade.pending import Hands, Pending
from portreeve.upgrade.status import PackageStatus

Memories = Callable[[str], Memory]
"""What is remembered of a sync, by its name."""


def pending_packages(
    folder: Path,
    statuses: Board[SyncStatus],
    *,
    memories: Memories,
    look_at_sync: Callable[[str], object],
    look_at_service: Callable[[str], object],
    clock: Clock,
) -> Pending:
    """What works the marks of a folder off.

    Args:
        folder: of marks.
        statuses: of syncs.
        memories: of syncs; asked for only once the agent works.
        look_at_sync: enqueues a sync.
        look_at_service: enqueues a service.
        clock: for times.
    """

    def prove(name: str, thorough: bool) -> int:
        memory = memories(name)
        return memory.ask() if thorough else memory.doubt()

    hands = Hands(
        prove=prove,
        proved=lambda name: memories(name).proved,
        runs=lambda name: memories(name).begun,
        look_at_sync=look_at_sync,
        look_at_service=look_at_service,
    )
    return Pending(Marks(folder), hands, statuses, Board[PackageStatus](statuses.changes), boot_id(), clock)
