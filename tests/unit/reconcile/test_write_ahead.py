"""Commits of several threads become durable by few syncs, and none returns before its own was."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portreeve.errors import Failed, Reason
from portreeve.reconcile.database import Database

Eventually = Callable[[Callable[[], object], str], None]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state.sqlite")
    yield database
    database.close()


def commit(database: Database, name: str) -> None:
    with database.transaction(durable=True):
        database.execute("INSERT INTO syncs VALUES (?, ?)", (name, "{}"))


def test_a_durable_commit_syncs_the_log_and_another_does_not(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fdatasync", lambda fd: synced.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
    )
    commit(database, "a")
    with database.transaction():
        database.execute("DELETE FROM syncs")
    assert synced == [str(tmp_path / "state.sqlite-wal")]


def test_who_commits_during_a_sync_shares_the_next_one(
    database: Database, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    may_end, syncs = threading.Event(), 0

    def slow(fd: int) -> None:
        nonlocal syncs
        syncs += 1
        may_end.wait(10)

    monkeypatch.setattr(os, "fdatasync", slow)
    threads = [threading.Thread(target=commit, args=(database, name)) for name in "abcdefgh"]
    threads[0].start()
    eventually(lambda: syncs == 1, "the first sync has begun")
    for thread in threads[1:]:
        thread.start()
    eventually(lambda: database.query("SELECT count(*) FROM syncs") == [(8,)], "all have committed")
    assert all(thread.is_alive() for thread in threads)
    may_end.set()
    for thread in threads:
        thread.join()
    assert syncs in (2, 3)


def test_a_disk_that_does_not_take_it_is_named_and_the_next_commit_tries_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", broken)
        with pytest.raises(Failed) as failed:
            commit(database, "a")
    assert failed.value.reason is Reason.STATE_UNUSABLE
    commit(database, "b")
