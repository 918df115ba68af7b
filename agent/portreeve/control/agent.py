"""What the sockets need of the agent: the seam between the server and everything behind it."""

from collections.abc import Mapping
from typing import Literal, Protocol

from portreeve.control.overview import Overview
from portreeve.reconcile.board import Board
from portreeve.reconcile.status import GenerationInfo, Preview, SyncStatus
from portreeve.supervise.status import ContainerStatus, ServiceStatus
from portreeve.upgrade.pending import Hooked
from portreeve.upgrade.status import PackageStatus

ContainerVerb = Literal["start", "stop", "reset", "recreate"]
"""What can be asked to be done with a declared container."""


class Agent(Protocol):
    """The agent as its sockets see it. Unknown names raise ``Misuse`` with ``Reason.UNKNOWN_NAME``."""

    @property
    def board(self) -> Board[SyncStatus]:
        """Statuses of syncs; its ``changes`` are those of all three boards."""

    @property
    def containers(self) -> Board[ContainerStatus]:
        """Statuses of containers, by the name of their definition; also of those that are only watched."""

    @property
    def services(self) -> Board[ServiceStatus]:
        """Statuses of guarded services."""

    @property
    def packages(self) -> Board[PackageStatus]:
        """Packages that are being changed, or whose change is not proved yet."""

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

    def request_hook(self, package: str) -> Hooked:
        """A hook has left the mark of a package: hold what it touches, or have that prove itself.

        Args:
            package: empty for files of any package.

        Raises:
            Misuse: ``unknown-name``; there is no such mark.
        """

    def kept(self, package: str) -> str:
        """One line: what was kept when a package was last done with; empty when it never was."""

    def container_status(self, name: str) -> ContainerStatus:
        """One container that is declared or watched."""

    def service_status(self, name: str) -> ServiceStatus:
        """One guarded service."""

    def watch_container(self, name: str) -> str:
        """Watch a container from now on, also one that nobody declared; that one is never touched.

        Args:
            name: of a definition, of a container, or ``PROJECT-SERVICE`` as compose has them.

        Returns:
            the name of its status, which is on the board when this returns; of a definition that means the
            same container, that definition's.
        """

    def request_containers(self, verb: ContainerVerb, names: tuple[str, ...]) -> Mapping[str, int]:
        """Start, stop, reset or recreate declared containers, at once and whatever was put off.

        Returns:
            for each, a number of runs: once its status has more ``runs``, it was looked at after this call.

        Raises:
            Refused: it has no definition: it is watched, and never touched.
        """

    def recreation(self, name: str) -> tuple[str, ...]:
        """What ``recreate`` would do with a container, without doing it, one sentence each."""

    def request_services_reset(self, names: tuple[str, ...]) -> Mapping[str, int]:
        """Forget that services were given up, and guard them again.

        Returns:
            as :meth:`request_containers`.
        """
