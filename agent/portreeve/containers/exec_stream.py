"""What a command in a container prints, as it comes: one connection, closed in any case.

The SDK is not used for it: it takes the socket out of its pool and leaves it to the caller, without a timeout
[read, docker 7.2].
"""

import json
import time
from http.client import HTTPException
from typing import Protocol

from portreeve.containers import failure
from portreeve.containers.connection import Docker
from portreeve.containers.frames import Demultiplexer, Output
from portreeve.containers.refusal import AbsentError, ConflictError
from portreeve.containers.wire import UnixConnection

_PIECE = 65_536
_MESSAGE = 4096
"""Bytes of a refusal that are looked at."""


class Sink(Protocol):
    """Takes what is printed."""

    def add(self, output: Output, piece: bytes) -> bool:
        """Take a piece; false when enough has come."""


def read_output(docker: Docker, exec_id: str, sink: Sink, deadline: float) -> bool:
    """Start what was made with ``exec_create``, and read both outputs until they end.

    Args:
        docker: to ask.
        exec_id: of the command.
        sink: takes what is printed.
        deadline: by :func:`time.monotonic`.

    Returns:
        Whether it came to the end; else the sink had enough.

    Raises:
        TimeoutError: the deadline passed.
        AbsentError: Docker answered 404.
        ConflictError: Docker answered 409.
        DockerUnavailable: it does not answer, or breaks off in the middle.
    """
    version = docker.require_up().api_version
    connection = UnixConnection(docker.settings)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise docker.lost(error, docker.settings.timeout) from error
        # The connection lets go of its socket once the answer turns out to have no length, as it does here.
        sock = connection.sock
        sock.settimeout(remaining(deadline))
        connection.request(
            "POST",
            f"/v{version}/exec/{exec_id}/start",
            json.dumps({"Detach": False, "Tty": False}),
            {"Content-Type": "application/json"},
        )
        with connection.getresponse() as response:
            if response.status != 200:
                raise _refusal(docker, response.status, response.read(_MESSAGE).decode(errors="replace"))
            frames = Demultiplexer()
            while True:
                sock.settimeout(remaining(deadline))
                data = response.read1(_PIECE)
                if not data:
                    break
                for output, piece in frames.feed(data):
                    if not sink.add(output, piece):
                        return False
        if not frames.complete:
            raise ConnectionResetError("in the middle of a command's output")
    except TimeoutError:
        raise
    except (OSError, HTTPException, ValueError) as error:
        raise docker.lost(error, docker.settings.timeout) from error
    finally:
        connection.close()
    return True


def remaining(deadline: float) -> float:
    """Seconds until the deadline.

    Raises:
        TimeoutError: it has passed.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _refusal(docker: Docker, status: int, body: str) -> Exception:
    match status:
        case 404:
            return AbsentError(body)
        case 409:
            return ConflictError(body)
        case _:
            return failure.of_status(status, body, docker.settings).error()
