"""Files that must keep their inode, since it is what somebody has mounted."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import acl
from portreeve.errors import Failed, Reason
from portreeve.mountinfo import is_mount_point
from portreeve.targets.file_state import FileContent, observe
from portreeve.targets.place import Place
from portreeve.targets.replace import commit
from portreeve.targets.stage import stage

NOBODY = 65534
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts and gives files away")


def file(text: str, mode: int = 0o644) -> FileContent:
    return FileContent(text.encode(), mode, os.geteuid(), os.getegid())


def write(files: dict[Place, FileContent | None]) -> None:
    with stage(files) as staged:
        commit(staged)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "a.conf").write_text("old and longer")
    return tmp_path / "a.conf"


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A single file that is mounted over another one."""
    source, place = tmp_path / "source.conf", tmp_path / "strange place\\.conf"
    source.write_text("old")
    place.write_text("below")
    mounting = subprocess.run(["mount", "--bind", source, place], capture_output=True, check=False)
    if mounting.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {mounting.stderr.decode()}")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_file_that_must_keep_its_inode_does(target: Path) -> None:
    before = target.stat().st_ino
    write({Place(target, in_place=True): file("new")})
    assert target.read_text() == "new"
    assert target.stat().st_ino == before
    assert [entry.name for entry in target.parent.iterdir()] == ["a.conf"]


def test_a_file_that_must_keep_its_inode_and_is_absent_is_made(tmp_path: Path) -> None:
    place = Place(tmp_path / "a.conf", in_place=True)
    write({place: file("new", 0o640)})
    assert observe(place) == file("new", 0o640)


@root_only
def test_a_mount_point_is_found_out_and_written_in_place(mounted: Path) -> None:
    assert is_mount_point(mounted)
    write({Place(mounted): file("new")})
    assert mounted.read_text() == "new"
    assert (mounted.parent / "source.conf").read_text() == "new"


@root_only
def test_a_mount_point_that_is_to_be_removed_is_a_named_failure(mounted: Path) -> None:
    with pytest.raises(Failed) as caught:
        write({Place(mounted): None})
    assert "mounted" in caught.value.hint


@root_only
def test_mode_and_owner_are_given_and_attributes_stay(target: Path) -> None:
    os.setxattr(target, acl.ATTRIBUTE, acl.read_for_user(NOBODY))
    os.setxattr(target, "user.origin", b"admin")
    wanted = FileContent(b"new", 0o640, NOBODY, NOBODY)
    write({Place(target, in_place=True): wanted})
    assert observe(Place(target)) == wanted
    assert os.getxattr(target, "user.origin") == b"admin"
    assert os.getxattr(target, acl.ATTRIBUTE) is not None


def test_permissions_are_narrowed_before_the_first_byte(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    written = os.pwrite

    def noted(descriptor: int, data: bytes, offset: int) -> int:
        seen.append(os.fstat(descriptor).st_mode & 0o777)
        return written(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", noted)
    target.chmod(0o644)
    write({Place(target, in_place=True): file("secret", 0o600)})
    write({Place(target, in_place=True): file("open", 0o644)})
    assert seen == [0o600, 0o600]
    assert target.stat().st_mode & 0o777 == 0o644


def test_a_file_with_other_names_is_not_written_in_place(target: Path) -> None:
    other = target.with_name("other")
    os.link(target, other)
    with pytest.raises(Failed) as caught:
        write({Place(target, in_place=True): file("new")})
    assert caught.value.reason is Reason.FILE_REFUSED
    assert other.read_text() == "old and longer"


def test_those_in_place_are_written_last_and_a_failure_puts_all_back(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    atomic = target.with_name("b.conf")
    atomic.write_text("old b")
    truncated = os.ftruncate
    seen: list[str] = []

    def full(descriptor: int, data: bytes, offset: int) -> int:
        seen.append(atomic.read_text())
        monkeypatch.undo()
        truncated(descriptor, 0)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(Failed, match=r"a\.conf could not be written"):
        write({Place(target, in_place=True): file("new a"), Place(atomic): file("new b")})
    assert seen == ["new b"], "the other one was in force already"
    assert (target.read_text(), atomic.read_text()) == ("old and longer", "old b")
    assert sorted(entry.name for entry in target.parent.iterdir()) == ["a.conf", "b.conf"]
