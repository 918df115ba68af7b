"""The state file opened: schema, version, transactions."""

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portreeve.errors import Failed, Reason
from portreeve.reconcile.kept import forget, keep, way_back
from portreeve.reconcile.schema_version import stored_version

_FIRST = """
CREATE TABLE syncs (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;
CREATE TABLE generations (
    sync TEXT NOT NULL,
    number INTEGER NOT NULL,
    created REAL NOT NULL,
    outcome TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    digest TEXT NOT NULL,
    steps TEXT NOT NULL,
    PRIMARY KEY (sync, number)
) STRICT;
CREATE TABLE files (
    sync TEXT NOT NULL,
    number INTEGER NOT NULL,
    path TEXT NOT NULL,
    data BLOB,
    mode INTEGER,
    uid INTEGER,
    gid INTEGER,
    PRIMARY KEY (sync, number, path),
    FOREIGN KEY (sync, number) REFERENCES generations ON DELETE CASCADE
) STRICT;
CREATE TABLE folders (
    sync TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (sync, path)
) STRICT;
"""

_PLACES = """
ALTER TABLE files ADD COLUMN root TEXT NOT NULL DEFAULT '/';
ALTER TABLE files ADD COLUMN in_place INTEGER NOT NULL DEFAULT 0;
ALTER TABLE files ADD COLUMN format TEXT;
ALTER TABLE files ADD COLUMN folders TEXT NOT NULL DEFAULT '';
ALTER TABLE folders ADD COLUMN root TEXT NOT NULL DEFAULT '/';
ALTER TABLE generations ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
"""

_SUPERVISED = """
CREATE TABLE supervised (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT;
"""

_MIGRATIONS = (_FIRST, _PLACES, _SUPERVISED)
"""Each makes the schema of the next version; a new file goes through all of them, so each is always tried."""

SCHEMA_VERSION = len(_MIGRATIONS)


log = logging.getLogger(__name__)


class Database:
    """The state file (SQLite), safe to use from several threads.

    Args:
        path: the file; its folder must exist.

    Raises:
        Failed: ``state-unusable``: it is damaged, or was written by a newer portreeve.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        try:
            version = stored_version(path)
            if version > SCHEMA_VERSION:
                raise Failed(
                    Reason.STATE_UNUSABLE,
                    f"the state file {path} was written by a newer portreeve",
                    evidence=f"its schema is {version}, this version knows {SCHEMA_VERSION}",
                    hint=way_back(path, version, SCHEMA_VERSION),
                )
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise
        except (sqlite3.DatabaseError, OSError) as error:
            raise Failed(
                Reason.STATE_UNUSABLE,
                f"the state file {path} cannot be used",
                evidence=str(error),
                hint=f"if it is damaged, move it away (`mv {path} {path}.damaged`) and restart the agent: "
                "the files in force stay, their history is lost"
                if _is_damaged(error)
                else f"look for a full or read-only disk below {path.parent}; nothing was changed, and the"
                " service is started again by itself",
            ) from error

    def _prepare(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if 0 < version < SCHEMA_VERSION:
            keep(self._connection, self._path, version)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        # Content that was dropped is overwritten: it may have been a secret before anybody declared it one.
        self._connection.execute("PRAGMA secure_delete = ON")
        if version < SCHEMA_VERSION:
            self._migrate(version)

    def _migrate(self, version: int) -> None:
        """All steps in one transaction: a kill at any point leaves the old schema, whole."""
        self._connection.executescript(
            f"BEGIN IMMEDIATE; {''.join(_MIGRATIONS[version:])}"
            f" PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )
        if version:
            log.info("the state file has schema %d now, and is kept as it was", SCHEMA_VERSION)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows that a statement gives.

        Raises:
            Failed: ``state-unusable``.
        """
        with self._lock, self._named():
            return self._connection.execute(sql, parameters).fetchall()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Carry out a statement; inside :meth:`transaction` where it changes something.

        Raises:
            Failed: ``state-unusable``.
        """
        with self._lock, self._named():
            self._connection.execute(sql, parameters)

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """All statements of the block, or none.

        Args:
            durable: return only when it would survive a power cut; otherwise a killed process at least.

        Raises:
            Failed: ``state-unusable``: the disk is full, for one; nothing was changed.
        """
        with self._lock, self._named():
            # In WAL mode NORMAL does not sync at a commit, FULL does (https://sqlite.org/pragma.html#pragma_synchronous).
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # Some errors end the transaction by themselves, a failed COMMIT does not always.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def forget_log(self) -> None:
        """Have nothing in the write-ahead log any more, which holds pages as they were before.

        Raises:
            Failed: ``state-unusable``.
        """
        self.query("PRAGMA wal_checkpoint(TRUNCATE)")

    def forget_kept(self) -> None:
        """Have no file any more that was kept before a migration: a secret is in the clear there.

        Raises:
            Failed: ``state-unusable``.
        """
        try:
            forget(self._path)
        except OSError as error:
            raise self._unusable_now(error) from error

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._unusable_now(error) from error

    def _unusable_now(self, error: sqlite3.DatabaseError | OSError) -> Failed:
        return Failed(
            Reason.STATE_UNUSABLE,
            f"the state file {self._path} cannot be used now",
            evidence=str(error),
            hint="look for a full or read-only disk; it is tried again by itself",
        )

    def close(self) -> None:
        """Close the file; what was stored stays."""
        with self._lock:
            self._connection.close()


def _is_damaged(error: sqlite3.DatabaseError | OSError) -> bool:
    """It is about what is in the file, and not about the disk."""
    damage = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
    return isinstance(error, IsADirectoryError) or str(getattr(error, "sqlite_errorname", "")).startswith(
        damage
    )
