"""Replacing a set of files."""

import errno
import os
from pathlib import Path

import pytest

from fakes import acl
from portreeve.errors import Failed, Reason, Waiting
from portreeve.targets.file_state import FileContent, observe
from portreeve.targets.folders import remove_folders
from portreeve.targets.place import Place
from portreeve.targets.replace import commit
from portreeve.targets.stage import stage
from portreeve.targets.wanted import differences


def file(text: str, mode: int = 0o644) -> FileContent:
    return FileContent(text.encode(), mode, os.geteuid(), os.getegid())


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_committed_set_is_as_it_should_be(tmp_path: Path) -> None:
    wanted = {Place(tmp_path / "a.conf"): file("a"), Place(tmp_path / "b.conf"): file("b", 0o600)}
    with stage(wanted) as staged:
        commit(staged)
    assert {path: observe(path) for path in wanted} == wanted
    assert names(tmp_path) == ["a.conf", "b.conf"]


def test_nothing_is_in_force_before_the_commit(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("old")
    with stage({Place(tmp_path / "a.conf"): file("new")}) as staged:
        assert (tmp_path / "a.conf").read_text() == "old"
        assert staged.written[tmp_path / "a.conf"].read_text() == "new"


def test_what_was_not_committed_is_taken_away(tmp_path: Path) -> None:
    with stage({Place(tmp_path / "x.d" / "a.conf"): file("new")}):
        pass
    assert names(tmp_path) == []


def test_a_staged_drop_in_is_not_one_for_systemd(tmp_path: Path) -> None:
    with stage({Place(tmp_path / "listen.conf"): file("new")}) as staged:
        (temporary,) = staged.written.values()
        assert temporary.name.startswith(".")
        assert not temporary.name.endswith(".conf")


def test_a_file_that_should_not_be_there_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("old")
    with stage({Place(tmp_path / "a.conf"): None}) as staged:
        commit(staged)
    assert names(tmp_path) == []


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".a.conf.portreeve-new").write_text("half")
    with stage({Place(tmp_path / "a.conf"): file("new")}) as staged:
        commit(staged)
    assert names(tmp_path) == ["a.conf"]


def test_a_drop_in_folder_is_made_and_readable_by_all(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with stage({Place(tmp_path / "x.d" / "a.conf"): file("new")}) as staged:
            assert staged.made == (Place(tmp_path / "x.d"),)
            commit(staged)
    finally:
        os.umask(before)
    assert (tmp_path / "x.d").stat().st_mode & 0o777 == 0o755


def test_the_folder_of_a_package_that_is_not_installed_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Waiting) as caught, stage({Place(tmp_path / "nginx/conf.d/a.conf"): file("new")}):
        pass
    assert caught.value.reason is Reason.DIRECTORY_ABSENT
    assert names(tmp_path) == []


def test_folders_that_others_use_are_not_removed(tmp_path: Path) -> None:
    used, unused = tmp_path / "used.d", tmp_path / "unused.d"
    used.mkdir()
    unused.mkdir()
    (used / "theirs.conf").touch()
    remove_folders(map(Place, (used, unused, tmp_path / "gone.d")))
    assert names(tmp_path) == ["used.d"]


def test_extended_attributes_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "a.conf"
    target.write_text("old")
    try:
        os.setxattr(target, "user.origin", b"admin")
    except OSError as error:
        pytest.skip(f"the file system has no extended attributes: {error}")
    with stage({Place(target): file("new")}) as staged:
        commit(staged)
    assert os.getxattr(target, "user.origin") == b"admin"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("in_volume", [False, True], ids=["host", "volume"])
def test_acl_and_owner_are_kept(tmp_path: Path, in_volume: bool) -> None:
    target = tmp_path / "a.conf"
    target.write_text("old")
    os.setxattr(target, acl.ATTRIBUTE, acl.read_for_user(65534))
    kept = os.getxattr(target, acl.ATTRIBUTE)
    place = Place(target, tmp_path) if in_volume else Place(target)
    wanted = FileContent(b"new", 0o644, 65534, 65534)
    with stage({place: wanted}) as staged:
        commit(staged)
    assert observe(place) == wanted
    assert os.getxattr(target, acl.ATTRIBUTE) == kept


