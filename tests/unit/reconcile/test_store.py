"""The state file."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.definitions.steps import Http, Listening, Restart
from portreeve.errors import Failed, Misuse, Reason
from portreeve.reconcile.content import Content
from portreeve.reconcile.generations import BASELINE
from portreeve.reconcile.record import Generation, Record, dump_record, load_record
from portreeve.reconcile.status import Stage, State, Trouble
from portreeve.reconcile.store import Store
from portreeve.targets.file_state import FileContent
from portreeve.targets.place import Place

TARGET = Place(Path("/etc/app.conf"))


def content(text: str) -> Content:
    return Content(
        files={TARGET: FileContent(text.encode(), 0o644, 0, 0)},
        apply=(Restart("app.service"),),
        verify=(Listening("9000"), Http("http://127.0.0.1:9000/", insecure=True)),
        values={"port": text},
    )


NOTHING = replace(content(""), files={TARGET: None}, verify=())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "state.sqlite")
    yield opened
    opened.close()


def bring_in_force(store: Store, text: str, keep: int = 10) -> Record:
    record = store.begin(store.record("s"), content(text), found=NOTHING, folders=(), now=1.0, keep=keep)
    assert record.unfinished is not None
    record = replace(record, good=record.unfinished, unfinished=None, stage=Stage.VERIFIED)
    store.verified(record, record.good.number if record.good else -1)
    return record


def test_a_record_is_the_same_after_the_file_was_closed_and_opened(tmp_path: Path) -> None:
    record = replace(
        Record("s"),
        good=Generation(3, "abc"),
        stage=Stage.WRITTEN,
        state=State.FAILED,
        trouble=Trouble(Reason.PORT_HELD, "port 9443 is taken"),
        next_try=12.5,
    )
    store = Store(tmp_path / "state.sqlite")
    store.save(record)
    store.close()
    store = Store(tmp_path / "state.sqlite")
    assert store.record("s") == record
    store.close()


def test_content_comes_back_as_it_was(store: Store) -> None:
    record = bring_in_force(store, "9000")
    assert record.good is not None
    assert store.generations.content("s", record.good.number) == content("9000")


def test_what_was_there_before_is_remembered_once(store: Store) -> None:
    bring_in_force(store, "9000")
    store.begin(store.record("s"), content("2"), found=content("x"), folders=(), now=2.0, keep=10)
    assert store.generations.content("s", BASELINE).files == {TARGET: None}


def test_history_is_newest_first_and_marks_the_one_in_force(store: Store) -> None:
    bring_in_force(store, "9000")
    bring_in_force(store, "9443")
    assert [(info.number, info.outcome, info.current) for info in store.history("s")] == [
        (2, "verified", True),
        (1, "verified", False),
        (0, "baseline", False),
    ]


def test_old_generations_are_dropped_and_those_in_use_are_kept(store: Store) -> None:
    for number in range(1, 9):
        bring_in_force(store, str(number), keep=3)
    assert [info.number for info in store.history("s")] == [8, 7, 6, 0]


def test_a_newer_content_supersedes_an_unfinished_one(store: Store) -> None:
    store.begin(Record("s"), content("1"), found=NOTHING, folders=(), now=1.0, keep=10)
    store.begin(store.record("s"), content("2"), found=NOTHING, folders=(), now=2.0, keep=10)
    assert store.history("s")[1].outcome == "superseded"


def test_rolling_back_goes_to_the_last_generation_that_was_in_force(store: Store) -> None:
    bring_in_force(store, "9000")
    bring_in_force(store, "9443")
    assert store.hold("s", None).hold == 1


def test_rolling_back_the_first_generation_names_the_baseline(store: Store) -> None:
    bring_in_force(store, "9000")
    with pytest.raises(Misuse) as caught:
        store.hold("s", None)
    assert "--to 0" in caught.value.hint


def test_going_back_to_before_portreeve_is_made_effective_by_the_same_steps(store: Store) -> None:
    bring_in_force(store, "9000")
    store.hold("s", BASELINE)
    baseline = store.generations.content("s", BASELINE)
    assert baseline.apply == (Restart("app.service"),)
    assert baseline.verify == ()


def test_a_sync_that_never_wrote_can_be_held_at_the_baseline(store: Store) -> None:
    store.save(Record("s"))
    store.hold("s", BASELINE)
    assert store.generations.content("s", BASELINE).files == {}


def test_an_unknown_generation_is_refused_and_nothing_is_held(store: Store) -> None:
    bring_in_force(store, "9000")
    with pytest.raises(Misuse):
        store.hold("s", 77)
    assert store.record("s").hold is None


def test_a_state_file_of_a_newer_version_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    before = path.read_bytes()
    with pytest.raises(Failed) as caught:
        Store(path)
    assert caught.value.reason is Reason.STATE_UNUSABLE
    assert path.read_bytes() == before


def test_a_damaged_state_file_is_named_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"this is not a database" * 200)
    with pytest.raises(Failed) as caught:
        Store(path)
    assert str(path) in caught.value.hint
    assert path.read_bytes() == b"this is not a database" * 200


def test_the_state_file_is_for_root_alone(store: Store, tmp_path: Path) -> None:
    assert (tmp_path / "state.sqlite").stat().st_mode & 0o777 == 0o600


troubles = st.builds(
    Trouble, st.sampled_from(Reason), st.text(), evidence=st.text(), hint=st.text(), step=st.text()
)
generations = st.builds(Generation, st.integers(0, 9), st.text())


@given(
    st.builds(
        Record,
        name=st.just("s"),
        good=st.none() | generations,
        unfinished=st.none() | generations,
        stage=st.sampled_from(Stage),
        rejected=st.none() | st.text(),
        rejection=st.none() | troubles,
        rejections=st.integers(0, 9),
        hold=st.none() | st.integers(0, 9),
        state=st.sampled_from(State),
        trouble=st.none() | troubles,
    )
)
def test_any_record_survives_being_stored(record: Record) -> None:
    assert load_record("s", dump_record(record)) == record


def test_a_record_with_what_a_newer_version_added_is_read_without_it() -> None:
    data = json.loads(dump_record(Record("s", good=Generation(3, "abc"), hold=3, state=State.HELD)))
    newer = {**data, "invented": [1], "good": {**data["good"], "invented": 2}}
    assert load_record("s", json.dumps(newer)) == load_record("s", json.dumps(data))


def test_what_a_newer_version_calls_differently_is_looked_at_anew_and_done_once_more() -> None:
    data = json.loads(dump_record(Record("s", unfinished=Generation(3, "abc"), rejected="x")))
    trouble = {"reason": "invented", "what": "it is odd", "step": "apply"}
    newer = {**data, "state": "invented", "stage": "invented", "trouble": trouble, "rejection": trouble}
    record = load_record("s", json.dumps(newer))
    assert (record.state, record.stage) == (State.PENDING, Stage.VALIDATED)
    assert record.rejection == record.trouble == Trouble(Reason.INTERNAL, "it is odd", step="apply")


def test_a_record_of_before_there_was_a_key_has_its_default() -> None:
    assert load_record("s", "{}") == Record("s")


@pytest.mark.parametrize("text", ["", "[]", '"x"', '{"good": 3}', '{"trouble": {}}', '{"owed": 3}', "{"])
def test_a_damaged_record_is_named(text: str) -> None:
    with pytest.raises(Failed) as caught:
        load_record("s", text)
    assert caught.value.reason is Reason.STATE_UNUSABLE


def test_a_generation_with_a_step_of_a_newer_version_is_named_and_left_as_it_is(store: Store) -> None:
    bring_in_force(store, "9000")
    with store.database.transaction():
        store.database.execute("UPDATE generations SET steps = replace(steps, 'restart', 'invented')")
    with pytest.raises(Failed) as caught:
        store.generations._content("s", 1)
    assert caught.value.reason is Reason.STATE_UNUSABLE
    assert [info.number for info in store.history("s")] == [1, 0]
