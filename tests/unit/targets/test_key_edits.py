"""Setting keys of a file that belongs to somebody else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portreeve.definitions.model import Format
from portreeve.errors import Reason, Waiting
from portreeve.targets.entry import Entry
from portreeve.targets.file_state import observe
from portreeve.targets.key_edits import KeyEdits
from portreeve.targets.place import Place
from portreeve.targets.replace import commit
from portreeve.targets.stage import stage
from portreeve.targets.wanted import differences, found

INI = "# theirs\n[web]\nport = 80\nhost=a\n"
PORT = ("web", "port")


def keys(**values: str | None) -> KeyEdits:
    return KeyEdits(Format.INI, tuple((("web", key), value) for key, value in values.items()))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "app.ini").write_text(INI)
    return Place(tmp_path / "app.ini")


def write(place: Place, wanted: KeyEdits) -> None:
    with stage({place: wanted}) as staged:
        commit(staged)


def test_the_key_is_set_and_every_other_byte_stays(place: Place) -> None:
    place.path.chmod(0o640)
    write(place, keys(port="90"))
    assert place.path.read_text() == INI.replace("80", "90")
    assert place.path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_has_its_keys_is_not_touched(place: Place) -> None:
    before = place.path.stat()
    assert differences(keys(port="80"), found(place, keys(port="80"))) == ()
    write(place, keys(port="80"))
    assert place.path.stat() == before


def test_what_differs_is_told_by_key(place: Place) -> None:
    wanted = keys(port="90", host="a", tls="on")
    assert differences(wanted, found(place, wanted)) == ("key web.port", "key web.tls")


def test_keys_are_found_as_they_are(place: Place) -> None:
    assert found(place, keys(port="90", tls="on")) == keys(port="80", tls=None)


def test_a_key_that_should_not_be_there_is_removed(place: Place) -> None:
    write(place, keys(host=None))
    assert place.path.read_text() == "# theirs\n[web]\nport = 80\n"


def test_a_file_that_is_absent_is_waited_for_and_not_made(place: Place) -> None:
    place.path.unlink()
    assert found(place, keys(port="90")) is None
    with pytest.raises(Waiting) as caught:
        write(place, keys(port="90"))
    assert caught.value.reason is Reason.FILE_ABSENT
    assert list(place.path.parent.iterdir()) == []


@pytest.mark.parametrize("text", ["", "\n"])
def test_a_file_that_its_owner_has_emptied_is_waited_for_and_not_filled(place: Place, text: str) -> None:
    place.path.write_text(text)
    with pytest.raises(Waiting) as caught, stage({place: keys(port="90")}):
        pass
    assert caught.value.reason is Reason.FILE_UNSTABLE
    with pytest.raises(Waiting):
        found(place, keys(port="90"))
    assert place.path.read_text() == text


def test_a_file_that_its_owner_is_writing_is_waited_for(place: Place) -> None:
    with place.path.open("w") as file:
        file.write("[web]\n")
        file.flush()
        with pytest.raises(Waiting) as caught, stage({place: keys(port="90")}):
            pass
        assert caught.value.reason is Reason.FILE_UNSTABLE
        file.write("port = 81\nhost=a\n")
    write(place, keys(port="90"))
    assert place.path.read_text() == "[web]\nport = 90\nhost=a\n"


def test_two_who_set_different_keys_of_one_file_take_turns(place: Place) -> None:
    def set_often(key: str) -> None:
        for number in range(100):
            write(place, keys(**{key: str(number)}))

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(set_often, key) for key in ("port", "host")]:
            each.result()
    assert place.path.read_text() == "# theirs\n[web]\nport = 99\nhost=99\n"


def test_what_the_owner_writes_in_the_moment_of_the_rename_is_kept(
    place: Place, monkeypatch: pytest.MonkeyPatch, eventually: Callable[[Callable[[], object], str], None]
) -> None:
    theirs = INI.replace("host=a", "host=chosen")
    rename_over = Entry.rename_over

    def rename_while_the_owner_writes(self: Entry, target: Entry) -> None:
        monkeypatch.undo()
        writing = pool.submit(place.path.write_text, theirs)
        eventually(
            lambda: writing.done() or "BREAKING" in Path("/proc/locks").read_text(), "the owner is at it"
        )
        rename_over(self, target)

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(Entry, "rename_over", rename_while_the_owner_writes)
        with pytest.raises(Waiting) as caught:
            write(place, keys(port="90"))
    assert caught.value.reason is Reason.FILE_UNSTABLE
    assert place.path.read_text() == theirs
    write(place, keys(port="90"))
    assert place.path.read_text() == theirs.replace("80", "90")


def test_a_file_that_cannot_be_understood_is_waited_for(place: Place) -> None:
    place.path.write_bytes(b"\xff\xfe")
    with pytest.raises(Waiting) as caught:
        found(place, keys(port="90"))
    assert caught.value.reason is Reason.FORMAT_INVALID
    with pytest.raises(Waiting) as caught:
        write(place, keys(port="90"))
    assert caught.value.reason is Reason.FORMAT_INVALID
    assert place.path.read_bytes() == b"\xff\xfe"


def test_a_key_of_several_lines_is_left_alone_since_it_could_not_be_put_back(place: Place) -> None:
    text = "[Service]\nEnvironment=A=1\nEnvironment=B=2\n"
    place.path.write_text(text)
    with pytest.raises(Waiting) as caught:
        found(place, KeyEdits(Format.UNIT, ((("Service", "Environment"), "A=2"),)))
    assert caught.value.reason is Reason.FORMAT_INVALID
    assert "Service.Environment has several lines" in caught.value.evidence
    assert place.path.read_text() == text


def test_what_somebody_wrote_meanwhile_is_not_taken_back(place: Place) -> None:
    theirs = INI.replace("host=a", "host=b")
    with stage({place: keys(port="90")}) as staged:
        place.path.write_text(theirs)
        with pytest.raises(Waiting) as caught:
            commit(staged)
    assert caught.value.reason is Reason.FILE_UNSTABLE
    assert place.path.read_text() == theirs
    assert [entry.name for entry in place.path.parent.iterdir()] == ["app.ini"]


def test_keys_are_set_in_place_where_the_inode_must_stay(place: Place) -> None:
    before = place.path.stat().st_ino
    write(Place(place.path, in_place=True), keys(port="90"))
    assert place.path.stat().st_ino == before
    assert place.path.read_text() == INI.replace("80", "90")


def test_keys_survive_being_stored() -> None:
    edits = KeyEdits(Format.INI, ((("a.b", "ö"), None), (("x",), 1), (("y",), True), (("z",), 1.5)))
    assert KeyEdits.load("ini", edits.dump()) == edits
    assert [type(value) for _, value in KeyEdits.load("ini", edits.dump()).keys] == [
        type(None),
        int,
        bool,
        float,
    ]


def test_a_file_is_observed_whole_all_the_same(place: Place) -> None:
    seen = observe(place)
    assert seen is not None
    assert seen.data == INI.encode()


def test_a_sync_does_not_wait_long_for_the_checks_of_another_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker would count as stuck, and the watchdog of systemd end the agent."""
    monkeypatch.setattr("portreeve.targets.stage._PATIENCE", 0.05)
    with ThreadPoolExecutor() as other, stage({place: keys(port="90")}) as staged:
        with pytest.raises(Waiting) as raised:
            other.submit(write, place, keys(port="91")).result(10)
        commit(staged)
    assert raised.value.reason is Reason.FILE_UNSTABLE
    write(place, keys(port="91"))
    assert "91" in place.path.read_text()
