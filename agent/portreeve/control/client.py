"""Asks the agent: HTTP/1.1 over its unix sockets.

Written over :mod:`socket`, because ``http.client`` alone costs 34 ms of the 150 ms in which a command starts.
"""

import json
import socket
import urllib.parse
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from portreeve.control.failures import SUDO, error_from_json
from portreeve.errors import Failed, PortreeveError, Reason, Refused, Unreachable
from portreeve.paths import Paths

ANSWER_TIMEOUT = 10.0
"""Seconds for connecting, and for each piece of an answer that is known at once."""

SILENCE_TIMEOUT = 45.0
"""Seconds without a line or heartbeat (one comes every 15 s) after which a stream's agent counts as hung."""

_LINE_LIMIT = 1 << 20
_BODY_LIMIT = 64 << 20
_HINT = "systemctl status portreeve"


def quote(text: str) -> str:
    """A text as one segment or value of a URL."""
    return urllib.parse.quote(text, safe=":@")


class Client:
    """The agent, as its sockets show it. All methods raise the same errors.

    Args:
        paths: where the sockets are.
        timeout: seconds for connecting, and for each piece of an answer.

    Raises:
        Unreachable: ``agent-unreachable``; there is no socket, nobody listens, or no answer came.
        Refused: ``permission``; the control socket is for root.
        PortreeveError: what the agent itself answered.
    """

    def __init__(self, paths: Paths, *, timeout: float = ANSWER_TIMEOUT) -> None:
        self._paths = paths
        self._timeout = timeout

    def get(self, path: str, *, control: bool = False, timeout: float | None = None) -> Any:
        """The JSON that a route answers.

        Args:
            path: with its query.
            control: ask the control socket, for what is not public.
            timeout: seconds, when it may take longer than other answers.
        """
        with self._exchange("GET", path, None, control=control, timeout=timeout) as answer:
            return answer.document()

    def post(self, path: str, body: Mapping[str, Any], *, timeout: float | None = None) -> Any:
        """Ask for something to be done; the JSON answer."""
        with self._exchange("POST", path, body, control=True, timeout=timeout) as answer:
            return answer.document()

    def stream(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        control: bool = False,
        silence: float = SILENCE_TIMEOUT,
    ) -> Generator[dict[str, Any], None, None]:
        """The lines of a stream as they come; with a body, a POST to the control socket.

        Args:
            path: with its query.
            body: what is asked to be done.
            control: ask the control socket.
            silence: seconds without even a heartbeat after which the agent counts as hung.
        """
        method = "GET" if body is None else "POST"
        with self._exchange(
            method, path, body, control=control or body is not None, timeout=silence
        ) as answer:
            yield from answer.lines()

    @contextmanager
    def _exchange(
        self, method: str, path: str, body: Mapping[str, Any] | None, *, control: bool, timeout: float | None
    ) -> Iterator["_Answer"]:
        file = self._paths.control_socket if control else self._paths.public_socket
        head = f"{method} {path} HTTP/1.1\r\nHost: portreeve\r\nConnection: close\r\n"
        data = b""
        if body is not None:
            data = json.dumps(body).encode()
            head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                connection.settimeout(self._timeout)
                connection.connect(str(file))
                connection.settimeout(timeout or self._timeout)
                _send(connection, head.encode() + b"\r\n" + data)
                yield _Answer(stack.enter_context(connection.makefile("rb")))
            except OSError as error:
                raise _failure(error, file) from error


class _Answer:
    """A response that is being read; its status line and headers have come.

    Raises:
        PortreeveError: what the agent answered instead.
        Unreachable: the agent ended the connection before the answer was whole.
    """

    def __init__(self, reader: BufferedReader) -> None:
        self._reader = reader
        status = self._line().split(b" ", 2)
        if len(status) < 2 or not status[0].startswith(b"HTTP/1.") or not status[1].isdigit():
            raise _not_understood(b" ".join(status))
        self._headers: dict[str, str] = {}
        while header := self._line():
            name, _, value = header.decode("latin-1").partition(":")
            self._headers[name.strip().lower()] = value.strip()
        if status[1] != b"200":
            raise _told(self.document())

    def document(self) -> Any:
        """The whole body as JSON."""
        text = self._headers.get("content-length", "")
        if not text.isdigit() or int(text) > _BODY_LIMIT:
            raise _not_understood(f"Content-Length: {text}".encode())
        data = self._reader.read(int(text))
        if len(data) < int(text):
            raise _cut()
        return _parse(data)

    def lines(self) -> Iterator[dict[str, Any]]:
        """The JSON objects of a chunked body, one a line; heartbeats are left out."""
        rest = b""
        while chunk := self._chunk():
            *complete, rest = (rest + chunk).split(b"\n")
            for line in complete:
                if line:
                    data = _parse(line)
                    if "error" in data:
                        raise _told(data)
                    yield data

    def _chunk(self) -> bytes:
        size = self._line()
        try:
            length = int(size, 16)
        except ValueError as error:
            raise _not_understood(size) from error
        if not 0 <= length <= _BODY_LIMIT:
            raise _not_understood(size)
        data = self._reader.read(length)
        if len(data) < length:
            raise _cut()
        self._line()
        return data

    def _line(self) -> bytes:
        line = self._reader.readline(_LINE_LIMIT)
        if not line.endswith(b"\n"):
            raise _cut()
        return line.rstrip(b"\r\n")


def _send(connection: socket.socket, data: bytes) -> None:
    try:
        connection.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        # An agent that is too busy answers without reading the request: its answer says more than this.
        return


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise _not_understood(data) from error


def _told(data: Any) -> PortreeveError:
    try:
        return error_from_json(data)
    except (KeyError, TypeError):
        return _not_understood(repr(data).encode())


def _not_understood(data: bytes) -> PortreeveError:
    return Failed(
        Reason.INTERNAL,
        "the agent's answer is not understood",
        evidence=data[:200].decode(errors="replace"),
        hint=f"see that it is portreeve that listens: {_HINT}",
    )


def _cut() -> PortreeveError:
    return Unreachable(
        Reason.AGENT_UNREACHABLE,
        "the agent ended the connection",
        evidence="before the answer was whole",
        hint=_HINT,
    )


def _failure(error: OSError, file: Path) -> PortreeveError:
    match error:
        case PermissionError():
            return Refused(
                Reason.PERMISSION,
                "not allowed to ask the agent",
                evidence=f"{file}: {error.strerror}",
                hint=SUDO,
            )
        case FileNotFoundError():
            evidence = f"{file} does not exist"
        case ConnectionRefusedError():
            evidence = f"nobody listens on {file}"
        case TimeoutError():
            evidence = f"{file} accepts, but no answer came in time"
        case _:
            evidence = f"{file}: {error.strerror or error}"
    return Unreachable(Reason.AGENT_UNREACHABLE, "the agent cannot be reached", evidence=evidence, hint=_HINT)
