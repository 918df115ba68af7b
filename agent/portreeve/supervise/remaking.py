"""Containers that remove themselves when they end (``docker run --rm``): remembered, and made again."""

import logging
import threading
from pathlib import PurePath

from portreeve.containers import remake
from portreeve.containers.connection import Docker
from portreeve.containers.observed import Observed
from portreeve.containers.recreate_config import RECREATED_FROM
from portreeve.containers.remake import Recipe
from portreeve.definitions.model import Definitions
from portreeve.definitions.supervised import ManagedContainer
from portreeve.errors import PortreeveError, Reason, Waiting
from portreeve.supervise.decision import Remembered
from portreeve.supervise.store import SupervisedStore

log = logging.getLogger(__name__)

KIND = "rebuilt"
"""What recipes are called in the state file; they are sealed, as they have the environment in them."""

_NOTHING: tuple[str, tuple[str, ...]] = ("", ())


class Remaking:
    """Keeps the recipes of declared containers that remove themselves, and makes them again.

    Args:
        docker: to ask and to act.
        store: where recipes are kept, sealed.
    """

    def __init__(self, docker: Docker, store: SupervisedStore) -> None:
        self._docker = docker
        self._store = store
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, tuple[str, ...]]] = {}

    def notice(self, declared: ManagedContainer, seen: Observed) -> None:
        """Remember what a container is made of, while it is there; one that stays when it ends is forgotten.

        What cannot be remembered now (a full disk) is tried again at the next look, and keeps nobody from it.

        Args:
            declared: the definition.
            seen: the container.
        """
        if not declared.declared:
            return
        try:
            if not seen.auto_remove:
                self._forget(declared.name)
            elif seen.runs:
                # Only one that runs: one that was made and not started may lack networks.
                self.remember(declared, seen)
        except PortreeveError as error:
            log.warning("what container %s is made of cannot be remembered: %s", declared.name, error)

    def remember(self, declared: ManagedContainer, seen: Observed) -> None:
        """Remember what a container is made of.

        Raises:
            PortreeveError: Docker does not answer, or the state file cannot be written.
        """
        if self._kept.get(declared.name) != (seen.id, seen.networks):
            made = remake.recipe(self._docker, seen.id)
            self._store.put_secret(KIND, declared.name, made.text())
            with self._lock:
                self._kept[declared.name] = (seen.id, seen.networks)

    def remembered(self, declared: ManagedContainer) -> Remembered | None:
        """Whether a container that is absent can be made again; ``None`` when nothing is known of it.

        Raises:
            PortreeveError: Docker does not answer.
        """
        recipe = self._recipe(declared.name)
        if recipe is None or not self._is_absent(declared):
            return None
        return Remembered(remake.obstacle(self._docker, recipe))

    def make(self, declared: ManagedContainer) -> None:
        """Make it again and start it, within its ``start_timeout``.

        Raises:
            PortreeveError: as :func:`portreeve.containers.remake.make`.
        """
        recipe = self._recipe(declared.name)
        if recipe is not None:
            new = remake.make(self._docker, recipe, timeout=declared.start_timeout)
            log.info("container %s was made again as %s", declared.name, new[:12])

    def complete(self, declared: ManagedContainer, seen: Observed) -> None:
        """Connect one that an agent has made and was killed before it connected it.

        Raises:
            PortreeveError: as :func:`portreeve.containers.remake.complete`.
        """
        if seen.status != "created" or not seen.auto_remove:
            return
        recipe = self._recipe(declared.name)
        if recipe is not None and seen.labels.get(RECREATED_FROM) == recipe.old:
            remake.complete(self._docker, recipe, seen.id)

    def keep_only(self, definitions: Definitions) -> None:
        """Forget the recipes of what is declared no more; one with a mistake in it still is."""
        broken = {PurePath(each).stem for each in definitions.broken if each.startswith("containers.d/")}
        names = definitions.containers.keys() | broken
        for name in self._store.names(KIND):
            if name not in names:
                self._forget(name)

    def _recipe(self, name: str) -> Recipe | None:
        return self._store.get_secret(KIND, name, Recipe.read)

    def _forget(self, name: str) -> None:
        with self._lock:
            if self._kept.get(name) == _NOTHING:
                return
        self._store.drop(KIND, name)
        with self._lock:
            self._kept[name] = _NOTHING

    def _is_absent(self, declared: ManagedContainer) -> bool:
        """Docker lists none that could be meant: where there are two, a third would help nobody."""
        try:
            self._docker.find(declared.container)
        except Waiting as error:
            return error.reason is Reason.CONTAINER_ABSENT
        return False
