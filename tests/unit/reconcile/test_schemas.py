"""State files of every schema there was: they open, nothing is lost, and what is newer is left alone."""

import hashlib
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import state_house
from fakes.state_house import FIRST, SECOND, THIRD, target
from portreeve.errors import Failed, Reason
from portreeve.reconcile import database
from portreeve.reconcile.database import SCHEMA_VERSION, Database
from portreeve.reconcile.generations import BASELINE
from portreeve.reconcile.kept import kept, way_back
from portreeve.reconcile.schema_version import stored_version
from portreeve.reconcile.seal import Seal
from portreeve.reconcile.status import Stage, State
from portreeve.reconcile.store import Store
from portreeve.supervise.records import Records
from portreeve.supervise.store import SupervisedStore
from portreeve.targets.file_state import FileContent
from portreeve.targets.place import Place

STATES = Path(__file__).with_name("states")
SCHEMAS = range(1, SCHEMA_VERSION + 1)
AGENT = Path(__file__).resolve().parents[3] / "agent"
KILLING = Path(__file__).resolve().parents[2] / "fakes/killing"
OPEN = """
import pathlib, sys
from portreeve.reconcile.store import Store
Store(pathlib.Path(sys.argv[1]))
"""


def write(path: Path, schema: int) -> Path:
    """A state file as the portreeve of a schema left it."""
    left = json.loads((STATES / f"schema-{schema}.json").read_text())
    if left["key"]:
        path.with_name("secrets.key").write_bytes(bytes.fromhex(left["key"]))
    with closing(sqlite3.connect(path)) as file:
        file.executescript("\n".join(left["sql"]))
        file.execute("PRAGMA journal_mode = WAL")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@pytest.fixture(params=SCHEMAS)
