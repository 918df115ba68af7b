"""A dockerd that does what a test tells it: Docker's API over HTTP on a real unix socket, and its failures.

It answers what portreeve asks for (ping, list, inspect, volume, archive, events) from what the test put into
it, in the shape of API 1.41 to 1.52, and can hang, lie, refuse and break off as a real daemon does.
"""

import base64
import hashlib
import io
import json
import queue
import re
import socket
import tarfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

_VERSIONED = re.compile(r"^/v(\d+\.\d+)(/.*)$")


class Mode(StrEnum):
    """How the daemon behaves from now on."""

    OK = "ok"
    ERROR = "500"
    GARBAGE = "garbage"
    HANG = "hang"
    REFUSE_VERSION = "refuse-version"
    CLOSE = "close"
    HALF_EVENT = "half-event"
    GARBAGE_EVENT = "garbage-event"
    PING_ONLY = "ping-only"


@dataclass
class FakeContainer:
    """A container as the fake daemon knows it; change its fields at any time."""

    name: str
    id: str = ""
    status: str = "running"
    labels: dict[str, str] = field(default_factory=dict)
    mounts: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, tarfile.TarInfo | bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.id = self.id or hashlib.sha256(self.name.encode()).hexdigest()

    def link(self, path: str, target: str) -> None:
        """Put a symbolic link into its file system."""
        member = tarfile.TarInfo(path.rpartition("/")[2])
        member.type, member.linkname = tarfile.SYMTYPE, target
        self.files[path] = member

    def special(self, path: str, kind: bytes) -> None:
        """Put a directory, fifo or device into its file system."""
        member = tarfile.TarInfo(path.rpartition("/")[2])
        member.type = kind
        self.files[path] = member


def volume(name: str, source: Path | str, destination: str, driver: str = "local") -> dict[str, Any]:
    """A mounted volume, as inspect shows it."""
    return {
        "Type": "volume",
        "Name": name,
        "Source": str(source),
        "Destination": destination,
        "Driver": driver,
        "Mode": "z",
        "RW": True,
        "Propagation": "",
    }


def bind(source: Path | str, destination: str) -> dict[str, Any]:
    """A bind mount, as inspect shows it."""
    return {"Type": "bind", "Source": str(source), "Destination": destination, "Mode": "", "RW": True}


def tmpfs(destination: str) -> dict[str, Any]:
    """A tmpfs, as inspect shows it."""
    return {"Type": "tmpfs", "Source": "", "Destination": destination, "Mode": "", "RW": True}


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 256
    fake: "FakeDockerd"


class FakeDockerd:
    """The daemon; a context manager.

    Args:
        socket: where it listens; ``start`` and ``stop`` may be called again and again.
    """

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.mode = Mode.OK
        self.api_version = "1.41"
        self.containers: list[FakeContainer] = []
        self.volumes: dict[str, dict[str, str] | None] = {}
        self.requests: list[str] = []
        self.vanish_before_inspect: set[str] = set()
        self.before_answer: Callable[[str], object] = str
        self.subscribed = threading.Semaphore(0)
        self.released = threading.Event()
        self._streams: list[queue.Queue[bytes | None]] = []
        self._connections: set[socket_type] = set()
        self._server: _Server | None = None
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
        self._server = _Server(str(self.socket), _Handler)
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

    def connected(self, connection: "socket_type") -> None:
        """Remember an open connection."""
        with self._lock:
            self._connections.add(connection)

    def disconnected(self, connection: "socket_type") -> None:
        """Forget a closed connection."""
        with self._lock:
            self._connections.discard(connection)

    def container(self, id_: str) -> FakeContainer | None:
        """By name, id, or the beginning of an id, as Docker does."""
        for each in self.containers:
            if id_ in (each.name, each.id) or each.id.startswith(id_):
                return each
        return None


