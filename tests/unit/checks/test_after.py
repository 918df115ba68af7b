"""Probes, against real sockets and real servers."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest

from fakes.systemd_manager import FakeUnit, fake_systemd
from portreeve.checks.after import probe, run_verify
from portreeve.containers.connection import Docker
from portreeve.definitions.settings import DockerSettings
from portreeve.definitions.steps import (
    Command,
    ContainerReady,
    Http,
    Listening,
    Tcp,
    UnitActive,
    VerifyStep,
)
from portreeve.errors import Failed, Reason, Unreachable, Waiting
from portreeve.systemd.bus import Systemd

NO_DOCKER = Docker(DockerSettings(Path("/nonexistent/docker.sock")))
seen = partial(probe, systemd=None, docker=NO_DOCKER)


class Answer(BaseHTTPRequestHandler):
    """/ is fine, /moved leads there, anything else is missing."""

    def do_GET(self) -> None:
        status = {"/": 200, "/moved": 302}.get(self.path, 404)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


@contextmanager
def web_server(context: SSLContext | None = None) -> Iterator[str]:
    """A server on a port of its own; yields ``HOST:PORT``."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def web() -> Iterator[str]:
    with web_server() as address:
        yield address


@pytest.fixture
def certificate(tmp_path: Path) -> SSLContext:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, cert = tmp_path / "key", tmp_path / "cert"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def verify(step: VerifyStep) -> None:
    run_verify(step, systemd=None, docker=NO_DOCKER, cancelled=threading.Event())


def test_listening_holds_for_a_port_and_for_its_address(listening: int) -> None:
    verify(Listening(str(listening)))
    verify(Listening(f"127.0.0.1:{listening}"))


def test_listening_elsewhere_is_not_enough(listening: int) -> None:
    evidence = seen(Listening(f"127.0.0.2:{listening}"))
    assert evidence == f"port {listening} is listened on at 127.0.0.1 only"


def test_listening_on_every_address_covers_each() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert seen(Listening(f"127.0.0.1:{server.getsockname()[1]}")) is None


def test_nothing_listens(free_port: int) -> None:
    assert seen(Listening(str(free_port))) == f"nothing listens on port {free_port}"


def test_a_probe_is_repeated_until_it_holds(free_port: int) -> None:
    opened: list[socket.socket] = []
    timer = threading.Timer(0.1, lambda: opened.append(socket.create_server(("127.0.0.1", free_port))))
    timer.start()
    verify(Listening(str(free_port), timeout=10))
    timer.join()
    opened[0].close()


def test_what_does_not_hold_in_time_fails_with_what_was_seen(free_port: int) -> None:
    began = time.monotonic()
    with pytest.raises(Failed) as caught:
        verify(Tcp(f"127.0.0.1:{free_port}", timeout=0.2))
    assert time.monotonic() - began < 2
    assert caught.value.reason is Reason.VERIFY_FAILED
    assert "Connection refused" in caught.value.evidence


def test_an_agent_that_stops_does_not_wait(free_port: int) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Waiting):
        run_verify(Listening(str(free_port), timeout=60), systemd=None, docker=NO_DOCKER, cancelled=cancelled)


def test_tcp_connects(listening: int) -> None:
    verify(Tcp(f"127.0.0.1:{listening}"))


