"""Connections within one deadline."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from portreeve.checks import connecting
from portreeve.checks.connecting import connect

LIMIT = 5.0
"""Seconds: well below what is waited for without a bound."""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        yield found


@pytest.fixture
def silent() -> Iterator[int]:
    """A port whose queue is full: the kernel answers no further connection."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as full:
        port = full.getsockname()[1]
        queued = []
        for _ in range(3):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
            queued.append(one)
        yield port
        for one in queued:
            one.close()


def resolver(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Names lead to these addresses."""

    def told(*_arguments: Any, **_keywords: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", told)


def test_a_name_and_an_address_are_connected_to(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    for host in ("127.0.0.1", "localhost"):
        connect(host, port, LIMIT).close()


def test_the_time_is_that_of_all_addresses_together(silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, *["127.0.0.1"] * 8)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        connect("many.example", silent, 0.8)
    assert time.monotonic() - begun < 0.8 * 2


def test_an_address_that_answers_nothing_leaves_time_for_the_next_one(
    silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.create_server(("127.0.0.2", silent))):
        resolver(monkeypatch, "127.0.0.1", "127.0.0.2")
        connect("two.example", silent, 1.0).close()


def test_a_look_up_that_hangs_is_not_waited_for_and_has_one_thread_however_often_it_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on, asked = threading.Event(), []

    def hangs(host: str, *_arguments: Any, **_keywords: Any) -> list[Any]:
        asked.append(host)
        go_on.wait(LIMIT)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    begun = time.monotonic()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            connect("hangs.example", 80, 0.05)
    assert time.monotonic() - begun < LIMIT
    assert asked == ["hangs.example"]
    names = [f"n{number}.example" for number in range(20)]
    for name in names:
        with pytest.raises(TimeoutError):
            connect(name, 80, 0.01)
    assert len(connecting._looked_up) == connecting._LOOK_UPS_MOST
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "look-up":
            thread.join(LIMIT)
    assert connecting._looked_up == {}


def test_a_name_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: Any, **_keywords: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(socket.gaierror, match="not known"):
        connect("nowhere.example", 80, LIMIT)
    monkeypatch.undo()
    with pytest.raises(UnicodeError):
        connect("a" * 70, 80, LIMIT)


def test_a_name_is_looked_up_again_where_no_thread_could_be_started(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    port = listener.getsockname()[1]
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_left)
        with pytest.raises(RuntimeError):
            connect("localhost", port, LIMIT)
    connect("localhost", port, LIMIT).close()
