"""One try at telling somebody: real programs, a real web server."""

import json
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fakes.webhook import HANG, webhook
from portreeve.supervise.alert_channels import CommandChannel, Setback, WebhookChannel

BODY = json.dumps({"kind": "lost", "text": "ünïcode"}).encode()


def test_a_webhook_gets_the_json_and_its_type() -> None:
    with webhook(204) as server:
        assert WebhookChannel(server.url, 5.0).send(BODY, 5.0) is None
        assert server.got == [json.loads(BODY)]
        assert server.headers[0]["Content-Type"] == "application/json"
        assert server.paths == ["/hook/s3cr3t-token?key=s3cr3t-key"]


@pytest.mark.parametrize(
    ("status", "final"), [(500, False), (503, False), (429, False), (408, False), (404, True), (401, True)]
)
def test_what_a_server_answers_tells_whether_another_try_is_worth_it(status: int, final: bool) -> None:
    with webhook(status) as server:
        setback = WebhookChannel(server.url, 5.0).send(BODY, 5.0)
    assert setback == Setback(f"it answered with {status}", final)


def test_a_redirect_is_not_followed() -> None:
    with webhook(302) as server:
        setback = WebhookChannel(server.url, 5.0).send(BODY, 5.0)
        assert setback == Setback("it answered with 302: redirects are not followed", final=True)
        assert len(server.paths) == 1


def test_a_server_that_hangs_is_left_after_the_timeout() -> None:
    with webhook(HANG) as server:
        began = time.monotonic()
        assert WebhookChannel(server.url, 5.0).send(BODY, 0.3) == Setback("no answer in time")
        assert time.monotonic() - began < 3


def test_a_closed_port_is_said_to_be_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    setback = WebhookChannel(f"http://127.0.0.1:{port}/s3cr3t", 5.0).send(BODY, 5.0)
    assert setback == Setback("it cannot be reached: Connection refused")


@pytest.mark.parametrize("url", ["ftp://h/s3cr3t", "http://[s3cr3t", "http://s3cr3t..h/", "s3cr3t"])
def test_an_address_of_no_web_server_is_not_tried_again_and_not_shown(url: str) -> None:
    setback = WebhookChannel(url, 5.0).send(BODY, 5.0)
    assert setback == Setback("its address is none of a web server", final=True)


def test_a_certificate_of_nobody_is_not_trusted(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with webhook(200) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        setback = WebhookChannel(f"https://localhost:{server.server_port}/", 5.0).send(BODY, 5.0)
        assert setback is not None
        assert setback.what.startswith("its certificate is not trusted: ")
        assert server.got == []


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with webhook(200) as server:
        assert WebhookChannel(server.url, 5.0).send(BODY, 5.0) is None


def test_the_address_is_in_no_representation() -> None:
    assert "s3cr3t" not in repr(WebhookChannel("http://h/s3cr3t", 5.0))


def test_a_command_reads_the_json_from_its_standard_input(tmp_path: Path) -> None:
    script = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    got = tmp_path / "got"
    assert CommandChannel((sys.executable, "-c", script, str(got)), 20.0).send(BODY, 20.0) is None
    assert got.read_bytes() == BODY


def test_a_command_that_reads_nothing_is_no_obstacle() -> None:
    assert CommandChannel(("true",), 5.0).send(b"x" * 1_000_000, 5.0) is None


def test_a_command_that_fails_is_named_without_its_arguments() -> None:
    setback = CommandChannel(("false", "s3cr3t"), 5.0).send(BODY, 5.0)
    assert setback == Setback("`false` ended with exit status 1")


def test_a_command_that_hangs_is_killed() -> None:
    setback = CommandChannel(("sleep", "600"), 5.0).send(BODY, 0.2)
    assert setback == Setback("`sleep` did not end in time and was killed")


def test_a_command_that_does_not_exist_is_not_tried_again() -> None:
    setback = CommandChannel(("/no/such/program",), 5.0).send(BODY, 5.0)
    assert setback == Setback("`/no/such/program`: no such program", final=True)
