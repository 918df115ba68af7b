"""Records of containers: in the state file, and at hand."""

import logging
import threading

from portreeve.errors import PortreeveError
from portreeve.supervise.record import Record, dump, load
from portreeve.supervise.store import SupervisedStore

log = logging.getLogger(__name__)

KIND = "container"
"""What they are called in the state file, and the beginning of their keys on the queue."""


class Records:
    """The record of each container; for all threads.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: SupervisedStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: dict[str, Record] = {}
        self._unstored: set[str] = set()

    def get(self, name: str) -> Record:
        """What is remembered of a container; a new record when nothing is.

        Raises:
            Failed: ``state-unusable``.
        """
        with self._lock:
            record = self._known.get(name)
            if record is None:
                record = self._store.get(KIND, name, load) or Record(name)
                self._known[name] = record
            return record

    def names(self) -> tuple[str, ...]:
        """Every container that anything is remembered of, sorted.

        Raises:
            Failed: ``state-unusable``.
        """
        return self._store.names(KIND)

    def put(self, record: Record, *, durable: bool = False) -> None:
        """Remember it; the same again is no write.

        Args:
            record: of one container.
            durable: return only when it would survive a power cut; otherwise a killed process at least.

        Raises:
            Failed: ``state-unusable``; what was remembered before stays.
        """
        with self._lock:
            if self._known.get(record.name) == record and record.name not in self._unstored:
                return
            self._store.put(KIND, record.name, dump(record), durable=durable)
            self._known[record.name] = record
            self._unstored.discard(record.name)

    def keep(self, record: Record, *, durable: bool = False) -> PortreeveError | None:
        """As :meth:`put`, for what must be done whether it can be stored or not: a full disk is no reason to
        leave a container down. Its budget counts on while the agent runs.

        Returns:
            why it could not be stored.
        """
        try:
            self.put(record, durable=durable)
        except PortreeveError as error:
            log.error("what is known of container %s cannot be stored: %s", record.name, error)
            with self._lock:
                self._known[record.name] = record
                self._unstored.add(record.name)
            return error
        return None
