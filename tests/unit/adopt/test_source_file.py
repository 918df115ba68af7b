"""Writing a source: what was read is what is replaced, or nothing is."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from portreeve.adopt.model import SourceFile
from portreeve.adopt.source_file import write_source_file
from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Format, Source
from portreeve.errors import Failed, Reason


@pytest.fixture
def file(tmp_path: Path) -> SourceFile:
    path = tmp_path / "config.ini"
    path.write_bytes(b"[a]\nb=1\n")
    source = Source("app", HostFile(path), Format.INI)
    return SourceFile(source, tmp_path, "config.ini", b"[a]\nb=1\n", str(path))


def test_a_file_that_changed_since_it_was_shown_is_left_alone(file: SourceFile, tmp_path: Path) -> None:
    (tmp_path / "config.ini").write_bytes(b"[a]\nb=2\n")
    with pytest.raises(Failed) as caught:
        write_source_file(file, b"[a]\nb=3\n")
    assert caught.value.reason is Reason.FILE_UNSTABLE
    assert (tmp_path / "config.ini").read_bytes() == b"[a]\nb=2\n"


def test_a_file_that_grew_is_a_changed_one(file: SourceFile, tmp_path: Path) -> None:
    (tmp_path / "config.ini").write_bytes(b"[a]\nb=1\nc=2\n")
    with pytest.raises(Failed):
        write_source_file(file, b"[a]\nb=3\n")


def test_a_file_that_is_replaced_while_it_is_written_is_no_success(
    file: SourceFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replaced(descriptor: int, _length: int) -> None:
        (tmp_path / "new").write_bytes(b"[a]\nb=1\n")
        (tmp_path / "new").rename(tmp_path / "config.ini")

    monkeypatch.setattr(os, "ftruncate", replaced)
    with pytest.raises(Failed) as caught:
        write_source_file(file, b"[a]\nb=3\n")
    assert caught.value.evidence == "another file took its place while it was written"


def test_on_a_full_disk_the_file_is_what_it_was(
    file: SourceFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite

    def full(descriptor: int, data: bytes, offset: int) -> int:
        if len(data) > len(file.data):
            real(descriptor, data[:6], offset)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(Failed) as caught:
        write_source_file(file, b"[x]\nb=12345678\n")
    assert caught.value.reason is Reason.WRITE_FAILED
    assert (tmp_path / "config.ini").read_bytes() == file.data
