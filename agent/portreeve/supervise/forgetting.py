"""What is remembered of containers and services whose definitions are long gone is forgotten."""

import logging
from collections.abc import Container, Iterator
from functools import partial

from portreeve.boot import boot_id
from portreeve.clock import Clock
from portreeve.definitions.model import Definitions
from portreeve.supervise import record as container_record
from portreeve.supervise import service_record
from portreeve.supervise.records import KIND as CONTAINER
from portreeve.supervise.services import KIND as SERVICE
from portreeve.supervise.store import SupervisedStore

log = logging.getLogger(__name__)

_LONG = 30 * 86400.0
"""Seconds: whoever takes a definition away for less finds its restarts, and a stop by hand, remembered."""


class Forgetting:
    """Drops what nobody will ask for again, when the agent starts.

    Args:
        store: where it is remembered.
        clock: for its age.
    """

    def __init__(self, store: SupervisedStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._done = False

    def once(self, definitions: Definitions) -> None:
        """Drop the records of what has no definition, and was in the same state for a month.

        A definition with a mistake in it is still one; a container that units of this boot follow needs none.

        Args:
            definitions: those that the agent starts with; whoever takes one away later may put it back.

        Raises:
            Failed: ``state-unusable``.
        """
        if self._done:
            return
        self._done, boot, now = True, boot_id(), self._clock.wall()
        for name in self._without(CONTAINER, "containers.d", definitions.containers, definitions):
            record = self._store.get(CONTAINER, name, container_record.load)
            if record is None or not (
                record.journal or record.unit_boot == boot or now - record.since < _LONG
            ):
                self._drop(CONTAINER, name)
        for name in self._without(SERVICE, "services.d", definitions.services, definitions):
            service = self._store.get(SERVICE, name, partial(service_record.load, name))
            if service is None or now - service.since > _LONG:
                self._drop(SERVICE, name)

    def _without(
        self, kind: str, folder: str, declared: Container[str], definitions: Definitions
    ) -> Iterator[str]:
        for name in self._store.names(kind):
            if name not in declared and f"{folder}/{name}" not in definitions.broken:
                yield name

    def _drop(self, kind: str, name: str) -> None:
        log.info("%s %s has no definition for long; what was remembered of it is forgotten", kind, name)
        self._store.drop(kind, name)
