"""What syncs ask about containers, ``[[verify]] container_ready``, and which of them to wake for one."""

from portreeve.definitions.model import Definitions
from portreeve.definitions.steps import ContainerReady
from portreeve.reconcile.board import Board
from portreeve.reconcile.queue import Queue
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus


class Readiness:
    """The readiness of containers, for syncs.

    Args:
        board: tells it.
        queue: takes syncs.
    """

    def __init__(self, board: Board[ContainerStatus], queue: Queue) -> None:
        self._board = board
        self._queue = queue
        self._syncs: dict[str, list[str]] = {}

    def define(self, definitions: Definitions) -> None:
        """Work by these from now on."""
        syncs: dict[str, list[str]] = {}
        for name, sync in definitions.syncs.items():
            for step in sync.verify:
                if isinstance(step, ContainerReady):
                    syncs.setdefault(step.name, []).append(name)
        self._syncs = syncs

    def moved(self, status: ContainerStatus) -> None:
        """A container's state has become another one: syncs that are proved by it are looked at."""
        for name in self._syncs.get(status.name, ()):
            self._queue.add(name)

    def container_ready(self, name: str) -> str | None:
        """``None`` when it is, else how it stands.

        Args:
            name: its definition's.
        """
        status = self._board.get(name)
        if status is None or not status.runs:
            return f"container {name} was not looked at yet"
        ready = status.state is ContainerState.READY
        return None if ready else f"container {name} is {status.state}: {status.evidence}"
