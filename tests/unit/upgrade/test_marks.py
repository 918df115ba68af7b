"""Marks of packages: what was put is read again, and nothing in their folder keeps the others from it."""

import json
import multiprocessing
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portreeve.errors import Failed, PortreeveError, Reason
from portreeve.upgrade.mark import Event, Mark, dump, load
from portreeve.upgrade.marks import Marks

MARK = Mark("cockpit-ws", Event.PRE_UPGRADE, "300", ("cockpit.socket",), ("/etc/pam.d/cockpit",), 10.0, 910.0)

seconds = st.floats(0, 250_000_000_000.0)
marks = st.builds(
    Mark,
    package=st.text(max_size=40),
    event=st.sampled_from(Event),
    version=st.text(),
    units=st.lists(st.text()).map(tuple),
    paths=st.lists(st.text()).map(tuple),
    since=seconds,
    until=seconds,
    boot=st.text(),
)
anything_of_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "portreeve/pending"


@settings(max_examples=30, deadline=None)
@given(marks)
def test_what_was_put_is_read_again_whatever_the_package_is_called(mark: Mark) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        kept = Marks(Path(temporary) / "pending")
        kept.put(mark)
        assert kept.read() == (mark,)
        assert kept.get(mark.package) == mark
        assert kept.remove(mark)
        assert kept.read() == ()


@settings(max_examples=30, deadline=None)
@given(st.binary())
def test_no_content_of_a_file_keeps_the_others_from_being_read(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        kept = Marks(Path(temporary))
        kept.put(MARK)
        (Path(temporary) / "a.json").write_bytes(content)
        assert kept.read() == (MARK,)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(Mark.__slots__), anything_of_json))
def test_a_file_is_understood_or_refused(data: dict[str, object]) -> None:
    with suppress(Failed):
        mark = load(Path("/x.json"), json.dumps({**asdict(MARK), **data}))
        assert load(Path("/x.json"), dump(mark)) == mark


@pytest.mark.parametrize(
    "content",
    [
        "[" * 200_000,
        dump(MARK).replace("10.0", "1" + "0" * 400),
        dump(replace(MARK, until=1e300)),
        dump(replace(MARK, since=-1e300)),
        dump(MARK)[:-5],
        dump(replace(MARK, package="other")),
        " " * (1 << 21),
    ],
    ids=["deep", "large number", "no date", "none before any", "cut off", "of another package", "huge"],
)
def test_a_damaged_file_is_told_once_and_again_when_it_is_damaged_otherwise(
    folder: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Marks(folder)
    kept.put(MARK)
    (folder / "cockpit.json").write_text(content)
    assert kept.read() == (MARK,)
    assert kept.read() == (MARK,)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "cockpit.json" in caplog.text
    (folder / "cockpit.json").write_text("otherwise")
    kept.read()
    assert len(caplog.records) == 2


def test_what_is_no_file_is_told_and_not_waited_for(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = Marks(folder)
    kept.put(MARK)
    os.mkfifo(folder / "pipe.json")
    (folder / "folder.json").mkdir()
    (folder / "link.json").symlink_to("/dev/zero")
    assert kept.read() == (MARK,)
    assert len(caplog.records) == 3


def test_without_a_folder_there_are_no_marks(folder: Path) -> None:
    assert Marks(folder).read() == ()
    assert Marks(folder).get("cockpit-ws") is None
    assert not Marks(folder).remove(MARK)


def test_the_folders_are_for_root_alone(folder: Path) -> None:
    Marks(folder).put(MARK)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, *folder.iterdir())]
    assert modes == [0o700, 0o700, 0o600]


def test_a_newer_mark_is_not_removed_in_the_place_of_the_old_one(folder: Path) -> None:
    kept = Marks(folder)
    newer = replace(MARK, event=Event.POST_UPGRADE)
    kept.put(MARK)
    kept.put(newer)
    assert not kept.remove(MARK)
    assert kept.read() == (newer,)


def test_what_a_killed_hook_left_staged_is_gone_after_the_next(folder: Path) -> None:
    kept = Marks(folder)
    kept.put(MARK)
    (folder / ".other.json.portreeve-new").write_text("half")
    assert kept.read() == (MARK,)
    kept.put(MARK)
    assert [file.name for file in folder.iterdir()] == ["cockpit-ws.json"]


def test_many_at_once_neither_lose_a_newer_mark_nor_read_a_half_one(folder: Path) -> None:
    kept = Marks(folder)
    kept.put(MARK)
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_put_and_remove, args=(folder, number)) for number in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert MARK in kept.read()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert kept.read() == (MARK,)


def _put_and_remove(folder: Path, number: int) -> None:
    kept, mine = Marks(folder), replace(MARK, package=f"package-{number}")
    for version in range(30):
        mark = replace(mine, version=str(version))
        kept.put(mark)
        assert kept.remove(mark)


def test_a_full_or_read_only_disk_has_a_name(folder: Path) -> None:
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("no folder")
    with pytest.raises(PortreeveError) as caught:
        Marks(folder).put(MARK)
    assert caught.value.reason is Reason.WRITE_FAILED