socket_type = socket.socket


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self._fake.connected(self.connection)

    def finish(self) -> None:
        self._fake.disconnected(self.connection)
        try:
            super().finish()
        except OSError:
            self.wfile.close()

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *args: object) -> None:
        pass

    @property
    def _fake(self) -> FakeDockerd:
        return cast("_Server", self.server).fake

    def do_GET(self) -> None:
        fake, url = self._fake, urlsplit(self.path)
        fake.requests.append(self.path)
        fake.before_answer(url.path)
        versioned = _VERSIONED.match(url.path)
        path = versioned[2] if versioned else url.path
        mode = fake.mode
        if mode is Mode.CLOSE:
            self.close_connection = True
        elif mode is Mode.HANG or (mode is Mode.PING_ONLY and path != "/_ping"):
            fake.released.wait(60)
            self.close_connection = True
        elif mode is Mode.GARBAGE:
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            self.close_connection = True
        elif mode is Mode.ERROR:
            self._message(500, "the daemon is not well")
        elif mode is Mode.REFUSE_VERSION and (versioned or path == "/_ping"):
            asked = versioned[1] if versioned else "1.24"
            self._message(400, f"client version {asked} is too old. Minimum supported API version is 1.44")
        else:
            self._answer(path, {key: values[0] for key, values in parse_qs(url.query).items()})

    def _answer(self, path: str, query: dict[str, str]) -> None:
        filters = json.loads(query.get("filters", "{}"))
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match parts:
            case ["_ping"]:
                self._send(200, b"OK", "text/plain")
            case ["containers", "json"]:
                self._json([_listed(each) for each in self._fake.containers if _passes(each, filters)])
            case ["containers", id_, "json"]:
                self._inspect(id_)
            case ["containers", id_, "archive"]:
                self._archive(id_, query["path"])
            case ["volumes", name]:
                if name in self._fake.volumes:
                    self._json({"Name": name, "Driver": "local", "Options": self._fake.volumes[name]})
                else:
                    self._message(404, f"get {name}: no such volume")
            case ["events"]:
                self._events(filters)
            case _:
                self._message(404, "page not found")

    def _inspect(self, id_: str) -> None:
        found = self._fake.container(id_)
        if found is None or found.name in self._fake.vanish_before_inspect:
            self._message(404, f"No such container: {id_}")
            return
        running = found.status in ("running", "paused")
        self._json(
            {
                "Id": found.id,
                "Name": f"/{found.name}",
                "State": {
                    "Status": found.status,
                    "Running": running,
                    "Pid": 4242 if running else 0,
                    "StartedAt": "2024-01-01T00:00:00Z",
                },
                "Config": {"Labels": found.labels or None},
                "Mounts": found.mounts,
            }
        )

    def _archive(self, id_: str, path: str) -> None:
        found = self._fake.container(id_)
        if found is None:
            self._message(404, f"No such container: {id_}")
            return
        content = found.files.get(path)
        if content is None:
            self._message(404, f"Could not find the file {path} in container {id_}")
            return
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            if isinstance(content, bytes):
                member = tarfile.TarInfo(path.rpartition("/")[2])
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
            else:
                tar.addfile(content)
        stat = base64.b64encode(json.dumps({"name": path}).encode()).decode()
        self._send(200, buffer.getvalue(), "application/x-tar", **{"X-Docker-Container-Path-Stat": stat})

    def _events(self, filters: dict[str, Any]) -> None:
        stream = self._fake.subscribe()
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            wanted = filters.get("event")
            while (data := stream.get()) is not None:
                if self._fake.mode is Mode.HALF_EVENT:
                    self.wfile.write(f"{len(data):x}\r\n".encode() + data[: len(data) // 2])
                    break
                if self._fake.mode is Mode.GARBAGE_EVENT:
                    data = b'{"Type": nonsense}\n'
                elif wanted and json.loads(data)["Action"].split(":")[0] not in wanted:
                    continue
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                self.wfile.flush()
        finally:
            self._fake.unsubscribe(stream)
            self.close_connection = True

    def _json(self, data: Any) -> None:
        self._send(200, json.dumps(data).encode(), "application/json")

    def _message(self, status: int, text: str) -> None:
        self._send(status, json.dumps({"message": text}).encode(), "application/json")

    def _send(self, status: int, body: bytes, type_: str, **headers: str) -> None:
        self.send_response_only(status)
        self.send_header("Api-Version", self._fake.api_version)
        self.send_header("Server", "Docker/20.10.24 (linux)")
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _listed(each: FakeContainer) -> dict[str, Any]:
    return {
        "Id": each.id,
        "Names": [f"/{each.name}"],
        "State": each.status,
        "Labels": each.labels,
        "Mounts": each.mounts,
    }


def _passes(each: FakeContainer, filters: dict[str, Any]) -> bool:
    names = filters.get("name", [])
    if names and not any(re.search(name, each.name) or re.search(name, "/" + each.name) for name in names):
        return False
    for label in filters.get("label", []):
        key, given, value = label.partition("=")
        if key not in each.labels or (given and each.labels[key] != value):
            return False
    return True
