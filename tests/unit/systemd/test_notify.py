"""What reaches the service manager, on a real notify socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from portreeve.systemd.notify import Notifier, watchdog_interval


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(5)
        receiver.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield receiver


@pytest.fixture
def notifier(manager: socket.socket) -> Iterator[Notifier]:
    notifier = Notifier()
    yield notifier
    notifier.close()


def test_ready_watchdog_and_stopping_are_said(manager: socket.socket, notifier: Notifier) -> None:
    assert notifier.ready()
    assert notifier.watchdog()
    assert notifier.stopping()
    assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_a_status_is_utf8(manager: socket.socket, notifier: Notifier) -> None:
    notifier.status("cockpit: 9090 → 9443 …")
    assert manager.recv(200).decode() == "STATUS=cockpit: 9090 → 9443 …"


def test_a_status_cannot_bring_in_an_assignment_of_its_own(
    manager: socket.socket, notifier: Notifier
) -> None:
    notifier.status("waiting for x\nMAINPID=1\r\nREADY=1")
    assert manager.recv(200) == b"STATUS=waiting for x MAINPID=1 READY=1"


def test_what_cannot_be_encoded_does_not_stop_the_agent(manager: socket.socket, notifier: Notifier) -> None:
    assert notifier.status("bad \udcff name")
    assert manager.recv(100) == b"STATUS=bad ? name"


def test_a_reload_says_when_it_began(manager: socket.socket, notifier: Notifier) -> None:
    notifier.reloading()
    first, second = manager.recv(100).decode().split("\n")
    assert first == "RELOADING=1"
    assert second.removeprefix("MONOTONIC_USEC=").isdigit()


def test_more_time_is_asked_for_in_microseconds(manager: socket.socket, notifier: Notifier) -> None:
    notifier.extend_timeout(1.5)
    assert manager.recv(100) == b"EXTEND_TIMEOUT_USEC=1500000"


def test_an_abstract_socket_works(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"portreeve-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(5)
        receiver.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        notifier = Notifier()
        assert notifier.ready()
        assert receiver.recv(100) == b"READY=1"
        notifier.close()


def test_without_a_service_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not Notifier().ready()


def test_a_broken_socket_is_logged_once(
    manager: socket.socket, notifier: Notifier, caplog: pytest.LogCaptureFixture
) -> None:
    manager.close()
    assert not notifier.ready()
    assert not notifier.watchdog()
    assert len(caplog.records) == 1


def test_the_watchdog_is_fed_three_times_in_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert watchdog_interval() == 20


@pytest.mark.parametrize(
    ("limit", "pid"), [("", ""), ("0", ""), ("x", ""), ("60000000", "1")], ids=["none", "off", "bad", "other"]
)
def test_nobody_watches(monkeypatch: pytest.MonkeyPatch, limit: str, pid: str) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", limit)
    monkeypatch.setenv("WATCHDOG_PID", pid or str(os.getpid()))
    assert watchdog_interval() is None
