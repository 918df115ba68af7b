"""The client against the real server, and against servers that do not do what they should."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.board_agent import BoardAgent, sync
from portreeve.control.client import Client, quote
from portreeve.control.server import ControlServer
from portreeve.errors import Failed, Misuse, PortreeveError, Reason, Refused, Unreachable
from portreeve.paths import Paths
from portreeve.reconcile.status import FileDiff, Preview, State


@contextlib.contextmanager
def answering(paths: Paths, answer: bytes, *, hang: bool = False) -> Iterator[None]:
    """A server that gives one client these bytes."""
    paths.runtime.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.public_socket))
        listener.listen()
        over = threading.Event()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(answer)
                if hang:
                    over.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        over.set()
        thread.join()


def test_a_document_is_what_the_agent_answers(server: ControlServer, paths: Paths) -> None:
    assert Client(paths).get("/v1/syncs/cockpit")["name"] == "cockpit"


def test_what_is_not_public_is_asked_of_the_control_socket(
    server: ControlServer, agent: BoardAgent, paths: Paths
) -> None:
    agent.previews["cockpit"] = Preview("cockpit", "nothing to do", (FileDiff("/a", ""),))
    assert Client(paths).get("/v1/syncs/cockpit/preview", control=True)["plan"] == "nothing to do"


def test_a_stream_gives_lines_as_they_come(server: ControlServer, agent: BoardAgent, paths: Paths) -> None:
    stream = Client(paths).stream("/v1/events")
    assert [next(stream)["sync"]["name"], next(stream)["sync"]["name"]] == ["cockpit", "proxy"]
    agent.board.post(sync("proxy"))
    assert next(stream)["sync"]["state"] == "in-step"
    stream.close()


def test_a_stream_ends_when_the_agent_stops(server: ControlServer, agent: BoardAgent, paths: Paths) -> None:
    stream = Client(paths).stream("/v1/events")
    next(stream)
    agent.board.changes.close()
    assert [line["sync"]["name"] for line in stream] == ["proxy"]


def test_a_post_streams_until_the_work_is_done(
    server: ControlServer, agent: BoardAgent, paths: Paths
) -> None:
    agent.after_request["proxy"] = sync("proxy")
    lines = list(Client(paths).stream("/v1/sync", {"names": ["proxy"]}))
    assert agent.requests == [("sync", "proxy")]
    assert lines[-1] == {"result": "done", "pending": []}


def test_a_value_that_is_not_ascii_survives(server: ControlServer, agent: BoardAgent, paths: Paths) -> None:
    agent.board.post(sync("cockpit", description="Zugänge · “ok”"))
    assert Client(paths).get("/v1/syncs/cockpit")["description"] == "Zugänge · “ok”"


@pytest.mark.parametrize("name", ["a b", "ä/ö", "a?b=c#d", "a\r\nX: y", "%41"])
def test_a_name_is_quoted_so_that_it_stays_one_name(
    server: ControlServer, agent: BoardAgent, paths: Paths, name: str
) -> None:
    if "/" not in name:
        agent.board.post(sync(name))
        assert Client(paths).get(f"/v1/syncs/{quote(name)}")["name"] == name
    else:
        with pytest.raises(Misuse):
            Client(paths).get(f"/v1/syncs/{quote(name)}")


def test_an_error_of_the_agent_comes_back_whole(server: ControlServer, paths: Paths) -> None:
    with pytest.raises(Misuse) as caught:
        Client(paths).get("/v1/syncs/cockpti")
    assert caught.value.reason is Reason.UNKNOWN_NAME
    assert caught.value.hint == "did you mean `cockpit`?"


def test_an_error_within_a_stream_comes_back_too(
    server: ControlServer, agent: BoardAgent, paths: Paths
) -> None:
    agent.ready = False
    stream = Client(paths).stream("/v1/wait?target=sync:cockpit&target=sync:later")
    assert next(stream)["sync"]["name"] == "cockpit"
    agent.ready = True
    agent.board.post(sync("proxy", State.FAILED))
    with pytest.raises(Misuse, match="there is no sync `later`"):
        next(stream)


def test_without_a_socket_the_agent_is_unreachable(paths: Paths) -> None:
    with pytest.raises(Unreachable) as caught:
        Client(paths).get("/v1/status")
    assert caught.value.reason is Reason.AGENT_UNREACHABLE
    assert caught.value.evidence == f"{paths.public_socket} does not exist"
    assert caught.value.hint == "systemctl status portreeve"


def test_a_socket_that_a_killed_agent_left_is_unreachable(paths: Paths) -> None:
    paths.runtime.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(paths.public_socket))
    with pytest.raises(Unreachable, match="nobody listens on"):
        Client(paths).get("/v1/status")


def test_an_agent_that_accepts_and_says_nothing_is_unreachable(paths: Paths) -> None:
    with (
        answering(paths, b"", hang=True),
        pytest.raises(Unreachable, match="accepts, but no answer came in time"),
    ):
        Client(paths, timeout=0.1).get("/v1/status")


def test_a_stream_without_even_heartbeats_is_unreachable(paths: Paths) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with answering(paths, head + b"1\r\n\n\r\n", hang=True), pytest.raises(Unreachable):
        list(Client(paths).stream("/v1/events", silence=0.1))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", Unreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Le", Unreachable),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", Unreachable),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Failed),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", Failed),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}", Failed),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{", Failed),
        (b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}", Failed),
        (b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n[]", Failed),
    ],
)
def test_an_answer_that_is_none_is_an_error_of_the_family(
    paths: Paths, answer: bytes, kind: type[PortreeveError]
) -> None:
    with answering(paths, answer), pytest.raises(kind):
        Client(paths).get("/v1/status")


@pytest.mark.parametrize(
    "chunk", [b"", b"zz\r\n", b"5\r\n{}", b"-1\r\n", b"3\r\n{,}\r\n", b"4\r\nno\n\n\r\n0\r\n\r\n"]
)
def test_a_stream_that_is_none_is_an_error_of_the_family(paths: Paths, chunk: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with answering(paths, head + chunk), pytest.raises(PortreeveError):
        list(Client(paths).stream("/v1/events"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_the_control_socket_refuses_other_users(server: ControlServer, paths: Paths) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            Client(paths).post("/v1/sync", {"names": []})
        except Refused as error:
            os.write(writing, f"{error.reason}: {error.hint}".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    assert said == "permission: it is for root: run the command with sudo"


def test_a_socket_whose_path_is_too_long_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="AF_UNIX path too long"):
        Client(Paths(tmp_path / ("x" * 120))).get("/v1/status")