def test_an_acl_of_the_old_file_never_opens_new_content_that_is_for_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.conf"
    target.write_text("old")
    os.setxattr(target, acl.ATTRIBUTE, acl.read_for_user(65534))
    set_attribute, sizes = os.setxattr, []

    def noted(descriptor: int, name: str, value: bytes) -> None:
        set_attribute(descriptor, name, value)
        sizes.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "setxattr", noted)
    with stage({Place(target): file("secret", 0o600)}) as staged:
        commit(staged)
    assert sizes == [0], "nothing was to be read while others could have"
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_target_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    target = tmp_path / "a.conf"
    target.mkdir()
    (target / "in the way").touch()
    with pytest.raises(Failed) as caught, stage({Place(target): file("new")}) as staged:
        commit(staged)
    assert str(target) in caught.value.what
    assert names(tmp_path) == ["a.conf"]


def test_a_set_with_a_file_that_nobody_may_replace_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("old a")
    before = (tmp_path / "a.conf").stat().st_ino
    wanted = {Place(tmp_path / name): file(f"new {name}") for name in ("a.conf", "new.conf", "z.conf")}
    with stage(wanted) as staged:
        # It gets in the way after the set was staged.
        (tmp_path / "z.conf" / "in the way").mkdir(parents=True)
        with pytest.raises(Failed, match=r"z\.conf could not be written"):
            commit(staged)
    assert (tmp_path / "a.conf").stat().st_ino == before
    assert names(tmp_path) == ["a.conf", "z.conf"]


def test_a_set_of_which_one_file_cannot_be_replaced_after_all_is_put_back(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("old a")
    wanted = {Place(tmp_path / name): file(f"new {name}") for name in ("a.conf", "new.conf", "z.conf")}
    with stage(wanted) as staged:
        staged.written[tmp_path / "z.conf"].unlink()
        with pytest.raises(Failed, match=r"z\.conf could not be written"):
            commit(staged)
    assert (tmp_path / "a.conf").read_text() == "old a"
    assert names(tmp_path) == ["a.conf"]


def test_differences_are_told_for_people() -> None:
    assert differences(file("a"), file("a")) == ()
    assert differences(file("a"), None) == ("deleted",)
    assert differences(file("a"), file("b", 0o600)) == ("content", "mode 0600 instead of 0644")
    assert differences(None, None) == ()


def test_a_link_is_refused_also_one_that_leads_nowhere(tmp_path: Path) -> None:
    target = tmp_path / "a.conf"
    for leads_to in (tmp_path / "nowhere", Path("/dev/null")):
        target.symlink_to(leads_to)
        with pytest.raises(Failed, match=f"is a link to {leads_to}"):
            observe(Place(target))
        target.unlink()


def test_a_file_that_is_too_long_to_be_configuration_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "a.conf"
    with target.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Failed, match="longer"):
        observe(Place(target))


def test_a_folder_that_somebody_made_something_else_of_is_left_alone(tmp_path: Path) -> None:
    link, file_now = tmp_path / "link.d", tmp_path / "file.d"
    (tmp_path / "real.d").mkdir()
    link.symlink_to(tmp_path / "real.d")
    file_now.touch()
    remove_folders(map(Place, (link, file_now)))
    assert names(tmp_path) == ["file.d", "link.d", "real.d"]


def test_a_folder_that_cannot_be_made_durable_is_a_named_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with stage({Place(tmp_path / "a.conf"): file("new")}) as staged:
        monkeypatch.setattr(os, "fsync", broken)
        with pytest.raises(Failed) as caught:
            commit(staged)
    assert caught.value.reason is Reason.WRITE_FAILED
    assert "Input/output error" in caught.value.evidence
