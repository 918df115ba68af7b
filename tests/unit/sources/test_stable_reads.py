"""A file is read whole or not at all, however it is written."""

import fcntl
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from portreeve.errors import Reason, Waiting
from portreeve.sources.lease import Writers, read_lease
from portreeve.sources.open_beneath import open_beneath
from portreeve.sources.stable import WINDOW, read_stable, read_twice


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.ini"
    path.write_text("port = 9000\n")
    return path


def whole(data: bytes) -> bool:
    return True


def broken_off(data: bytes) -> bool:
    return False


class Waits:
    """Counts what was waited, and lets the world move on instead."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.total = 0.0
        self.then = then

    def __call__(self, seconds: float) -> None:
        self.total += seconds
        self.then()


def read(file: Path, wait: Waits, limit: int = 1000, complete: Callable[[bytes], bool] = whole) -> bytes:
    return read_stable(
        lambda: open_beneath(file.parent, file.name), limit, complete, name=file.name, wait=wait
    )


def test_a_file_that_nobody_writes_is_read_at_once(file: Path) -> None:
    wait = Waits()
    assert read(file, wait) == b"port = 9000\n"
    assert wait.total == 0


def test_a_half_written_file_is_not_taken(file: Path) -> None:
    writer = file.open("w")
    writer.write("port = 9")
    writer.flush()

    def finish() -> None:
        if not writer.closed and wait.total > 0.1:
            writer.write("100\n")
            writer.close()

    wait = Waits(finish)
    assert read(file, wait) == b"port = 9100\n"


def test_a_writer_that_never_ends_and_never_rests_is_unstable(file: Path) -> None:
    with file.open("a") as writer:

        def go_on() -> None:
            writer.write("x")
            writer.flush()

        with pytest.raises(Waiting) as caught:
            read(file, Waits(go_on))
    assert caught.value.reason is Reason.FILE_UNSTABLE
    assert "open for writing" in caught.value.evidence


def test_a_writer_that_keeps_the_file_open_and_rests_is_believed_after_the_window(file: Path) -> None:
    wait = Waits()
    with file.open("a"):
        assert read(file, wait) == b"port = 9000\n"
    assert wait.total == pytest.approx(WINDOW)


def test_a_writer_that_rests_in_the_middle_is_not_believed(file: Path) -> None:
    with file.open("a"), pytest.raises(Waiting) as caught:
        read(file, Waits(), complete=broken_off)
    assert caught.value.reason is Reason.FILE_UNSTABLE


@pytest.fixture
def no_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    # The number of a command that no kernel has: what a file system without leases answers, EINVAL.
    monkeypatch.setattr(fcntl, "F_SETLEASE", 9999)


def test_without_leases_the_same_bytes_twice_are_taken(file: Path, no_leases: None) -> None:
    wait = Waits()
    assert read(file, wait) == b"port = 9000\n"
    assert wait.total == pytest.approx(0.1)


def test_without_leases_a_file_that_changes_is_read_until_it_rests(file: Path, no_leases: None) -> None:
    def write() -> None:
        if wait.total < 0.35:
            file.write_text(f"port = {wait.total}\n")

    wait = Waits(write)
    assert read(file, wait) == file.read_bytes()


def test_without_leases_incomplete_bytes_are_given_the_whole_window(file: Path, no_leases: None) -> None:
    wait = Waits()
    assert read(file, wait, complete=broken_off) == b"port = 9000\n"
    assert wait.total == pytest.approx(WINDOW)


def test_without_leases_a_file_that_never_rests_is_unstable(file: Path, no_leases: None) -> None:
    count = iter(range(1000))
    with pytest.raises(Waiting) as caught:
        read(file, Waits(lambda: file.write_text(str(next(count)))))
    assert caught.value.reason is Reason.FILE_UNSTABLE


def test_a_file_over_the_limit_is_refused(file: Path) -> None:
    file.write_bytes(b"x" * 1001)
    with pytest.raises(Waiting) as caught:
        read(file, Waits())
    assert caught.value.reason is Reason.FILE_TOO_LARGE
    assert caught.value.evidence == "1001 bytes, 1000 allowed"


def test_a_huge_file_is_refused_without_reading_it(file: Path) -> None:
    os.truncate(file, 1 << 40)
    with pytest.raises(Waiting) as caught:
        read(file, Waits())
    assert caught.value.reason is Reason.FILE_TOO_LARGE


def test_a_writer_waits_only_while_the_file_is_read(file: Path) -> None:
    with open_beneath(file.parent, file.name) as opened:
        with read_lease(opened.fd) as writers:
            assert writers is Writers.NONE
            writer = subprocess.Popen(["sh", "-c", f"echo new > '{file}'"])
            with pytest.raises(subprocess.TimeoutExpired):
                writer.wait(0.3)
            assert os.pread(opened.fd, 100, 0) == b"port = 9000\n"
        assert writer.wait(5) == 0
    assert file.read_text() == "new\n"


def test_breaking_a_lease_does_not_end_a_process_that_knows_nothing_of_signals(file: Path) -> None:
    code = """
import subprocess, sys
from pathlib import Path
from portreeve.sources.lease import read_lease
from portreeve.sources.open_beneath import open_beneath
file = Path(sys.argv[1])
with open_beneath(file.parent, file.name) as opened, read_lease(opened.fd):
    writer = subprocess.Popen(["sh", "-c", f"echo new > '{file}'"])
    try:
        writer.wait(0.3)
    except subprocess.TimeoutExpired:
        print("waited")
writer.wait()
print("alive")
"""
    environment = {**os.environ, "PYTHONPATH": "agent"}
    child = subprocess.run(
        [sys.executable, "-c", code, str(file)], env=environment, capture_output=True, text=True, timeout=20
    )
    assert (child.stdout, child.returncode) == ("waited\nalive\n", 0)


def test_many_rewrites_in_place_never_show_a_half(file: Path) -> None:
    versions = [f"[cockpit]\nport = {port}\n" + "# x\n" * 500 for port in (9000, 9100)]
    file.write_text(versions[0])
    stop = threading.Event()

    def write() -> None:
        for text in itertools.cycle(versions):
            with file.open("w") as out:
                for line in text.splitlines(keepends=True):
                    out.write(line)
                    if len(line) > 5:
                        out.flush()
            if stop.wait(0.002):
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [
            read_stable(lambda: open_beneath(file.parent, file.name), 10_000, bool, name=file.name)
            for _ in range(100)
        ]
    finally:
        stop.set()
        writer.join()
    assert set(seen) <= {text.encode() for text in versions}


def test_what_cannot_be_opened_is_read_until_two_reads_agree() -> None:
    reads = iter([b"a", b"ab", b"abc", b"abc"])
    wait = Waits()
    assert read_twice(lambda: next(reads), whole, name="x", wait=wait) == b"abc"
    assert wait.total == pytest.approx(0.3)


def test_what_never_agrees_is_unstable() -> None:
    reads = iter(range(1000))
    with pytest.raises(Waiting) as caught:
        read_twice(lambda: str(next(reads)).encode(), whole, name="x", wait=Waits())
    assert caught.value.reason is Reason.FILE_UNSTABLE


def test_what_agrees_and_stays_incomplete_is_taken_after_the_window() -> None:
    wait = Waits()
    assert read_twice(lambda: b"", broken_off, name="x", wait=wait) == b""
    assert wait.total == pytest.approx(WINDOW)
