"""What was there before portreeve, of files and of keys."""

from pathlib import Path

from portreeve.definitions.model import Format
from portreeve.reconcile.baseline import Files, owned, reachable, remembered, retired, together
from portreeve.targets.file_state import FileContent
from portreeve.targets.key_edits import KeyEdits
from portreeve.targets.place import Place

A, B = Place(Path("/etc/a")), Place(Path("/etc/b"))
OLD = FileContent(b"old", 0o600, 0, 0)


def keys(**values: str | None) -> KeyEdits:
    return KeyEdits(Format.INI, tuple(((key,), value) for key, value in values.items()))


def test_what_is_known_of_a_file_stays_and_a_new_one_is_added() -> None:
    assert remembered({A: OLD}, {A: None, B: None}) == {A: OLD, B: None}


def test_a_key_that_is_new_is_remembered_and_those_known_stay() -> None:
    assert remembered({A: keys(x="1")}, {A: keys(x="9", y=None)}) == {A: keys(x="1", y=None)}


def test_a_file_whose_keys_were_set_and_that_is_to_be_written_whole_is_remembered_as_it_was() -> None:
    now = FileContent(b"[s]\nx = 9\nz = 3\n", 0o644, 0, 0)
    before = KeyEdits(Format.INI, ((("s", "x"), "1"),))
    assert remembered({A: before}, {A: now}) == {A: FileContent(b"[s]\nx = 1\nz = 3\n", 0o644, 0, 0)}


def test_another_way_to_the_same_file_is_remembered() -> None:
    (place,) = remembered({A: OLD}, {Place(A.path, Path("/etc"), in_place=True): None})
    assert (place.root, place.in_place) == (Path("/etc"), True)


def test_files_and_keys_that_are_not_wanted_any_more_go_back() -> None:
    before: Files = {A: keys(x="1", y=None), B: OLD}
    assert retired(before, {A: keys(x="9")}) == {A: keys(y=None), B: OLD}
    assert retired(before, {A: keys(x="9", y="9"), B: None}) == {}


def test_what_is_written_has_the_keys_that_are_wanted_and_those_that_go_back() -> None:
    assert together({A: keys(x="9")}, {A: keys(y=None), B: OLD}) == {A: keys(x="9", y=None), B: OLD}


def test_what_was_put_back_is_not_portreeves_any_more() -> None:
    before: Files = {A: keys(x="1", y=None), B: OLD}
    assert owned(before, {A: keys(x="9")}) == {A: keys(x="1")}


def test_what_is_gone_with_its_volume_or_file_need_not_be_put_back(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    back: Files = {
        Place(volume / "a", volume): OLD,
        Place(tmp_path / "b.ini"): keys(x="1"),
        Place(tmp_path / "c"): None,
    }
    assert reachable(back) == {Place(tmp_path / "c"): None}
    volume.mkdir()
    (tmp_path / "b.ini").touch()
    assert reachable(back) == back
