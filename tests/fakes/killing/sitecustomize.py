"""Kills the process before or after its n-th durable step, as a power cut would; Python imports it by itself.

Put this folder on PYTHONPATH and set ``KILL_AT``: 2n is just before the n-th step, 2n+1 just after it. Steps
are what changes the disk: renames, links, syncs, removals, writes in place, and each statement to the state
file. The product knows nothing of it.
"""

import os
import signal
import sqlite3
from collections.abc import Callable
from typing import Any

_AT = int(os.environ.get("KILL_AT", "-1"))
_step = 0


def _dies_at(kind: str, do: Callable[[], Any]) -> Any:
    global _step
    point, _step = 2 * _step, _step + 1
    _die_if(point)
    try:
        return do()
    finally:
        _die_if(point + 1)


def _die_if(point: int) -> None:
    if point == _AT:
        os.kill(os.getpid(), signal.SIGKILL)


def _wrap(module: Any, name: str) -> None:
    original = getattr(module, name)

    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        return _dies_at(name, lambda: original(*arguments, **keywords))

    setattr(module, name, wrapped)


class _Connection(sqlite3.Connection):
    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if sql.startswith(("SELECT", "PRAGMA")):
            return super().execute(sql, *arguments)
        cursor: sqlite3.Cursor = _dies_at(sql, lambda: super(_Connection, self).execute(sql, *arguments))
        return cursor

    def executescript(self, sql_script: str) -> sqlite3.Cursor:
        cursor = self.cursor()
        for statement in sql_script.split(";"):
            cursor = self.execute(statement.strip())
        return cursor


if _AT >= 0:
    for _name in ("replace", "link", "fsync", "unlink", "mkdir", "ftruncate", "pwrite"):
        _wrap(os, _name)
    _connect = sqlite3.connect

    def _connect_to_die(*arguments: Any, **keywords: Any) -> sqlite3.Connection:
        return _connect(*arguments, **keywords, factory=_Connection)

    setattr(sqlite3, "connect", _connect_to_die)  # noqa: B010 - mypy refuses to see a function replaced
