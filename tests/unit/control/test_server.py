"""The sockets, asked over real sockets with the bytes that any HTTP client would send."""

import contextlib
import json
import os
import socket
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from fakes.board_agent import BoardAgent, sync
from portreeve.control.door import Door
from portreeve.control.peer import Peer, Slots
from portreeve.control.routes import Routes
from portreeve.control.server import ControlServer
from portreeve.errors import Failed
from portreeve.paths import Paths
from portreeve.reconcile.status import State

NOBODY = 65534


def ask(file: Path, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """One request as raw bytes; status, headers and the raw body until the server closes."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(file))
        with contextlib.suppress(BrokenPipeError):
            connection.sendall(request)
        data = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    fields = dict(header.split(": ", 1) for header in headers)
    return int(first.split()[1]), fields, body


def get(file: Path, path: str) -> tuple[int, Any]:
    status, _, body = ask(file, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return status, json.loads(body)


def in_child(work: Callable[[], int], uid: int) -> int:
    """What a function returns in a process of another user."""
    child = os.fork()
    if child == 0:
        code = 99
        with contextlib.suppress(BaseException):
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            code = work()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def test_the_status_is_json(server: ControlServer, paths: Paths) -> None:
    status, overview = get(paths.public_socket, "/v1/status")
    assert status == 200
    assert overview["ready"] is True
    assert [(entry["name"], entry["state"]) for entry in overview["syncs"]] == [
        ("cockpit", "in-step"),
        ("proxy", "waiting"),
    ]


def test_one_sync_can_be_asked_for(server: ControlServer, paths: Paths) -> None:
    assert get(paths.public_socket, "/v1/syncs/proxy")[1]["state"] == "waiting"


def test_a_misspelt_sync_is_404_with_a_suggestion(server: ControlServer, paths: Paths) -> None:
    status, answer = get(paths.public_socket, "/v1/syncs/cockpti")
    assert status == 404
    assert answer["error"]["reason"] == "unknown-name"
    assert answer["error"]["hint"] == "did you mean `cockpit`?"


@pytest.mark.parametrize("name", ["a%2Fb", "", "%25"])
def test_a_name_that_can_be_none_is_still_told_as_a_name(
    server: ControlServer, paths: Paths, name: str
) -> None:
    status, answer = get(paths.public_socket, f"/v1/syncs/{name}")
    assert status == 404
    assert answer["error"]["what"] == f"there is no sync `{unquote(name)}`"


def test_an_unknown_route_is_404(server: ControlServer, paths: Paths) -> None:
    assert get(paths.public_socket, "/v2/status")[0] == 404


def test_a_wrong_method_is_405_and_says_which_is_right(server: ControlServer, paths: Paths) -> None:
    request = b"POST /v1/status HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
    status, headers, _ = ask(paths.public_socket, request)
    assert (status, headers["Allow"]) == (405, "GET")


def test_a_method_that_no_route_has_is_405(server: ControlServer, paths: Paths) -> None:
    status, _, body = ask(paths.public_socket, b"DELETE /v1/status HTTP/1.1\r\n\r\n")
    assert status == 405
    assert json.loads(body)["error"]["what"] == "/v1/status has no DELETE"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /v1/wait HTTP/1.1\r\n\r\n", 400),
        (b"GET /v1/wait?target=everything HTTP/1.1\r\n\r\n", 400),
        (b"GET /v1/wait?target=all&for=ever HTTP/1.1\r\n\r\n", 400),
        (b"GET /v1/wait?target=all&timeout=nan HTTP/1.1\r\n\r\n", 400),
        (b"GET /v1/wait?target=all&timeout=-1 HTTP/1.1\r\n\r\n", 400),
        (b"GET /v1/wait?target=sync:nothing HTTP/1.1\r\n\r\n", 404),
        (b"GET //[ HTTP/1.1\r\n\r\n", 404),
        (b"POST /v1/sync HTTP/1.1\r\n\r\n", 400),
        (b"POST /v1/sync HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST /v1/sync HTTP/1.1\r\nContent-Length: 3\r\n\r\n{,}", 400),
        (b"POST /v1/sync HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]", 400),
        (b'POST /v1/sync HTTP/1.1\r\nContent-Length: 14\r\n\r\n{"names": "a"}', 400),
        (b"POST /v1/hold HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 400),
        (b'POST /v1/hold HTTP/1.1\r\nContent-Length: 14\r\n\r\n{"names": "a"}', 400),
        (b'POST /v1/rollback HTTP/1.1\r\nContent-Length: 25\r\n\r\n{"name": "proxy","to":-1}', 400),
        (b"POST /v1/rollback HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 400),
        (b"POST /v1/sync HTTP/1.1\r\nContent-Length: 65537\r\n\r\n{}", 413),
    ],
)
def test_what_is_no_request_is_refused_as_json(
    server: ControlServer, paths: Paths, request_: bytes, status: int
) -> None:
    answered, _, body = ask(paths.control_socket, request_)
    assert answered == status
    assert json.loads(body)["error"]["what"]


def test_a_mistake_of_the_agent_is_500_and_no_more(
    server: ControlServer, agent: BoardAgent, paths: Paths
) -> None:
    agent.error = ZeroDivisionError("division by zero")
    status, answer = get(paths.public_socket, "/v1/syncs/cockpit")
    assert (status, answer["error"]["reason"]) == (500, "internal-error")
    agent.error = None
    assert get(paths.public_socket, "/v1/syncs/cockpit")[0] == 200


@pytest.mark.parametrize(
    "path", ["/v1/syncs/cockpit/history", "/v1/syncs/cockpit/preview"], ids=["history", "preview"]
)
def test_what_only_root_may_read_is_not_on_the_public_socket(
    server: ControlServer, paths: Paths, path: str
) -> None:
    status, answer = get(paths.public_socket, path)
    assert (status, answer["error"]["reason"]) == (403, "permission")


@pytest.mark.parametrize("path", ["/v1/sync", "/v1/hold", "/v1/rollback"])
def test_nothing_can_be_done_through_the_public_socket(
    server: ControlServer, agent: BoardAgent, paths: Paths, path: str
) -> None:
    status, _, _ = ask(paths.public_socket, f"POST {path} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    assert status == 403
    assert agent.requests == []


def test_the_sockets_have_their_modes_whatever_the_umask(agent: BoardAgent, paths: Paths) -> None:
    before = os.umask(0o077)
    try:
        server = ControlServer(agent, paths)
        server.start()
        modes = [stat.S_IMODE(file.stat().st_mode) for file in (paths.public_socket, paths.control_socket)]
        server.stop()
    finally:
        os.umask(before)
    assert modes == [0o666, 0o600]


@needs_root
def test_anybody_may_read_the_public_socket(server: ControlServer, paths: Paths) -> None:
    assert in_child(lambda: get(paths.public_socket, "/v1/status")[0] - 200, NOBODY) == 0


@needs_root
def test_nobody_else_may_connect_to_the_control_socket(server: ControlServer, paths: Paths) -> None:
    def connect() -> int:
        try:
            get(paths.control_socket, "/v1/status")
        except PermissionError:
            return 13
        return 0

    assert in_child(connect, NOBODY) == 13


@needs_root
def test_a_mode_that_somebody_widened_opens_nothing(
    server: ControlServer, agent: BoardAgent, paths: Paths
) -> None:
    paths.control_socket.chmod(0o666)

    def act() -> int:
        request = b"POST /v1/sync HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
        return ask(paths.control_socket, request)[0] // 100

    assert in_child(act, NOBODY) == 4
    assert agent.requests == []


def test_a_socket_left_behind_is_replaced(agent: BoardAgent, paths: Paths) -> None:
    paths.runtime.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(paths.public_socket))
    server = ControlServer(agent, paths)
    server.start()
    assert get(paths.public_socket, "/v1/status")[0] == 200
    server.stop()


def test_a_file_that_is_no_socket_is_not_removed(agent: BoardAgent, paths: Paths) -> None:
    paths.runtime.mkdir(parents=True)
    paths.control_socket.write_text("somebody's")
    with pytest.raises(Failed, match="cannot be made"):
        ControlServer(agent, paths).start()
    assert paths.control_socket.read_text() == "somebody's"
    assert not paths.public_socket.exists()


def test_stopping_removes_the_sockets_and_their_descriptors(agent: BoardAgent, paths: Paths) -> None:
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not paths
    server = ControlServer(agent, paths)
    server.start()
    get(paths.public_socket, "/v1/status")
    server.stop()
    assert list(paths.runtime.iterdir()) == []
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_stopping_twice_is_stopping_once(agent: BoardAgent, paths: Paths) -> None:
    server = ControlServer(agent, paths)
    server.start()
    server.stop()
    server.stop()


def test_a_stream_that_nobody_ends_does_not_hold_up_the_stop(agent: BoardAgent, paths: Paths) -> None:
    server = ControlServer(agent, paths)
    server.start()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(paths.public_socket))
        client.sendall(b"GET /v1/events HTTP/1.1\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
        agent.board.changes.close()
        server.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("control-")]


@pytest.fixture
def door(agent: BoardAgent, paths: Paths) -> Door:
    """A door that gives requests a fifth of a second, and serves two, one of them of strangers."""
    paths.runtime.mkdir(parents=True)
    return Door(
        paths.public_socket, 0o666, Routes(agent), trusting=False, request_deadline=0.2, slots=Slots(2, 1)
    )


@pytest.mark.parametrize(
    "sent", [b"", b"GET /v1/st", b"POST /v1/sync HTTP/1.1\r\nContent-Length: 50\r\n\r\n{"]
)
def test_a_client_that_stops_in_its_request_is_hung_up_on(door: Door, paths: Paths, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(paths.public_socket))
        client.sendall(sent)
        door.handle_request()
        began = time.monotonic()
        assert client.recv(1) == b""
        assert time.monotonic() - began < 2
    door.leave(1)


def test_a_client_that_dribbles_is_hung_up_on_all_the_same(door: Door, paths: Paths) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(0.02)
        client.connect(str(paths.public_socket))
        door.handle_request()
        began = time.monotonic()
        hung_up = False
        while not hung_up and time.monotonic() - began < 5:
            try:
                client.send(b"x")
                hung_up = client.recv(1) == b""
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                hung_up = True
    assert hung_up
    door.leave(1)


def test_one_connection_too_many_is_told_so(door: Door, paths: Paths) -> None:
    with contextlib.ExitStack() as clients:
        for _ in range(2):
            client = clients.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(paths.public_socket))
            door.handle_request()
        last = clients.enter_context(socket.socket(socket.AF_UNIX))
        last.connect(str(paths.public_socket))
        door.handle_request()
        assert last.recv(12) == b"HTTP/1.1 503"
    door.leave(1)


def test_a_slot_is_free_again_when_its_connection_ended(door: Door, paths: Paths) -> None:
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(paths.public_socket))
            client.sendall(b"GET /v1/status HTTP/1.1\r\n\r\n")
            door.handle_request()
            assert client.recv(12) == b"HTTP/1.1 200"
            while client.recv(65536):
                pass
            door.join(1)
    door.leave(1)


def test_metrics_are_for_prometheus(server: ControlServer, agent: BoardAgent, paths: Paths) -> None:
    agent.board.post(sync("cockpit", State.FAILED, attempts=3, generation=2))
    status, headers, body = ask(paths.public_socket, b"GET /metrics HTTP/1.1\r\n\r\n")
    lines = body.decode().splitlines()
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'portreeve_sync_state{state="failed",sync="cockpit"} 1.0' in lines
    assert 'portreeve_sync_state{state="in-step",sync="cockpit"} 0.0' in lines
    assert 'portreeve_sync_attempts{sync="cockpit"} 3.0' in lines
    assert 'portreeve_sync_generation{sync="cockpit"} 2.0' in lines
    assert not any(line.startswith('portreeve_sync_generation{sync="proxy"}') for line in lines)
    assert 'portreeve_info{version="0.1.0"} 1.0' in lines
    assert "portreeve_docker_up 1.0" in lines
    assert "portreeve_start_timestamp_seconds 1.7e+09" in lines


def test_strangers_cannot_take_the_slots_of_root() -> None:
    slots = Slots(total=3, untrusted=1)
    stranger, root = Peer(1, 12345), Peer(1, 0)
    assert slots.take(stranger)
    assert not slots.take(stranger)
    assert slots.take(root)
    assert slots.take(root)
    assert not slots.take(root)
    slots.give_back(stranger)
    assert slots.take(stranger)
