"""What every test gets: it fails when it leaves a thread, a child process or a file descriptor behind."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

LEAK_DEADLINE = 5.0
"""Seconds that threads and children which are on their way out get to be gone."""


class _Failures:
    """Writes down which tests failed, for the second look of ``tests/run``."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.nodeid not in self._failed:
            self._failed.add(report.nodeid)
            with self._file.open("a") as file:
                file.write(report.nodeid + "\n")


def pytest_configure(config: pytest.Config) -> None:
    """Keep a list of failures where one is asked for; not in the workers, whose reports come here."""
    file = os.environ.get("PORTREEVE_TEST_FAILURES")
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Failures(Path(file)))


def _children() -> set[int]:
    pids: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            pids |= {int(pid) for pid in (task / "children").read_text().split()}
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pids


def _descriptors() -> dict[int, str]:
    found = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found[int(entry.name)] = str(entry.readlink())
        except OSError:
            continue
    return found


def _left(before: tuple[set[threading.Thread], set[int], dict[int, str]]) -> list[str]:
    threads, children, descriptors = before
    left = [f"thread {thread.name}" for thread in threading.enumerate() if thread not in threads]
    left += [f"child process {pid}" for pid in _children() - children]
    # Pipes and files of pytest's own capturing come and go; sockets, eventfds and inotify are the product's.
    left += [
        f"descriptor {number} ({name})"
        for number, name in _descriptors().items()
        if number not in descriptors and name.startswith(("socket:", "anon_inode:"))
    ]
    return left


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    before = (set(threading.enumerate()), _children(), _descriptors())
    yield
    deadline = time.monotonic() + LEAK_DEADLINE
    while (left := _left(before)) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert not left, f"the test left behind: {', '.join(left)}"


@pytest.fixture
def eventually() -> Callable[[Callable[[], object], str], None]:
    """Wait until a condition holds, for 10 s at most."""

    def wait(condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"after 10 s it is still not so that {what}")
            threading.Event().wait(0.01)

    return wait
