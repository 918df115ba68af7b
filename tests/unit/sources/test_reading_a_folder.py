"""All files of a folder that a container writes: none from elsewhere, none without bound, none torn."""

import os
import socket
import threading
from pathlib import Path

import pytest

from portreeve.errors import Reason, Waiting
from portreeve.sources import folder
from portreeve.sources.folder import FolderFile, read_folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("outside")
    (tmp_path / "volume/certs").mkdir(parents=True)
    return tmp_path / "volume"


def texts(root: Path) -> dict[str, str]:
    return {str(file.relative): file.data.decode() for file in read_folder(root, "certs")}


def refusal(root: Path) -> Waiting:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(Waiting) as caught:
        read_folder(root, "certs", wait=lambda _: None)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    return caught.value


def test_every_file_is_read_with_its_mode_and_those_of_its_folders(root: Path) -> None:
    (root / "certs/a/b").mkdir(parents=True)
    (root / "certs/a").chmod(0o755)
    (root / "certs/a/b").chmod(0o700)
    (root / "certs/x.crt").write_text("x")
    (root / "certs/x.crt").chmod(0o644)
    (root / "certs/a/b/y.key").write_text("y")
    (root / "certs/a/b/y.key").chmod(0o600)
    found = read_folder(root, "certs")
    assert [(str(file.relative), file.data, file.mode, file.folders) for file in found] == [
        ("a/b/y.key", b"y", 0o600, (0o755, 0o700)),
        ("x.crt", b"x", 0o644, ()),
    ]


def test_all_of_a_root_is_read(root: Path) -> None:
    (root / "certs/x").write_text("x")
    assert [str(file.relative) for file in read_folder(root, "")] == ["certs/x"]


def test_links_to_files_inside_the_root_are_followed_and_those_to_folders_are_left_out(root: Path) -> None:
    (root / "archive").mkdir()
    (root / "archive/one.pem").write_text("one")
    (root / "certs/live.pem").symlink_to("../archive/one.pem")
    (root / "certs/absolute.pem").symlink_to("/archive/one.pem")
    (root / "certs/all").symlink_to("../archive")
    assert texts(root) == {"live.pem": "one", "absolute.pem": "one"}


@pytest.mark.parametrize(
    "leads_to", ["../../outside/secret", "{root}/outside/secret", "nowhere", "/proc/1/maps"]
)
def test_a_link_out_of_the_root_is_refused(root: Path, leads_to: str) -> None:
    (root / "certs/x").symlink_to(leads_to.format(root=root.parent))
    assert refusal(root).reason in (Reason.FILE_ABSENT, Reason.FILE_REFUSED)


def test_a_folder_that_is_a_link_out_leads_nowhere(root: Path) -> None:
    (root / "certs").rmdir()
    (root / "certs").symlink_to(root.parent / "outside")
    assert refusal(root).reason is Reason.FILE_ABSENT


def test_a_hard_link_is_refused(root: Path) -> None:
    os.link(root.parent / "outside/secret", root / "certs/x")
    assert refusal(root).reason is Reason.FILE_REFUSED


def test_fifos_and_sockets_are_refused(root: Path) -> None:
    os.mkfifo(root / "certs/x")
    assert "a fifo" in refusal(root).evidence
    (root / "certs/x").unlink()
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(root / "certs/x"))
        assert "a socket" in refusal(root).evidence


@pytest.mark.parametrize(
    "name", ["a\nb", "a\x1bb", ".x.portreeve-new", b"\xff".decode(errors="surrogateescape")]
)
def test_a_name_that_would_do_harm_is_refused(root: Path, name: str) -> None:
    (root / "certs" / name).touch()
    error = refusal(root)
    assert error.reason is Reason.FILE_REFUSED
    assert error.evidence.isprintable()


def test_too_many_names_are_refused(root: Path) -> None:
    for number in range(folder.MAX_FILES + 1):
        (root / f"certs/{number}").touch()
    assert refusal(root).reason is Reason.FILE_TOO_LARGE


def test_too_many_bytes_are_refused_without_being_read(root: Path) -> None:
    for name in ("a", "b"):
        with (root / "certs" / name).open("wb") as file:
            file.truncate(folder.MAX_SIZE // 2 + 1)
    assert "bytes" in refusal(root).evidence
    with (root / "certs/a").open("wb") as file:
        file.truncate(1 << 40)
    assert "bytes" in refusal(root).evidence


def test_folders_too_deep_are_refused(root: Path) -> None:
    (root / "certs" / "/".join("d" * (folder.MAX_DEPTH + 1))).mkdir(parents=True)
    assert "deep" in refusal(root).evidence


def test_a_folder_that_is_absent_or_a_file_is_absent(root: Path) -> None:
    (root / "certs").rmdir()
    assert refusal(root).reason is Reason.FILE_ABSENT
    (root / "certs").touch()
    assert refusal(root).reason is Reason.FILE_ABSENT


def test_a_folder_in_which_somebody_writes_is_waited_for(root: Path) -> None:
    (root / "certs/x").write_text("half")
    with (root / "certs/x").open("a") as writing:
        writing.write("whole")
        assert refusal(root).reason is Reason.FILE_UNSTABLE
    assert texts(root) == {"x": "halfwhole"}


def test_a_change_between_two_looks_is_noticed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "certs/x").write_text("old")
    look, count = folder._look, 0

    def changed_between(*arguments: str) -> object:
        nonlocal count
        count += 1
        found = look(*arguments)  # type: ignore[arg-type]
        if count == 1:
            (root / "certs/x").write_text("new")
            (root / "certs/y").write_text("more")
        return found

    monkeypatch.setattr(folder, "_look", changed_between)
    assert texts(root) == {"x": "new", "y": "more"}


def test_a_folder_whose_files_are_replaced_all_the_time_gives_one_moment_or_nothing(root: Path) -> None:
    stop = threading.Event()

    def rotate() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            (root / "new").mkdir()
            for name in ("crt", "key"):
                (root / "new" / name).write_text(str(number))
            (root / "certs").rename(root / f"old{number}")
            (root / "new").rename(root / "certs")

    (root / "certs/crt").write_text("0")
    (root / "certs/key").write_text("0")
    rotating = threading.Thread(target=rotate)
    rotating.start()
    try:
        for _ in range(30):
            try:
                found: tuple[FolderFile, ...] = read_folder(root, "certs", wait=lambda _: None)
            except Waiting:
                continue
            assert len({file.data for file in found}) == 1
    finally:
        stop.set()
        rotating.join()
