"""What is remembered of containers and services, in the state file: one text for each."""

import base64
import logging
from collections.abc import Callable
from typing import TypeVar

from portreeve.reconcile.database import Database
from portreeve.reconcile.seal import Seal, SealBrokenError

log = logging.getLogger(__name__)

T = TypeVar("T")


class SupervisedStore:
    """Texts by kind and name, kept in the table ``supervised``.

    Args:
        database: the state file, opened.
        seal: seals those that are secret.
    """

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal

    def get(self, kind: str, name: str, load: Callable[[str], T]) -> T | None:
        """What is remembered; ``None`` when nothing is, or when it cannot be understood.

        Args:
            kind: ``container``, ``service`` or ``alerts``.
            name: of one of that kind.
            load: makes of the text what it stands for; raises ``ValueError`` for one that is damaged.

        Raises:
            Failed: ``state-unusable``.
        """
        rows = self._database.query("SELECT record FROM supervised WHERE kind = ? AND name = ?", (kind, name))
        if not rows:
            return None
        try:
            return load(rows[0][0])
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            # What is lost is a count of restarts, and that is no reason to leave a container alone.
            log.warning("what was remembered of %s %s cannot be understood: %s", kind, name, error)
            return None

    def put(self, kind: str, name: str, text: str, *, durable: bool = False) -> None:
        """Remember a text in the place of the one before.

        Args:
            kind: as for :meth:`get`.
            name: as for :meth:`get`.
            text: what is remembered.
            durable: return only when it would survive a power cut; otherwise a killed process at least.

        Raises:
            Failed: ``state-unusable``.
        """
        with self._database.transaction(durable=durable):
            self._database.execute(
                "INSERT OR REPLACE INTO supervised (kind, name, record) VALUES (?, ?, ?)", (kind, name, text)
            )

    def get_secret(self, kind: str, name: str, load: Callable[[str], T]) -> T | None:
        """As :meth:`get`, of what :meth:`put_secret` has sealed; ``None`` also when its key is lost."""
        return self.get(kind, name, lambda text: load(self._opened(text)))

    def put_secret(self, kind: str, name: str, text: str) -> None:
        """Remember a text that may hold secrets: sealed, and so that it survives a power cut.

        Raises:
            Failed: ``state-unusable``.
        """
        sealed = base64.b64encode(self._seal.close(text.encode())).decode()
        self.put(kind, name, sealed, durable=True)

    def _opened(self, text: str) -> str:
        try:
            return self._seal.open(base64.b64decode(text, validate=True)).decode()
        except SealBrokenError as error:
            raise ValueError("the key of what is secret in the state file is lost, or another one") from error

    def names(self, kind: str) -> tuple[str, ...]:
        """Everything of a kind that anything is remembered of, sorted."""
        rows = self._database.query("SELECT name FROM supervised WHERE kind = ? ORDER BY name", (kind,))
        return tuple(name for (name,) in rows)

    def drop(self, kind: str, name: str) -> None:
        """Forget it.

        Raises:
            Failed: ``state-unusable``.
        """
        with self._database.transaction():
            self._database.execute("DELETE FROM supervised WHERE kind = ? AND name = ?", (kind, name))
