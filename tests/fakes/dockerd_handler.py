"""Answers the requests that the fake daemon gets, one connection a thread."""

import base64
import io
import json
import re
import tarfile
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from fakes import dockerd_act, dockerd_exec
from fakes.dockerd_world import FakeContainer, Mode

if TYPE_CHECKING:
    from fakes.dockerd import FakeDockerd

_VERSIONED = re.compile(r"^/v(\d+\.\d+)(/.*)$")


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 256
    fake: "FakeDockerd"


class Handler(BaseHTTPRequestHandler):
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
    def _fake(self) -> "FakeDockerd":
        return cast("Server", self.server).fake

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._body = json.loads(body) if body else {}
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

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
            self.message(500, "the daemon is not well")
        elif mode is Mode.REFUSE_VERSION and (versioned or path == "/_ping"):
            asked = versioned[1] if versioned else "1.24"
            self.message(400, f"client version {asked} is too old. Minimum supported API version is 1.44")
        else:
            self._answer(path, {key: values[0] for key, values in parse_qs(url.query).items()})

    def _answer(self, path: str, query: dict[str, str]) -> None:
        filters = json.loads(query.get("filters", "{}"))
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match parts:
            case ["_ping"]:
                self._send(200, b"OK", "text/plain")
            case ["containers", "json"]:
                self.json([_listed(each) for each in self._fake.containers if _passes(each, filters)])
            case ["containers", id_, "json"]:
                self._inspect(id_)
            case ["containers", id_, "archive"]:
                self._archive(id_, query["path"])
            case ["volumes", name]:
                if name in self._fake.volumes:
                    self.json({"Name": name, "Driver": "local", "Options": self._fake.volumes[name]})
                else:
                    self.message(404, f"get {name}: no such volume")
            case ["events"]:
                self._events(filters)
            case ["containers", id_, "exec"] | ["containers", id_, "kill"] if self.command == "POST":
                dockerd_exec.act(self, self._fake, id_, parts[2], query.get("signal", ""), self._body)
            case ["containers", id_, "logs"]:
                dockerd_act.log(self, self._fake, id_)
            case ["containers", id_, what] if self.command == "POST":
                dockerd_act.act(self, self._fake, id_, what)
            case ["containers", id_] if self.command == "DELETE":
                dockerd_act.act(self, self._fake, id_, "remove")
            case ["networks", name, "connect"] if self.command == "POST":
                dockerd_act.connect(self, self._fake, name, self._body["Container"])
            case ["networks", name]:
                if name in self._fake.networks:
                    self.json({"Name": name})
                else:
                    self.message(404, f"network {name} not found")
            case ["exec", id_, "start"] if self.command == "POST":
                dockerd_exec.start(self, self._fake)
            case ["exec", id_, "json"]:
                self.json(dockerd_exec.inspected(self._fake, id_))
            case _:
                self.message(404, "page not found")

    def _inspect(self, id_: str) -> None:
        found = self._fake.container(id_)
        if found is None or found.name in self._fake.vanish_before_inspect:
            self.message(404, f"No such container: {id_}")
            return
        with self._fake.counted_inspect():
            self.json(inspected(found))

    def _archive(self, id_: str, path: str) -> None:
        found = self._fake.container(id_)
        if found is None:
            self.message(404, f"No such container: {id_}")
            return
        content = found.files.get(path)
        if content is None:
            self.message(404, f"Could not find the file {path} in container {id_}")
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

    def json(self, data: Any) -> None:
        body = json.dumps(data).encode()
        if self._fake.mode is Mode.TRUNCATED:
            body = body[: len(body) // 2]
        self._send(200, body, "application/json")

    def no_content(self, status: int = 204) -> None:
        self._send(status, b"", "application/json")

    def raw(self, body: bytes) -> None:
        self._send(200, body, "application/vnd.docker.raw-stream")

    def message(self, status: int, text: str) -> None:
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


def inspected(each: FakeContainer) -> dict[str, Any]:
    running = each.status in ("running", "paused")
    answer: dict[str, Any] = {
        "Id": each.id,
        "Name": f"/{each.name}",
        "State": {
            "Status": each.status,
            "Running": running,
            "Pid": 4242 if running else 0,
            "ExitCode": each.exit_code,
            "Error": each.error,
            "OOMKilled": False,
            "StartedAt": each.started_at or f"2024-01-01T00:00:{each.starts:02}Z",
            "FinishedAt": "0001-01-01T00:00:00Z",
            **({"Health": {"Status": each.health}} if each.health else {}),
        },
        "Config": {
            "Labels": each.labels or None,
            "Env": each.env or None,
            "Image": "busybox",
            "Hostname": each.id[:12],
            "ExposedPorts": {"443/tcp": {}, "80/tcp": {}},
        },
        "RestartCount": each.restart_count,
        "HostConfig": {
            "RestartPolicy": {"Name": each.policy, "MaximumRetryCount": 0},
            "NetworkMode": "default",
            "AutoRemove": False,
            "PortBindings": {},
        },
        "Mounts": each.mounts,
        "NetworkSettings": {
            "Networks": _networks(each),
            "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "443/tcp": None},
        },
    }
    for section, values in each.inspect.items():
        answer[section] = {**answer.get(section, {}), **values}
    return answer


def _networks(each: FakeContainer) -> dict[str, Any]:
    return {
        name: {
            "EndpointID": f"{each.starts:064}",
            "IPAddress": ip,
            "GlobalIPv6Address": "",
            "Gateway": "172.17.0.1",
            "MacAddress": "02:42:ac:11:00:02",
            "Aliases": None,
        }
        for name, ip in each.networks.items()
    }


def _listed(each: FakeContainer) -> dict[str, Any]:
    words = {"starting": " (health: starting)", "": ""}
    health = words.get(each.health, f" ({each.health})")
    return {
        "Id": each.id,
        "Names": [f"/{each.name}"],
        "State": each.status,
        "Status": f"Up 3 minutes{health}",
        "Labels": each.labels,
        "Mounts": each.mounts,
        "NetworkSettings": {"Networks": _networks(each)},
    }


def _passes(each: FakeContainer, filters: dict[str, Any]) -> bool:
    names = filters.get("name", [])
    if names and not any(re.search(name, each.name) or re.search(name, "/" + each.name) for name in names):
        return False
    if filters.get("status") and each.status not in filters["status"]:
        return False
    if filters.get("network") and not set(filters["network"]) & set(each.networks):
        return False
    for label in filters.get("label", []):
        key, given, value = label.partition("=")
        if key not in each.labels or (given and each.labels[key] != value):
            return False
    return True
