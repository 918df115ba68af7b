"""Packages that change, wired to what they touch: the agent's side of package hooks."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from portreeve.boot import boot_id
from portreeve.clock import Clock
from portreeve.errors import PortreeveError
from portreeve.reconcile.board import Board
from portreeve.reconcile.memory import Memory
from portreeve.reconcile.status import SyncStatus
from portreeve.reconcile.store import Store
from portreeve.upgrade.marks import Marks
from portreeve.upgrade.pending import Hands, Pending
from portreeve.upgrade.status import PackageStatus

log = logging.getLogger(__name__)

Memories = Callable[[str], Memory]
"""What is remembered of a sync, by its name."""


def pending_packages(
    folder: Path,
    statuses: Board[SyncStatus],
    store: Store,
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
        store: what is remembered of syncs.
        memories: of syncs; asked for only once the agent works.
        look_at_sync: enqueues a sync.
        look_at_service: enqueues a service.
        clock: for times.
    """

    def prove(name: str, thorough: bool) -> int:
        memory = memories(name)
        return memory.ask() if thorough else memory.doubt()

    def in_force(name: str, number: int) -> Mapping[str, str]:
        try:
            return store.generations.content(name, number).values
        except PortreeveError as error:
            log.warning("%s: %s", name, error)
            return {}

    hands = Hands(
        prove=prove,
        in_force=in_force,
        proved=lambda name: memories(name).proved,
        runs=lambda name: memories(name).begun,
        look_at_sync=look_at_sync,
        look_at_service=look_at_service,
    )
    return Pending(Marks(folder), hands, statuses, Board[PackageStatus](statuses.changes), boot_id(), clock)
