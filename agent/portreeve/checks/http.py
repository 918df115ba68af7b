"""One bounded HTTP request: only the status counts.

Not http.client: its timeout is for each read, so a server that sends a byte now and then holds it up for
ever, and what answers here may be a container.
"""

import socket
import ssl
import time
from urllib.parse import urlsplit

from portreeve.checks.connecting import connect
from portreeve.errors import Failed, Reason

_ANSWER_LIMIT = 65_536
"""Bytes read in search of the status line."""


class HttpError(Exception):
    """The server answered with something that is not HTTP."""


def http_status(url: str, *, insecure: bool, timeout: float) -> int:
    """The status with which a URL answers; redirects are not followed.

    Args:
        url: ``http://`` or ``https://``.
        insecure: do not check the server's certificate.
        timeout: seconds for all of it.

    Raises:
        OSError: it cannot be reached, or its certificate is not trusted (:class:`ssl.SSLError`).
        TimeoutError: the answer did not come in time.
        HttpError: the answer is no HTTP.
        Failed: the URL is none.
    """
    return _request(url, "GET", b"", insecure=insecure, timeout=timeout)


def post_json(url: str, body: bytes, *, timeout: float) -> int:
    """The status with which a URL answers to JSON that is posted to it; redirects are not followed.

    Args:
        url: ``http://`` or ``https://``, whose certificate is checked.
        body: the JSON.
        timeout: seconds for all of it.

    Raises:
        OSError, TimeoutError, HttpError, Failed: as :func:`http_status`.
    """
    return _request(url, "POST", body, insecure=False, timeout=timeout)


def _request(url: str, method: str, body: bytes, *, insecure: bool, timeout: float) -> int:
    deadline = time.monotonic() + timeout
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _invalid(url) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _invalid(url)
    secure = parts.scheme == "https"
    port = port or (443 if secure else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\nConnection: close\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    request = head.encode() + b"\r\n" + body
    with connect(parts.hostname, port, timeout) as plain:
        plain.settimeout(_remaining(deadline))
        if not secure:
            return _exchange(plain, request, deadline)
        with _context(insecure).wrap_socket(plain, server_hostname=parts.hostname) as wrapped:
            return _exchange(wrapped, request, deadline)


def _exchange(connection: socket.socket, request: bytes, deadline: float) -> int:
    connection.settimeout(_remaining(deadline))
    connection.sendall(request)
    answer = b""
    while b"\r\n" not in answer:
        connection.settimeout(_remaining(deadline))
        data = connection.recv(4096)
        answer += data
        if not data or len(answer) > _ANSWER_LIMIT:
            break
    if not answer:
        raise HttpError("the connection was closed without an answer")
    version, _, rest = answer.partition(b"\r\n")[0].partition(b" ")
    if not version.startswith(b"HTTP/") or not rest[:3].isdigit():
        raise HttpError(f"the answer is no HTTP: {answer[:40]!r}")
    return int(rest[:3])


def _invalid(url: str) -> Failed:
    return Failed(
        Reason.VALUE_INVALID, "this is no URL of a web server", evidence=repr(url.partition("?")[0])
    )


def _context(insecure: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("no answer in time")
    return remaining
