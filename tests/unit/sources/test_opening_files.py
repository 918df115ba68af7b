"""Whatever a container puts into its volume, only a regular file inside it is opened."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.nobody import nobody
from portreeve.errors import Reason, Waiting
from portreeve.sources.open_beneath import open_beneath


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside.ini").write_text("outside")
    (tmp_path / "volume").mkdir()
    return tmp_path / "volume"


def content(root: Path, relative: str) -> tuple[str, Path]:
    with open_beneath(root, relative) as opened:
        return os.read(opened.fd, 1000).decode(), opened.path


def refusal(root: Path, relative: str) -> Waiting:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(Waiting) as caught:
        open_beneath(root, relative)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    return caught.value


def test_a_regular_file_is_opened(root: Path) -> None:
    (root / "config.ini").write_text("inside")
    assert content(root, "config.ini") == ("inside", root / "config.ini")


@pytest.mark.parametrize("target", ["real.ini", "/sub/../real.ini", "../../../real.ini", "sub/link"])
def test_links_are_followed_inside_the_root_and_the_real_path_is_told(root: Path, target: str) -> None:
    (root / "real.ini").write_text("inside")
    (root / "sub").mkdir()
    (root / "sub/link").symlink_to("../real.ini")
    (root / "config.ini").symlink_to(target)
    assert content(root, "config.ini") == ("inside", root / "real.ini")


@pytest.mark.parametrize("relative", ["config.ini", "../outside.ini", "/../outside.ini"])
def test_nothing_leads_out(root: Path, relative: str) -> None:
    (root / "config.ini").symlink_to("../outside.ini")
    assert refusal(root, relative).reason is Reason.FILE_ABSENT


def test_an_absolute_link_to_a_file_of_the_host_leads_nowhere(root: Path) -> None:
    (root / "config.ini").symlink_to(root.parent / "outside.ini")
    assert refusal(root, "config.ini").reason is Reason.FILE_ABSENT


def test_a_folder_that_is_a_link_out_leads_nowhere(root: Path) -> None:
    (root / "etc").symlink_to("/etc")
    assert refusal(root, "etc/passwd").reason is Reason.FILE_REFUSED


def test_links_in_a_circle_are_refused(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    assert refusal(root, "a").reason is Reason.FILE_REFUSED


def test_a_magic_link_is_refused() -> None:
    assert refusal(Path("/proc"), "self/exe").reason is Reason.FILE_REFUSED
    assert refusal(Path("/proc"), "self/root/etc/passwd").reason is Reason.FILE_REFUSED


def test_a_fifo_is_refused_at_once(root: Path) -> None:
    os.mkfifo(root / "config.ini")
    assert "a fifo" in refusal(root, "config.ini").evidence


def test_a_socket_is_refused(root: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(root / "config.ini"))
        assert "a socket" in refusal(root, "config.ini").evidence


def test_a_directory_is_refused(root: Path) -> None:
    assert "a directory" in refusal(root, ".").evidence


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
def test_a_device_is_refused_and_not_even_opened(root: Path) -> None:
    # No driver has this number: opening would give ENXIO, so the refusal shows that nothing was opened.
    os.mknod(root / "config.ini", 0o600 | 0o020000, os.makedev(511, 255))
    error = refusal(root, "config.ini")
    assert error.reason is Reason.FILE_REFUSED
    assert "a device" in error.evidence


def test_a_missing_file_is_absent(root: Path) -> None:
    assert refusal(root, "sub/config.ini").reason is Reason.FILE_ABSENT


def test_a_file_below_a_file_is_absent(root: Path) -> None:
    (root / "sub").write_text("")
    assert refusal(root, "sub/config.ini").reason is Reason.FILE_ABSENT


def test_a_missing_root_is_absent(root: Path) -> None:
    error = refusal(root / "gone", "config.ini")
    assert error.reason is Reason.FILE_ABSENT
    assert str(root / "gone") in error.what


def test_a_name_that_is_too_long_is_unreadable(root: Path) -> None:
    assert refusal(root, "x" * 300).reason is Reason.FILE_UNREADABLE


def test_a_file_that_may_not_be_read_is_unreadable(root: Path) -> None:
    (root / "config.ini").touch(0)
    with nobody():
        assert refusal(root, "config.ini").reason is Reason.FILE_UNREADABLE


def test_a_file_that_has_a_name_elsewhere_is_refused_in_a_volume(root: Path) -> None:
    os.link(root.parent / "outside.ini", root / "config.ini")
    assert refusal(root, "config.ini").reason is Reason.FILE_REFUSED


def test_a_file_of_the_host_may_have_two_names(root: Path) -> None:
    os.link(root.parent / "outside.ini", root / "config.ini")
    assert content(Path("/"), str(root / "config.ini"))[0] == "outside"


TRIES = 100_000 if os.environ.get("PORTREEVE_TEST_LONG") else 10_000

SWAPPER = """
import os, sys
os.chdir(sys.argv[1])
os.mkdir("real"); open("real/config.ini", "w").write("inside")
os.symlink("..", "way-out")
number = 0
while True:
    number += 1
    kind = number % 4
    if kind == 0: open("new", "w").write("inside")
    elif kind == 1: os.symlink("../outside.ini", "new")
    elif kind == 2: os.symlink(os.path.join(sys.argv[1], "../outside.ini"), "new")
    else: os.symlink("sub/config.ini", "new")
    os.rename("new", "config.ini")
    os.rename("real" if os.path.exists("real") else "way-out", "sub")
    os.rename("sub", "real" if os.path.isdir("sub") and not os.path.islink("sub") else "way-out")
"""


def test_names_that_are_swapped_between_check_and_open_never_lead_out(
    root: Path, eventually: Callable[[Callable[[], object], str], None]
) -> None:
    with subprocess.Popen([sys.executable, "-c", SWAPPER, str(root)]) as swapper:
        try:
            # However long an interpreter takes to start, the reads come after it.
            eventually(lambda: outcome(root, "config.ini") == "inside", "names are swapped")
            seen = {outcome(root, "config.ini") for _ in range(TRIES)}
            assert swapper.poll() is None
        finally:
            swapper.kill()
    assert "outside" not in seen
    assert len(seen) > 1, "the names were not swapped"


def outcome(root: Path, relative: str) -> str:
    try:
        return content(root, relative)[0]
    except Waiting as refused:
        return str(refused.reason)
