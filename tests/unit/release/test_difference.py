"""What differs between two builds is told down to the member and what is said of it."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from release import difference


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two empty folders."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    return tmp_path / "one", tmp_path / "other"


def archive(file: Path, members: dict[str, str], mtime: int = 0, mode: int = 0o644) -> None:
    """A compressed tar archive."""
    with tarfile.open(file, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(content), mtime, mode
            tar.addfile(info, io.BytesIO(content.encode()))


def test_the_same_bytes_differ_in_nothing(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        (folder / "a").write_text("same")
    assert difference.between(*folders) == []


def test_a_file_that_one_lacks_is_named(folders: tuple[Path, Path]) -> None:
    (folders[1] / "a").write_text("")
    assert difference.between(*folders) == ["a: only in the second"]


def test_lines_of_a_text_are_shown(folders: tuple[Path, Path]) -> None:
    for folder, time in zip(folders, ("8:00", "9:00"), strict=True):
        (folder / "a").write_text(f"same\nbuilt at {time}\n")
    assert difference.between(*folders) == ["a:\n    -built at 8:00\n    +built at 9:00"]


def test_the_member_of_an_archive_is_named(folders: tuple[Path, Path]) -> None:
    for folder, content in zip(folders, ("1", "2"), strict=True):
        archive(folder / "a.tar.gz", {"inner/file": content})
    assert difference.between(*folders) == ["a.tar.gz / inner/file:\n    -1\n    +2"]


def test_times_and_modes_are_told(folders: tuple[Path, Path]) -> None:
    archive(folders[0] / "a.tar.gz", {"file": "1"})
    archive(folders[1] / "a.tar.gz", {"file": "1"}, mtime=7, mode=0o600)
    assert difference.between(*folders) == ["a.tar.gz / file (header):\n    -644 0/ 0/ 0\n    +600 0/ 0/ 7"]


def test_another_order_is_told(folders: tuple[Path, Path]) -> None:
    archive(folders[0] / "a.tar", {"x": "1", "y": "1"})
    archive(folders[1] / "a.tar", {"y": "1", "x": "1"})
    assert difference.between(*folders) == ["a.tar: the same members in another order"]


def test_another_compression_is_told(folders: tuple[Path, Path]) -> None:
    for folder, kind in zip(folders, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED), strict=True):
        with zipfile.ZipFile(folder / "a.whl", "w", kind) as wheel:
            wheel.writestr(zipfile.ZipInfo("member"), "content" * 100, kind)
    assert difference.between(*folders) == ["a.whl: the same members, compressed or headed otherwise"]


def test_archives_in_an_ar_archive_are_looked_into(folders: tuple[Path, Path]) -> None:
    for folder, content in zip(folders, ("1", "2"), strict=True):
        archive(folder / "data.tar.gz", {"file": content})
        data = (folder / "data.tar.gz").read_bytes()
        (folder / "data.tar.gz").unlink()
        header = f"{'data.tar.gz':16}{'0':12}{'0':6}{'0':6}{'100644':8}{len(data):<10}`\n"
        (folder / "p.deb").write_bytes(b"!<arch>\n" + header.encode() + data + b"\n" * (len(data) % 2))
    assert difference.between(*folders) == ["p.deb / data.tar.gz / file:\n    -1\n    +2"]


def test_bytes_are_told_by_where_they_differ(folders: tuple[Path, Path]) -> None:
    for folder, last in zip(folders, (b"\x00", b"\x01"), strict=True):
        (folder / "a").write_bytes(b"\xff\xfe" + last)
    (told,) = difference.between(*folders)
    assert told.startswith("a: 3 and 3 bytes")
    assert told.endswith("first at byte 2")
