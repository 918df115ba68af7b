"""What the sockets need of the agent: the seam between the server and everything behind it."""

from collections.abc import Mapping
from typing import Protocol

from portreeve.reconcile.board import Board
from portreeve.reconcile.status import GenerationInfo, Overview, Preview, SyncStatus


class Agent(Protocol):
    """The agent as its sockets see it. Unknown names raise ``Misuse`` with ``Reason.UNKNOWN_NAME``."""

    @property
    def board(self) -> Board:
        """Statuses, and waiting for them to change."""

    def overview(self) -> Overview:
        """Everything at one moment."""

    def sync_status(self, name: str) -> SyncStatus:
        """One sync."""

    def preview(self, name: str) -> Preview:
        """What a sync would do now, without doing it (``diff``, ``sync --dry-run``)."""

    def history(self, name: str) -> tuple[GenerationInfo, ...]:
        """The generations of a sync, newest first."""

    def request_sync(self, names: tuple[str, ...]) -> Mapping[str, int]:
        """Release holds and look at these syncs (all, when empty) now.

        Returns:
            for each, a number of runs: once its status has more ``runs``, it was looked at after this call.
        """

    def request_hold(self, names: tuple[str, ...]) -> Mapping[str, int]:
        """Keep syncs at the generation in force, and leave their files alone until :meth:`request_sync`.

        Returns:
            as :meth:`request_sync`.
        """

    def request_rollback(self, name: str, to: int | None) -> Mapping[str, int]:
        """Put a generation back and hold it there.

        Args:
            name: the sync.
            to: the generation's number; 0 is what was there before portreeve; ``None`` is the last good one
                before the one in force.

        Returns:
            as :meth:`request_sync`.
        """
