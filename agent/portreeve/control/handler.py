"""One request on one connection: read within bounds, answer, close.

Connections are not kept: cockpit's bridge and our client make a new one for each request anyway (0.8 ms), and
one deadline for the whole request is what keeps a client that dribbles bytes from holding a thread.
"""

import io
import json
import logging
import socket
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from portreeve import __version__
from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.control.failures import BodyTooLarge, MethodRefused, error_to_json, http_status
from portreeve.control.routes import Document, Request, Routes, Stream
from portreeve.control.streams import Line
from portreeve.errors import Failed, Misuse, PortreeveError, Reason

log = logging.getLogger(__name__)

BODY_LIMIT = 64 * 1024
"""Bytes of a request's body."""

REQUEST_DEADLINE = 10.0
"""Seconds within which a whole request must have come."""

WRITE_DEADLINE = 10.0
"""Seconds within which a client must take one piece of an answer."""


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until a moment, however slowly the bytes come."""

    def __init__(self, connection: socket.socket, deadline: float, clock: Clock) -> None:
        self._connection = connection
        self._deadline = deadline
        self._clock = clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        remaining = self._deadline - self._clock.monotonic()
        if remaining <= 0:
            raise TimeoutError("the request did not come in time")
        self._connection.settimeout(remaining)
        return self._connection.recv_into(buffer)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection; the instance does its work while it is made, as socketserver wants it.

    Args:
        connection: the client.
        routes: what can be asked.
        trusted: the connection may ask for everything.
        request_deadline: seconds for the whole request.
    """

    protocol_version = "HTTP/1.1"
    server_version = f"portreeve/{__version__}"
    sys_version = ""
    timeout = WRITE_DEADLINE

    def __init__(
        self,
        connection: socket.socket,
        server: Any,
        routes: Routes,
        *,
        trusted: bool,
        request_deadline: float = REQUEST_DEADLINE,
    ) -> None:
        self._routes = routes
        self._trusted = trusted
        self._request_deadline = request_deadline
        super().__init__(connection, "", server)

    def setup(self) -> None:
        """Read with one deadline for everything."""
        super().setup()
        self.rfile.close()
        deadline = SYSTEM_CLOCK.monotonic() + self._request_deadline
        self.rfile = io.BufferedReader(_DeadlineReader(self.connection, deadline, SYSTEM_CLOCK))

    def handle(self) -> None:
        """One request; a client that went away is nobody's problem."""
        self.close_connection = True
        try:
            self.handle_one_request()
        except ConnectionError as error:
            log.debug("a client went away: %s", error)

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer({})

    def do_POST(self) -> None:
        """Answer a POST."""
        try:
            body = self._body()
        except PortreeveError as error:
            self._send_error(error)
        else:
            self._answer(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses, in our words instead of HTML."""
        what = message or HTTPStatus(code).phrase
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self._send_error(MethodRefused(self.command, self.path, "GET, POST"))
        else:
            self._send_error(Misuse(Reason.USAGE, f"not a request: {what}", evidence=explain or ""))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Requests are a matter for debugging."""
        log.debug(format, *args)

    def _answer(self, body: dict[str, Any]) -> None:
        try:
            answer = self._routes.answer(self._request(body))
        except PortreeveError as error:
            self._send_error(error)
        except Exception as error:
            log.exception("a request could not be answered")
            self._send_error(_internal(error))
        else:
            if isinstance(answer, Stream):
                self._send_lines(answer.lines)
            else:
                self._send_document(HTTPStatus.OK, answer)

    def _request(self, body: dict[str, Any]) -> Request:
        """The request as the routes see it.

        Raises:
            Misuse: the path is none.
        """
        try:
            url = urlsplit(self.path)
            query = parse_qs(url.query, keep_blank_values=True)
        except ValueError as error:
            raise Misuse(Reason.USAGE, "the path is not one", evidence=str(error)) from error
        return Request(self.command, url.path, query, body, trusted=self._trusted)

    def _body(self) -> dict[str, Any]:
        """The request's JSON object.

        Raises:
            Misuse: it has no length, is too long, or is no JSON object.
        """
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise Misuse(Reason.USAGE, "a POST needs a Content-Length", evidence=f"Content-Length: {length}")
        if int(length) > BODY_LIMIT:
            raise BodyTooLarge(Reason.USAGE, f"the body is longer than {BODY_LIMIT} bytes", evidence=length)
        try:
            data = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise Misuse(Reason.USAGE, "the body is not JSON", evidence=str(error)) from error
        if not isinstance(data, dict):
            raise Misuse(Reason.USAGE, "the body must be a JSON object", evidence=type(data).__name__)
        return data

    def _send_error(self, error: PortreeveError) -> None:
        document = Document(error_to_json(error))
        self._send_document(http_status(error), document, getattr(error, "allowed", ""))

    def _send_document(self, status: int, document: Document, allowed: str = "") -> None:
        content = document.content
        data = content if isinstance(content, bytes) else json.dumps(content).encode() + b"\n"
        self._begin(status, document.content_type)
        self.send_header("Content-Length", str(len(data)))
        if allowed:
            self.send_header("Allow", allowed)
        self.end_headers()
        self.wfile.write(data)

    def _send_lines(self, lines: Iterator[Line]) -> None:
        self._begin(HTTPStatus.OK, "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in _until_error(lines):
            data = b"\n" if line is None else json.dumps(line).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def _begin(self, status: int, content_type: str) -> None:
        self.connection.settimeout(WRITE_DEADLINE)
        # http.server sends no headers to what it takes for HTTP/0.9, which is every line that is no request.
        self.request_version = self.protocol_version
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Connection", "close")


def _until_error(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines; an error in their making becomes the last of them, as the HTTP status has gone out."""
    try:
        yield from lines
    except PortreeveError as error:
        yield error_to_json(error)
    except Exception as error:
        log.exception("a stream ended early")
        yield error_to_json(_internal(error))


def _internal(error: Exception) -> Failed:
    return Failed(
        Reason.INTERNAL,
        "the agent made a mistake",
        evidence=f"{type(error).__name__}: {error}",
        hint="see journalctl -u portreeve, and report it",
    )
