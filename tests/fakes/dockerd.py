"""A dockerd that does what a test tells it: Docker's API over HTTP on a real unix socket, and its failures.

It answers what portreeve asks for (ping, list, inspect, volume, archive, events, exec, kill) from what the
test put into it, in the shape of API 1.41 to 1.52, and can hang, lie, refuse and break off as a real daemon
does.
"""

import json
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.dockerd_act import Act
from fakes.dockerd_handler import Handler, Server
from fakes.dockerd_world import FakeContainer, FakeExec, Mode, bind, frame, tmpfs, volume

__all__ = ["FakeContainer", "FakeDockerd", "FakeExec", "Mode", "bind", "frame", "tmpfs", "volume"]


class FakeDockerd:
    """The daemon; a context manager.

    Args:
        path: where it listens; ``start`` and ``stop`` may be called again and again.
    """

    def __init__(self, path: Path) -> None:
        self.socket = path
        self.mode = Mode.OK
        self.api_version = "1.41"
        self.containers: list[FakeContainer] = []
        self.volumes: dict[str, dict[str, str] | None] = {}
        self.requests: list[str] = []
        self.vanish_before_inspect: set[str] = set()
        self.exec = FakeExec()
        self.commands: list[list[str]] = []
        self.signals: list[tuple[str, str]] = []
        self.refuse_next: tuple[int, str] | None = None
        self.scripts: dict[str, list[Act]] = {}
        self.acts: list[tuple[str, str]] = []
        self.networks: set[str] = {"bridge"}
        self.inspecting = 0
        self.most_inspecting = 0
        self.inspect_seconds = 0.0
        self.before_answer: Callable[[str], object] = str
        self.subscribed = threading.Semaphore(0)
        self.released = threading.Event()
        self._streams: list[queue.Queue[bytes | None]] = []
        self._connections: set[socket.socket] = set()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "FakeDockerd":
        self.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen and serve."""
        self.socket.unlink(missing_ok=True)
        self.released.clear()
        self._server = Server(str(self.socket), Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        """Break every connection off and be gone, the socket too."""
        if self._server is None or self._thread is None:
            return
        self.socket.unlink(missing_ok=True)
        self._server.shutdown()
        self._thread.join()
        self.break_off()
        self._server.server_close()
        self._server = None

    def break_off(self) -> None:
        """Break every open connection off, as a killed daemon does."""
        self.released.set()
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
            for stream in self._streams:
                stream.put(None)

    def release(self) -> None:
        """Let those go whom it kept waiting, without an answer; streams stay open."""
        self.released.set()
        self.released = threading.Event()

    def emit(self, action: str, container: FakeContainer, **attributes: str) -> None:
        """Send an event to everyone who listens."""
        event = {
            "Type": "container",
            "Action": action,
            "Actor": {
                "ID": container.id,
                "Attributes": {"image": "busybox", "name": container.name, **container.labels, **attributes},
            },
            "scope": "local",
            "time": 1_700_000_000,
            "timeNano": 1_700_000_000_000_000_000,
        }
        self.emit_bytes(json.dumps(event).encode() + b"\n")

    def emit_network(self, action: str, container: FakeContainer, network: str = "shop") -> None:
        """Send an event of a network, which names the container by its id alone."""
        attributes = {"container": container.id, "name": network, "type": "bridge"}
        event = {"Type": "network", "Action": action, "Actor": {"ID": "f" * 64, "Attributes": attributes}}
        self.emit_bytes(json.dumps(event).encode() + b"\n")

    def emit_bytes(self, data: bytes) -> None:
        """Send these bytes to everyone who listens to events."""
        with self._lock:
            for stream in self._streams:
                stream.put(data)

    def subscribe(self) -> "queue.Queue[bytes | None]":
        """A new listener's queue; ``None`` ends it."""
        stream: queue.Queue[bytes | None] = queue.Queue()
        with self._lock:
            self._streams.append(stream)
        self.subscribed.release()
        return stream

    def unsubscribe(self, stream: "queue.Queue[bytes | None]") -> None:
        """The listener is gone."""
        with self._lock:
            self._streams.remove(stream)

    def connected(self, connection: socket.socket) -> None:
        """Remember an open connection."""
        with self._lock:
            self._connections.add(connection)

    def disconnected(self, connection: socket.socket) -> None:
        """Forget a closed connection."""
        with self._lock:
            self._connections.discard(connection)

    @contextmanager
    def counted_inspect(self) -> Iterator[None]:
        """Count those who inspect at the same time; each takes ``inspect_seconds``."""
        with self._lock:
            self.inspecting += 1
            self.most_inspecting = max(self.most_inspecting, self.inspecting)
        threading.Event().wait(self.inspect_seconds)
        with self._lock:
            self.inspecting -= 1
        yield

    @property
    def connections(self) -> int:
        """Open connections."""
        with self._lock:
            return len(self._connections)

    def container(self, id_: str) -> FakeContainer | None:
        """By name, id, or the beginning of an id, as Docker does."""
        for each in self.containers:
            if id_ in (each.name, each.id) or each.id.startswith(id_):
                return each
        return None
