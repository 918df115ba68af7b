"""Which containers are looked after, passed on to everybody who has to know."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping

from portreeve.containers.connection import Docker
from portreeve.definitions.supervised import ManagedContainer
from portreeve.reconcile.board import Board
from portreeve.supervise.known import KnownContainers
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus
from portreeve.supervise.status_of import blank
from portreeve.supervise.supervisor import Supervisor, key
from portreeve.triggers.interest import Interest

log = logging.getLogger(__name__)

_UNSEEN = (ContainerState.ABSENT, ContainerState.UNKNOWN)


class LookedAfter:
    """The containers that are declared or watched; for all threads.

    Args:
        docker: asked what a name stands for that nobody declared.
        supervisor: looks after them.
        board: has a status of each of them, and of no other.
        on_interests: told when :meth:`interests` are others.
    """

    def __init__(
        self,
        docker: Docker,
        supervisor: Supervisor,
        board: Board[ContainerStatus],
        on_interests: Callable[[], object],
    ) -> None:
        self._known = KnownContainers(docker)
        self._supervisor = supervisor
        self._board = board
        self._on_interests = on_interests
        self._lock = threading.Lock()
        self._referred: frozenset[str] = frozenset()

    def all(self) -> Mapping[str, ManagedContainer]:
        """By name."""
        return self._known.all()

    def name_of(self, name: str) -> str | None:
        """See :meth:`KnownContainers.name_of`."""
        return self._known.name_of(name)

    def declare(self, containers: Mapping[str, ManagedContainer]) -> None:
        """These are declared from now on."""
        self._known.declare(containers)
        self._pass_on()

    def refer(self, names: Iterable[str]) -> None:
        """Units of the host refer to these: they are never forgotten to make room for others."""
        self._referred = frozenset(names)

    def watch(self, name: str) -> None:
        """Watch one that nobody declared.

        Raises:
            Refused: too many are.
        """
        forgotten = self._known.watch(name, self._is_expendable)
        if forgotten is not None:
            log.info(
                "container %s, which does not exist, is watched no more: others are asked for", forgotten
            )
        self._pass_on()

    def find(self, name: str) -> None:
        """Ask Docker what a name stands for that is only watched, unless that is known."""
        status = self._board.get(name)
        if (status is None or status.state in _UNSEEN) and self._known.find(name):
            self._pass_on()

    def interests(self) -> dict[str, tuple[Interest, ...]]:
        """Which containers each key depends on."""
        return {
            key(name): tuple(
                Interest(ref, details=True)
                for ref in dict.fromkeys((container.container, *self._known.may_be(name)))
            )
            for name, container in self._known.all().items()
        }

    def _is_expendable(self, name: str) -> bool:
        """Somebody asked for it once, there is no such container, and no unit refers to it."""
        status = self._board.get(name)
        return name not in self._referred and status is not None and status.state is ContainerState.ABSENT

    def _pass_on(self) -> None:
        # Who asked first must not put back what was known then, when another thread was faster.
        with self._lock:
            known = self._known.all()
            self._supervisor.define(known)
            self._board.keep_only(known)
            for name, container in known.items():
                if self._board.get(name) is None:
                    self._board.post(blank(container))
            self._on_interests()