@pytest.mark.parametrize("address", ["nonsense", ":80", "localhost:", "[::1]", "localhost:http"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Failed) as caught:
        verify(Tcp(address))
    assert caught.value.reason is Reason.VALUE_INVALID


def test_http_compares_the_status(web: str) -> None:
    verify(Http(f"http://{web}/"))
    verify(Http(f"http://{web}/none", status=404))
    assert seen(Http(f"http://{web}/none")) == f"http://{web}/none answers 404, not 200"


def test_http_follows_no_redirect(web: str) -> None:
    verify(Http(f"http://{web}/moved", status=302))


def test_https_checks_the_certificate_unless_told_not_to(certificate: SSLContext) -> None:
    with web_server(certificate) as address:
        verify(Http(f"https://{address}/", insecure=True))
        assert "CERTIFICATE_VERIFY_FAILED" in str(seen(Http(f"https://{address}/")))


def test_http_from_something_else_is_said_to_be_none() -> None:
    with answering(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        assert "no HTTP" in str(seen(Http(f"http://127.0.0.1:{port}/")))


def test_a_server_that_never_ends_its_line_cannot_hold_a_probe_up() -> None:
    with answering(b"HTTP/1.1 ", keep_open=True) as port:
        began = time.monotonic()
        assert seen(Http(f"http://127.0.0.1:{port}/"), timeout=0.3) is not None
        assert time.monotonic() - began < 2


@contextmanager
def answering(data: bytes, *, keep_open: bool = False) -> Iterator[int]:
    """A server that says the same to its one client whatever it wants."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.sendall(data)
                if keep_open:
                    done.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        done.set()
        thread.join()


@pytest.mark.parametrize("url", ["ftp://x/", "http://", "nonsense", "http://h:99999/", "http://[/"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(Failed) as caught:
        seen(Http(url))
    assert caught.value.reason is Reason.VALUE_INVALID


@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed")
def test_a_unit_is_active_or_its_state_is_told(tmp_path: Path) -> None:
    with fake_systemd(tmp_path) as manager:
        manager.units["a.service"] = FakeUnit()
        manager.units["b.service"] = FakeUnit(active_state="failed", sub_state="failed", result="exit-code")
        systemd = Systemd(manager.address)
        assert probe(UnitActive("a.service"), systemd=systemd, docker=NO_DOCKER) is None
        assert (
            probe(UnitActive("b.service"), systemd=systemd, docker=NO_DOCKER)
            == "b.service is failed (failed), result exit-code"
        )


def test_without_systemd_no_unit_can_be_asked_for() -> None:
    with pytest.raises(Unreachable):
        verify(UnitActive("a.service"))


def test_a_command_holds_that_ends_with_status_0() -> None:
    assert seen(Command(("true",))) is None


def test_a_command_that_does_not_hold_is_told_with_its_last_line() -> None:
    step = Command(("sh", "-c", "echo first; echo no answer; exit 4"))
    assert str(seen(step)).endswith("exit status 4: no answer")


def test_a_command_is_run_again_until_it_holds(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    script = f"echo >>{tries}; test $(wc -l <{tries}) -ge 3"
    verify(Command(("sh", "-c", script), timeout=10))
    assert len(tries.read_text()) == 3


def test_a_command_that_never_ends_is_ended_with_its_time() -> None:
    began = time.monotonic()
    with pytest.raises(Failed) as caught:
        verify(Command(("sleep", "60"), timeout=0.3))
    assert caught.value.reason is Reason.VERIFY_FAILED
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
def test_what_cannot_be_a_hosts_name_does_not_answer(host: str) -> None:
    steps: tuple[VerifyStep, ...] = Tcp(f"{host}:80"), Http(f"http://{host}/")
    for step in steps:
        assert host in (seen(step) or "")


def test_a_port_of_thousands_of_digits_is_none() -> None:
    with pytest.raises(Failed) as caught:
        seen(Listening("9" * 5000))
    assert caught.value.reason is Reason.VALUE_INVALID


def test_a_container_is_ready_or_its_evidence_is_told() -> None:
    answers = {"db": None, "web": "port 80 is closed"}
    step = ContainerReady("web", timeout=0.05)
    assert seen(ContainerReady("db"), container_ready=answers.__getitem__) is None
    assert seen(step, container_ready=answers.__getitem__) == "port 80 is closed"
    with pytest.raises(Failed) as caught:
        run_verify(
            step,
            systemd=None,
            docker=NO_DOCKER,
            cancelled=threading.Event(),
            container_ready=answers.__getitem__,
        )
    assert caught.value.what == "container_ready web did not hold within 0.05 s"
    assert caught.value.evidence == "port 80 is closed"


def test_a_container_that_becomes_ready_in_time_holds() -> None:
    answers = iter(["it is starting", "it is starting", None])
    run_verify(
        ContainerReady("db"),
        systemd=None,
        docker=NO_DOCKER,
        cancelled=threading.Event(),
        container_ready=lambda _: next(answers),
    )


def test_where_nobody_watches_containers_it_is_not_known() -> None:
    with pytest.raises(Waiting) as caught:
        seen(ContainerReady("db"))
    assert caught.value.reason is Reason.UNKNOWN_NAME
