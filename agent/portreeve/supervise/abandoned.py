"""Recreations whose definition was removed in the middle: taken back, so that no container stays parked."""

import logging
from collections.abc import Container

from portreeve.containers.recreate_journal import JournalDamaged
from portreeve.errors import PortreeveError
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.unexpected import named
from portreeve.supervise.rebuilding import Rebuilding
from portreeve.supervise.records import KIND, Records

log = logging.getLogger(__name__)

_AGAIN = 10.0
"""Seconds until the next try of one that could not be taken back."""


class Abandoned:
    """Ends what nobody looks after any more.

    Args:
        records: where the journals are.
        rebuilding: takes back.
        queue: takes the keys of those that are left.
    """

    def __init__(self, records: Records, rebuilding: Rebuilding, queue: Queue) -> None:
        self._records = records
        self._rebuilding = rebuilding
        self._queue = queue

    def find(self, known: Container[str]) -> None:
        """Have those taken back that are not ``known``."""
        try:
            for name in self._records.names():
                if name not in known and self._records.get(name).journal:
                    self._queue.add(f"{KIND}:{name}")
        except PortreeveError as error:
            log.error("whether a recreation was left in the middle cannot be told: %s", error)

    def look(self, name: str) -> None:
        """Take back the recreation of one that is not known, if there is one; tried again until it works."""
        try:
            with named(f"container {name}"):
                record = self._records.get(name)
                if record.journal:
                    self._rebuilding.abandon(name, record)
        except JournalDamaged as error:
            # Nobody could ask for a reset of what has no definition.
            log.error("container %s: %s; it is forgotten: %s", name, error, error.hint)
            self._rebuilding.over(self._records.get(name))
        except PortreeveError as error:
            log.error("container %s, whose definition is gone, was being recreated: %s", name, error)
            self._queue.add(f"{KIND}:{name}", _AGAIN)
