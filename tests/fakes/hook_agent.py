"""An agent's control socket that says what a test scripts: all of it, a part, nothing, or no end of it."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

from portreeve.paths import Paths

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(line: dict[str, Any] | None) -> bytes:
    """A line of a stream as it goes over the wire; ``None`` is a heartbeat."""
    data = b"\n" if line is None else json.dumps(line).encode() + b"\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


@contextlib.contextmanager
def hook_agent(
    paths: Paths, *lines: dict[str, Any], then: str = "end", head: bytes = _HEAD
) -> Iterator[list[bytes]]:
    """Answer each request with these lines.

    Args:
        paths: where the socket is.
        lines: of the stream.
        then: ``end`` it, ``hang``, or ``beat`` without an end.
        head: of the answer; empty for an agent that accepts and says nothing.

    Yields:
        The requests, as they came.
    """
    paths.runtime.mkdir(parents=True, exist_ok=True)
    requests: list[bytes] = []
    over = threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.control_socket))
        listener.listen()
        listener.settimeout(0.05)

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError, BrokenPipeError, ConnectionResetError):
                    connection, _ = listener.accept()
                    with connection:
                        connection.settimeout(5)
                        requests.append(connection.recv(65536))
                        connection.sendall(head + b"".join(map(chunk, lines)))
                        while then == "beat" and not over.wait(0.05):
                            connection.sendall(chunk(None))
                        if then == "hang":
                            over.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield requests
        finally:
            over.set()
            thread.join()
