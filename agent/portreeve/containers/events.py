"""The stream of what happens to containers.

The SDK's own stream is not used: it cannot be closed before the daemon's first byte, for which it waits
without a timeout, and it hides every error behind an ordinary end [read and measured, docker 7.2].
"""

import json
import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlencode

from portreeve.containers import failure
from portreeve.containers.failure import Failure
from portreeve.containers.wire import UnixConnection
from portreeve.definitions.settings import DockerSettings

ACTIONS = (
    *("create", "start", "die", "destroy", "rename", "pause", "unpause", "update", "health_status"),
    *("kill", "stop", "connect", "disconnect"),
)
"""The events that can change what a source reads, of containers and of their networks.

The commands of health checks would add three a probe; ``health_status`` comes only when it changes."""

_LONGEST_LINE = 1 << 20
"""Bytes of one event; labels are in it."""


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """Something happened to a container: a hint to look, never a fact to act on.

    Args:
        container_id: all 64 digits.
        name: without a slash; after a rename the new one; empty where Docker does not tell, as with networks.
        action: one of :data:`ACTIONS`, ``health_status`` with what it is now: ``health_status: healthy``.
        labels: the container's labels, among other attributes; empty where the name is.
    """

    container_id: str
    name: str
    action: str
    labels: Mapping[str, str]


class EventStream:
    """An open stream; iterate over it in one thread, close it from any.

    However it ends (closed here or there, broken off, garbage), the iteration just ends: what was missed in
    between has to be looked for anyway. Use :meth:`open`.
    """

    def __init__(self, connection: HTTPConnection, response: HTTPResponse) -> None:
        self._connection = connection
        self._response = response
        # Its own descriptor, so that closing in one thread cannot hit a descriptor that was reused meanwhile.
        self._socket = connection.sock.dup()

    @classmethod
    def open(cls, settings: DockerSettings, api_version: str) -> "EventStream | Failure":
        """Ask for the events from now on; wait for the first line of the answer until the timeout.

        Args:
            settings: where Docker is.
            api_version: to speak.
        """
        filters = json.dumps({"type": ["container", "network"], "event": ACTIONS})
        connection = UnixConnection(settings)
        try:
            connection.request("GET", f"/v{api_version}/events?{urlencode({'filters': filters})}")
            response = connection.getresponse()
            if response.status != 200:
                body = response.read(4096).decode(errors="replace")
                connection.close()
                return failure.of_status(response.status, body, settings)
        except (OSError, HTTPException) as error:
            connection.close()
            return failure.of_exception(error, settings, timeout=settings.timeout)
        # Silence is normal from here on; whether Docker still lives is asked on another connection.
        connection.sock.settimeout(None)
        return cls(connection, response)

    def __iter__(self) -> Iterator[ContainerEvent]:
        try:
            while line := self._response.readline(_LONGEST_LINE):
                event = _parse(line)
                if event is None:
                    return
                if event.container_id:
                    yield event
        except (OSError, HTTPException, ValueError):
            return
        finally:
            self._response.close()
            self._connection.close()
            self._socket.close()

    @property
    def ended(self) -> bool:
        """Docker has closed its end: the daemon that this stream is of has gone, whatever is still unread."""
        polled = select.poll()
        try:
            polled.register(self._socket, select.POLLRDHUP)
            return bool(polled.poll(0))
        except (OSError, ValueError):  # Closed here.
            return True

    def close(self) -> None:
        """End the iteration, now, from any thread; again is harmless."""
        with suppress(OSError):  # It has ended by itself.
            self._socket.shutdown(socket.SHUT_RDWR)


def _parse(line: bytes) -> ContainerEvent | None:
    """An event; ``None`` when it is not one and the stream cannot be trusted any more.

    Only Type, Action and Actor are read: API 1.52 drops the older fields.
    """
    try:
        event: Any = json.loads(line)
        actor = event["Actor"]
        attributes = {str(key): str(value) for key, value in actor["Attributes"].items()}
        if event["Type"] == "network":  # Its own name and labels; the container's id is all there is of that.
            return ContainerEvent(attributes.get("container", ""), "", str(event["Action"]), {})
        return ContainerEvent(str(actor["ID"]), attributes.get("name", ""), str(event["Action"]), attributes)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