def schema(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def store(path: Path, schema: int) -> Iterator[Store]:
    opened = Store(write(path, schema))
    yield opened
    opened.close()


def dump(path: Path) -> list[str]:
    """All that is in a state file, schema and rows, read from a copy."""
    copy = path.with_name("copy.sqlite")
    for end in ("", "-wal"):
        if path.with_name(path.name + end).exists():
            shutil.copy(path.with_name(path.name + end), copy.with_name(copy.name + end))
    try:
        with closing(sqlite3.connect(copy)) as file:
            return [str(file.execute("PRAGMA user_version").fetchone()), *file.iterdump()]
    finally:
        for end in ("", "-wal", "-shm"):
            copy.with_name(copy.name + end).unlink(missing_ok=True)


def traces(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Name, time of change and inode, and content of every file of a folder."""
    return {
        each.name: (
            each.stat().st_mtime_ns,
            each.stat().st_ino,
            hashlib.sha256(each.read_bytes()).hexdigest(),
        )
        for each in folder.iterdir()
    }


def test_every_schema_has_a_state_that_its_own_code_wrote() -> None:
    assert [each.name for each in sorted(STATES.iterdir())] == [f"schema-{number}.json" for number in SCHEMAS]


def test_every_sync_stands_where_it_stood(store: Store, schema: int) -> None:
    records = {name: store.record(name) for name in store.names()}
    assert sorted(records) == sorted(state_house.syncs(schema))
    good = {name: record.good.number for name, record in records.items() if record.good}
    assert (good["steady"], good["held"], good["rejected"], good["folder"]) == (3, 1, 1, 2)
    assert records["steady"].state is State.IN_STEP
    assert records["held"].hold == 1
    assert records["rejected"].rejected is not None
    assert records["rejected"].rejection is not None
    assert records["rejected"].rejection.reason is Reason.VERIFY_FAILED
    halfway = records["halfway"]
    assert halfway.unfinished is not None
    assert (halfway.unfinished.number, halfway.stage) == (2, Stage.APPLIED if schema == 1 else Stage.WRITTEN)
    if schema > 1:
        assert records["owed"].owed == (1,)


def test_every_generation_is_what_it_was_so_that_nothing_has_to_be_done_anew(store: Store) -> None:
    for name in store.names():
        record = store.record(name)
        for generation in filter(None, (record.good, record.unfinished)):
            content = store.generations.content(name, generation.number)
            # With another digest every sync would be written, and every unit restarted, by an upgrade.
            assert content.digest == generation.digest
    steady = Place(target("steady"))
    for number, port in ((1, FIRST), (2, SECOND), (3, THIRD)):
        file = store.generations.content("steady", number).files[steady]
        assert isinstance(file, FileContent)
        assert file.data == f"listen {port}\n".encode()
    assert store.generations.content("steady", BASELINE).files == {steady: None}
    assert store.folders("folder") == (Place(target("folder").parent),)


def test_history_is_told_and_a_rollback_goes_where_it_would_have_gone(store: Store) -> None:
    told = [(each.number, each.outcome, each.values.get("port")) for each in store.history("steady")]
    assert told == [
        (3, "verified", f"{THIRD}"),
        (2, "verified", f"{SECOND}"),
        (1, "verified", f"{FIRST}"),
        (0, "baseline", None),
    ]
    assert [each.outcome for each in store.history("rejected")] == ["restored", "verified", "baseline"]
    assert store.hold("steady", None).hold == 2
    store.release("held")
    assert store.record("held").hold is None


def test_secrets_that_were_sealed_are_opened_and_stay_sealed_in_what_is_kept(path: Path) -> None:
    store = Store(write(path, 2))
    file = store.generations.content("secret", 2).files[Place(target("secret"))]
    store.close()
    assert isinstance(file, FileContent)
    assert state_house.SECRET.encode() in file.data
    assert len(kept(path)) == 1
    for each in path.parent.iterdir():
        assert state_house.SECRET.encode() not in each.read_bytes()


def test_what_was_remembered_of_containers_is_read(path: Path) -> None:
    opened = Database(write(path, 3))
    record = Records(SupervisedStore(opened, Seal(path.with_name("secrets.key")))).get("db")
    opened.close()
    assert record.wanted == "down"


def test_the_old_file_is_kept_for_root_alone_before_it_is_migrated(path: Path, schema: int) -> None:
    before = dump(write(path, schema))
    Store(path).close()
    if schema == SCHEMA_VERSION:
        assert kept(path) == {}
        return
    assert kept(path) == {schema: path.with_name(f"state.sqlite.schema-{schema}")}
    (old,) = kept(path).values()
    assert old.stat().st_mode & 0o777 == 0o600
    assert sorted(dump(old)) == sorted(before)
    Store(path).close()
    assert stored_version(path) == SCHEMA_VERSION


def test_only_the_newest_is_kept_of_a_schema(path: Path) -> None:
    Store(write(path, 1)).close()
    shutil.copy(kept(path)[1], path)
    with closing(sqlite3.connect(path)) as file:
        file.execute("DELETE FROM syncs WHERE name = 'gone'")
        file.commit()
    Store(path).close()
    assert list(kept(path)) == [1]
    assert not any("\"syncs\" VALUES('gone'" in line for line in dump(kept(path)[1]))


def newer(path: Path) -> None:
    """A newer portreeve was here."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("CREATE TABLE later (x)")
        file.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def refused(path: Path) -> Failed:
    before = traces(path.parent)
    with pytest.raises(Failed) as caught:
        Store(path)
    assert caught.value.reason is Reason.STATE_UNUSABLE
    assert traces(path.parent) == before, "neither bytes nor times, and no file beside it"
    return caught.value


def test_a_newer_schema_is_refused_without_being_touched(path: Path) -> None:
    newer(write(path, SCHEMA_VERSION))
    error = refused(path)
    assert f"its schema is {SCHEMA_VERSION + 1}" in error.evidence
    assert error.hint == "install that version again; nothing was changed"


def test_a_newer_schema_that_only_the_log_tells_of_is_refused_without_being_touched(path: Path) -> None:
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir()
    write(elsewhere / path.name, SCHEMA_VERSION)
    connection = sqlite3.connect(elsewhere / path.name)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.commit()
    # As a newer agent that was killed leaves it: the file has the old schema, the log beside it the new one.
    for end in ("", "-wal"):
        shutil.copy2(elsewhere / (path.name + end), path.with_name(path.name + end))
    connection.close()
    shutil.rmtree(elsewhere)
    assert int.from_bytes(path.read_bytes()[60:64], "big") == SCHEMA_VERSION
    refused(path)


def test_the_way_back_is_a_command_that_works(path: Path, tmp_path: Path) -> None:
    Store(write(path, 1)).close()
    newer(path)
    hint = refused(path).hint
    commands = hint.split("`")[1].split(" && ")
    assert (commands[0], commands[-1]) == ("systemctl stop portreeve", "systemctl start portreeve")
    subprocess.run(["sh", "-ec", " && ".join(commands[1:-1])], check=True)
    assert stored_version(path) == 1
    Store(path).close()
    aside = tmp_path / f"schema-{SCHEMA_VERSION + 1}"
    assert stored_version(aside / path.name) == SCHEMA_VERSION + 1
    assert shlex.quote(str(aside)) in hint


def test_copies_that_somebody_made_of_what_was_kept_are_passed_over(path: Path) -> None:
    Store(write(path, 1)).close()
    for name in ("schema-1.2", "schema-1-2", "schema-old"):
        path.with_name(f"{path.name}.{name}").touch()
    assert list(kept(path)) == [1]


def test_who_goes_back_a_second_time_finds_the_first_one_still_there(path: Path, tmp_path: Path) -> None:
    newest = SCHEMA_VERSION + 1
    for _ in range(2):
        Store(write(path, 1)).close()
        newer(path)
        commands = way_back(path, newest, SCHEMA_VERSION).split("`")[1].split(" && ")
        subprocess.run(["sh", "-ec", " && ".join(commands[1:-1])], check=True)
        path.unlink()
    for folder in (f"schema-{newest}", f"schema-{newest}.2"):
        assert stored_version(tmp_path / folder / path.name) == newest


def test_a_migration_that_is_killed_anywhere_leaves_the_old_schema_or_the_new_one(path: Path) -> None:
    before = sorted(dump(write(path, 1)))
    killed = 0
    for point in range(0, 99, 1 if os.environ.get("PORTREEVE_TEST_LONG") else 5):
        for each in path.parent.iterdir():
            each.unlink()
        write(path, 1)
        environment = {**os.environ, "PYTHONPATH": f"{KILLING}:{AGENT}", "KILL_AT": f"{point}"}
        run = subprocess.run(
            [sys.executable, "-c", OPEN, str(path)], env=environment, check=False, timeout=60
        )
        if run.returncode == 0:
            break
        killed += 1
        assert stored_version(path) in (1, SCHEMA_VERSION)
        if stored_version(path) == 1:
            assert sorted(dump(path)) == before
        else:
            assert sorted(dump(kept(path)[1])) == before
        store = Store(path)
        assert store.record("steady").good is not None
        store.close()
        assert [each.name for each in path.parent.glob("*.new")] == []
    else:
        pytest.fail("there are more points than were tried")
    assert killed >= 6


def test_a_disk_that_is_full_at_any_point_of_a_migration_leaves_the_old_schema(path: Path) -> None:
    before = sorted(dump(write(path, 1)))
    limited = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    full = 0
    for size in range(0, 1 << 18, 1 << 14):
        limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        run = subprocess.run(
            [sys.executable, "-c", limited + limit + OPEN, str(path)],
            env={**os.environ, "PYTHONPATH": f"{AGENT}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if run.returncode == 0:
            break
        full += 1
        assert "portreeve.errors.Failed: the state file" in run.stderr
        assert sorted(dump(path)) == before
        assert not list(path.parent.glob("*.new"))
    else:
        pytest.fail("it is larger than was tried")
    assert full >= 2
    assert stored_version(path) == SCHEMA_VERSION


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_state_that_is_read_only_is_named_and_left_as_it_is(path: Path) -> None:
    folder = path.parent
    before = sorted(dump(write(path, 1)))
    mounted = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$1" -c "$2" "$3"'
    run = subprocess.run(
        ["unshare", "-m", "sh", "-c", mounted, str(folder), sys.executable, OPEN, str(path)],
        env={**os.environ, "PYTHONPATH": f"{AGENT}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "portreeve.errors.Failed: the state file" in run.stderr
    assert "Read-only file system" in run.stderr
    assert sorted(dump(path)) == before


def test_a_migration_that_fails_in_the_middle_leaves_the_old_schema_and_is_made_up_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(dump(write(path, 1)))
    steps = database._MIGRATIONS
    monkeypatch.setattr(database, "_MIGRATIONS", (*steps[:-1], steps[-1] + "INSERT INTO nowhere VALUES (1);"))
    with pytest.raises(Failed) as caught:
        Store(path)
    assert (caught.value.reason, "nowhere" in caught.value.evidence) == (Reason.STATE_UNUSABLE, True)
    assert sorted(dump(path)) == before
    monkeypatch.undo()
    Store(path).close()
    assert stored_version(path) == SCHEMA_VERSION


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=6), st.data())
def test_the_version_is_the_one_that_sqlite_would_tell(
    tmp_path_factory: pytest.TempPathFactory, commits: list[list[int]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("log")
    path = folder / "state.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        for versions in commits:
            file.execute("BEGIN")
            for version in versions:
                file.execute(f"PRAGMA user_version = {version}")
                file.execute(f"CREATE TABLE t{os.urandom(8).hex()} (x)")
            file.execute(data.draw(st.sampled_from(("COMMIT", "ROLLBACK"))))
            if data.draw(st.booleans()):
                file.execute("PRAGMA wal_checkpoint")
        copy = folder / "copy"
        copy.mkdir()
        log = path.with_name("state.sqlite-wal").read_bytes()
        shutil.copy(path, copy / path.name)
        # A power cut may leave a part of the log, or some of it torn.
        log = log[: data.draw(st.integers(0, len(log)))]
        if log and data.draw(st.booleans()):
            at = data.draw(st.integers(0, len(log) - 1))
            log = log[:at] + bytes([log[at] ^ 0xFF]) + log[at + 1 :]
        (copy / "state.sqlite-wal").write_bytes(log)
    found = stored_version(copy / path.name)
    with closing(sqlite3.connect(copy / path.name)) as file:
        assert found == file.execute("PRAGMA user_version").fetchone()[0]
