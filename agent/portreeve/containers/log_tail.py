"""What a container prints: the end of its log for people, and its log since a start for a probe."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from portreeve.containers.connection import Docker
from portreeve.containers.frames import Demultiplexer
from portreeve.containers.observed import Observed
from portreeve.containers.refusal import AbsentError, ConflictError, RefusedError, cut, removed

if TYPE_CHECKING:
    from docker import APIClient

_TAIL_BYTES = 1_048_576
"""Bytes of a tail that are read; Docker keeps a long line in pieces of 16 KiB, and counts each as a line."""

_PIECE = 65_536


def log_tail(docker: Docker, container_id: str, lines: int = 10) -> tuple[str, ...]:
    """The last lines that a container printed on both outputs, in the order in which they came.

    Args:
        docker: to ask.
        container_id: all 64 digits.
        lines: so many at most.

    Returns:
        Printable lines of at most 200 characters and an ellipsis; none where the log driver keeps nothing
        that can be read.

    Raises:
        Waiting: the container is gone, or Docker is at work on it.
        DockerUnavailable: Docker does not answer.
    """
    data = _log(docker, container_id, {"tail": str(lines)}, _TAIL_BYTES)
    shown = (cut(line) for line in data.decode(errors="replace").splitlines())
    return tuple(line for line in shown if line)[-lines:]


def log_since_start(docker: Docker, seen: Observed, max_bytes: int) -> bytes:
    """The beginning of what a container has printed since its last start, on both outputs.

    It is read from the end of its run before: ``StartedAt`` is written when Docker has seen the process
    start, and what that prints first is older [measured, 20.10]. What came out of the run before only after
    its end, within milliseconds, is read as well.

    Args:
        docker: to ask.
        seen: the container.
        max_bytes: so many at most, the first ones: the rest of a longer log is not read.

    Raises:
        Waiting: the container is gone, or Docker is at work on it.
        DockerUnavailable: Docker does not answer.
    """
    return _log(docker, seen.id, {"since": f"{seen.finished_at or 0.0:.6f}"}, max_bytes)


def _log(docker: Docker, container_id: str, which: Mapping[str, str], limit: int) -> bytes:
    """At most ``limit`` bytes of a log, and at most what comes within the settings' timeout."""
    name = container_id[:12]
    try:
        has_terminal = docker.inspect_as(container_id, name, lambda answer: bool(answer["Config"].get("Tty")))
        return docker.ask(
            lambda client: _read(client, container_id, which, limit, has_terminal=has_terminal),
            locked=name,
            conflicts=True,
            refusals=True,
        )
    except AbsentError as error:
        raise removed(name, container_id) from error
    except (ConflictError, RefusedError):
        # "configured logging driver does not support reading"; so does one that is "dead or marked for
        # removal".
        return b""


def _read(
    client: "APIClient", container_id: str, which: Mapping[str, str], limit: int, *, has_terminal: bool
) -> bytes:
    """``GET /containers/{id}/logs``, opened by hand: the SDK's own reads all of it into memory."""
    import requests
    import urllib3
    from docker.errors import create_api_error_from_http_exception

    deadline = time.monotonic() + float(client.timeout or 0)
    with client.get(
        f"{client.base_url}/v{client.api_version}/containers/{container_id}/logs",
        params={"stdout": "1", "stderr": "1", **which},
        headers={"Accept-Encoding": "identity"},
        stream=True,
        timeout=client.timeout,
    ) as response:
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            create_api_error_from_http_exception(error)
        found, frames = bytearray(), Demultiplexer()
        try:
            for data in response.raw.stream(_PIECE):
                pieces = [data] if has_terminal else [piece for _, piece in frames.feed(data)]
                found += b"".join(pieces)
                if len(found) >= limit or time.monotonic() >= deadline:
                    break
        except urllib3.exceptions.HTTPError as error:
            raise requests.ConnectionError(error) from error
        return bytes(found[:limit])
