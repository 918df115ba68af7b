"""One try at what serves: real sockets and servers of this process, and a daemon that is scripted."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, FakeExec, Mode, frame
from portreeve.containers import host_process
from portreeve.containers.connection import Docker
from portreeve.containers.observed import Observed
from portreeve.definitions.settings import DockerSettings
from portreeve.definitions.supervised import (
    CommandSucceeds,
    Condition,
    FileExists,
    HasExited,
    HttpAnswers,
    IsHealthy,
    IsRunning,
    LogSays,
    TcpConnects,
)
from portreeve.errors import Failed
from portreeve.supervise import probes
from portreeve.supervise.addresses import address_of, url_of
from portreeve.supervise.probes import probe, probe_service
from portreeve.supervise.probing import ProbeResult

NO_DOCKER = Docker(DockerSettings(Path("/nonexistent/docker.sock")))
ID = FakeContainer("app").id


def seen_at(ip: str = "127.0.0.1", **more: Any) -> Observed:
    network = {"ip": ip, "ipv6": "", "gateway": "", "mac": "", "aliases": []}
    labels = more.pop("labels", {})
    view = {"ip": ip, "networks": {"bridge": network}, "labels": labels, "name": "app"}
    return replace(Observed(ID, "app", "busybox", "running", pid=os.getpid(), view=view), **more)


def tried(
    condition: Condition, seen: Observed | None = None, docker: Docker = NO_DOCKER, timeout: float = 5
) -> ProbeResult:
    return probe(condition, seen or seen_at(), docker, timeout=timeout)


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """A server that sends one thing to all who come, or never anything; yields its port."""
    open_: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            open_.append(connection)
            if answer is not None:
                # Who only tries to connect is gone by then.
                with suppress(OSError):
                    connection.recv(4096)
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in open_:
            connection.close()


@pytest.fixture
def closed() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def status(code: int) -> bytes:
    return f"HTTP/1.1 {code} Whatever\r\nContent-Length: 0\r\n\r\n".encode()


def test_a_port_that_answers_500_one_that_hangs_and_one_that_is_closed_are_told_apart(closed: int) -> None:
    with answering(status(500)) as port:
        url = f"http://127.0.0.1:{port}/"
        assert tried(HttpAnswers(url)) == ProbeResult(False, f"{url} answers 500, not 2xx")
    with answering(None) as port:
        url = f"http://127.0.0.1:{port}/"
        assert tried(HttpAnswers(url), timeout=0.1) == ProbeResult(
            False, f"{url} did not answer within 0.1 s"
        )
    url = f"http://127.0.0.1:{closed}/"
    assert tried(HttpAnswers(url)) == ProbeResult(False, f"{url} refuses connections: nothing listens there")


@pytest.mark.parametrize("code", [200, 204, 299])
def test_any_answer_of_2xx_will_do_where_none_is_asked_for(code: int) -> None:
    with answering(status(code)) as port:
        url = f"http://127.0.0.1:{port}/"
        assert tried(HttpAnswers(url)) == ProbeResult(True, f"{url} answers {code}")


def test_where_a_status_is_asked_for_it_is_the_only_one() -> None:
    with answering(status(401)) as port:
        url = f"http://127.0.0.1:{port}/"
        assert tried(HttpAnswers(url, status=401)).ok is True
        assert tried(HttpAnswers(url, status=200)) == ProbeResult(False, f"{url} answers 401, not 200")


def test_a_redirect_is_no_answer_unless_it_is_asked_for() -> None:
    with answering(status(302)) as port:
        url = f"http://127.0.0.1:{port}/"
        assert tried(HttpAnswers(url)) == ProbeResult(
            False, f"{url} answers 302, not 2xx, and redirects are not followed"
        )
        assert tried(HttpAnswers(url, status=302)).ok is True


def test_what_is_no_http_is_no_answer() -> None:
    with answering(b"SSH-2.0-OpenSSH\r\n") as port:
        url = f"http://127.0.0.1:{port}/"
        assert tried(HttpAnswers(url)) == ProbeResult(
            False, f"{url}: the answer is no HTTP: b'SSH-2.0-OpenSSH\\r\\n'"
        )


def test_a_connection_that_is_closed_without_a_word_is_no_answer() -> None:
    with answering(b"") as port:
        url = f"http://127.0.0.1:{port}/"
        assert tried(HttpAnswers(url)) == ProbeResult(
            False, f"{url}: the connection was closed without an answer"
        )


def test_a_connection_that_is_accepted_is_enough_for_tcp(closed: int) -> None:
    with answering(None) as port:
        assert tried(TcpConnects(f"127.0.0.1:{port}")) == ProbeResult(
            True, f"127.0.0.1:{port} accepts connections"
        )
    assert tried(TcpConnects(f"127.0.0.1:{closed}")) == ProbeResult(
        False, f"127.0.0.1:{closed} refuses connections: nothing listens there"
    )


def test_the_address_of_the_container_is_put_into_a_text() -> None:
    with answering(status(200)) as port:
        assert tried(TcpConnects("{{ ip }}:" + str(port))).ok is True
        assert tried(HttpAnswers("http://{{ networks.bridge.ip }}:" + f"{port}/")).ok is True
        labelled = seen_at(labels={"port": str(port)})
        assert tried(TcpConnects("{{ ip }}:{{ labels.port }}"), labelled).ok is True


def test_a_container_of_the_hosts_network_is_asked_at_the_host() -> None:
    with answering(None) as port:
        seen = seen_at("", network_mode="host")
        assert tried(TcpConnects("{{ ip }}:" + str(port)), seen).ok is True


def test_a_container_without_an_address_is_said_to_have_none() -> None:
    seen = seen_at("", network_mode="container:abc")
    assert tried(TcpConnects("{{ ip }}:80"), seen) == ProbeResult(
        False, "it has no address of its own: its network mode is container:abc"
    )


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("http://{{ ip }}:{{ labels.x }}/", "80@elsewhere.example:80"),
        ("http://{{ labels.x }}/", "elsewhere.example"),
        ("http://{{ ip }}{{ labels.x }}/", ".elsewhere.example"),
        ("http://app{{ labels.x }}/", ".elsewhere.example"),
        ("http://{{ ip }}:80{{ labels.x }}", "@elsewhere.example/"),
    ],
)
def test_no_label_leads_a_probe_to_another_host(text: str, label: str) -> None:
    found = tried(HttpAnswers(text), seen_at(labels={"x": label}))
    assert found.ok is False
    assert "its probe would lead to" in found.evidence
    assert "elsewhere.example" in found.evidence


def test_no_label_leads_a_tcp_probe_to_another_host() -> None:
    found = tried(TcpConnects("{{ labels.x }}:80"), seen_at(labels={"x": "elsewhere.example"}))
    assert found.ok is False
    assert "its probe would lead to elsewhere.example" in found.evidence


def test_a_host_that_stands_in_the_definition_is_asked_whatever_a_label_adds() -> None:
    seen = seen_at("10.0.0.9", labels={"port": "81"})
    assert address_of("db.example:{{ labels.port }}", seen) == ("db.example", 81)
    assert address_of("localhost:{{ labels.port }}", seen) == ("localhost", 81)
    assert url_of("http://db.example:{{ labels.port }}/", seen) == "http://db.example:81/"


@pytest.mark.parametrize("label", ["80@127.0.0.1:2375/x", "1@check:80/"])
def test_no_label_leads_a_probe_to_this_host_or_to_a_word_of_the_path(label: str) -> None:
    with pytest.raises(Failed, match="would lead to"):
        url_of("http://{{ ip }}:{{ labels.x }}/check", seen_at("10.0.0.9", labels={"x": label}))


def test_what_a_query_holds_is_not_shown(closed: int) -> None:
    seen = replace(seen_at(), view={**seen_at().view, "env": {"TOKEN": "hunter2"}})
    found = tried(HttpAnswers("http://{{ ip }}:" + f"{closed}/health?token={{{{ env.TOKEN }}}}"), seen)
    assert found.ok is False
    assert f"http://127.0.0.1:{closed}/health" in found.evidence
    assert "hunter2" not in found.evidence


def test_without_a_template_any_host_may_be_asked() -> None:
    assert address_of("db.example:81", seen_at()) == ("db.example", 81)
    assert url_of("http://db.example/", seen_at()) == "http://db.example/"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (TcpConnects("nowhere"), "this is no address"),
        (TcpConnects("{{ ip }}:99999"), "this is no address"),
        (HttpAnswers("ftp://127.0.0.1/"), "this is no URL"),
        (HttpAnswers("http://[/"), "this is no URL"),
        (HttpAnswers("http://{{ labels.missing }}/"), "could not be rendered"),
    ],
)
def test_a_probe_that_leads_nowhere_says_so(condition: Condition, words: str) -> None:
    found = tried(condition)
    assert found.ok is False
    assert words in found.evidence


def test_running_and_exited_are_what_docker_says() -> None:
    ended = replace(seen_at(), status="exited", exit_code=2)
    assert tried(IsRunning()) == ProbeResult(True, "its process runs")
    assert tried(IsRunning(), ended) == ProbeResult(False, "it does not run: its state is exited")
    assert tried(HasExited(2), ended) == ProbeResult(True, "it ended with exit code 2")
    assert tried(HasExited(0), ended).ok is False
    assert tried(HasExited(0)) == ProbeResult(None, "it has not ended yet")


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        ("healthy", ProbeResult(True, "its health check says healthy")),
        ("unhealthy", ProbeResult(False, "its health check says unhealthy: no route")),
        ("starting", ProbeResult(None, "its health check has not come to a verdict yet")),
        ("none", ProbeResult(None, "its health check has not come to a verdict yet")),
    ],
)
def test_health_is_what_docker_says(health: str, expected: ProbeResult) -> None:
    seen = seen_at(has_health_check=True, health=health, health_output="no\nroute")
    assert tried(IsHealthy(), seen) == expected


def test_without_a_health_check_nothing_is_ever_healthy() -> None:
    assert tried(IsHealthy()) == ProbeResult(
        False, "its image has no health check, so it can never be healthy"
    )


@pytest.mark.parametrize("state", ["created", "paused", "restarting", "exited", "dead", "removing"])
@pytest.mark.parametrize(
    "condition", [IsHealthy(), TcpConnects("{{ ip }}:1"), HttpAnswers("http://{{ ip }}/"), FileExists("/")]
)
def test_nothing_is_asked_of_what_does_not_run(state: str, condition: Condition) -> None:
    stale = seen_at(status=state, has_health_check=True, health="healthy")
    assert tried(condition, stale) == ProbeResult(None, f"it does not run: its state is {state}")


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of the container ``app``, whose first process is this one."""
    process, root = tmp_path / "proc" / str(os.getpid()), tmp_path / "root"
    root.mkdir()
    process.mkdir(parents=True)
    (process / "cgroup").write_text(f"0::/system.slice/docker-{ID}.scope\n")
    (process / "root").symlink_to(root)
    monkeypatch.setattr(host_process, "PROC", tmp_path / "proc")
    return root


def test_a_path_in_the_container_exists_or_does_not(inside: Path) -> None:
    (inside / "run").mkdir()
    (inside / "run" / "ready").touch()
    assert tried(FileExists("/run/ready")) == ProbeResult(True, "/run/ready exists in it")
    assert tried(FileExists("/run")).ok is True
    assert tried(FileExists("/run/no")) == ProbeResult(False, "/run/no does not exist in it")
    assert tried(FileExists("/run/ready/no")).ok is False


def test_a_link_of_the_container_leads_to_its_own_files_only(inside: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    (inside / "out").symlink_to(tmp_path / "secret")
    (inside / "up").symlink_to("../secret")
    (inside / "in").symlink_to("/there")
    assert tried(FileExists("/out")).ok is False
    assert tried(FileExists("/up")).ok is False
    assert tried(FileExists("/in")).ok is False
    (inside / "there").touch()
    assert tried(FileExists("/in")).ok is True


def test_links_in_a_circle_tell_nothing(inside: Path) -> None:
    (inside / "a").symlink_to("a")
    assert tried(FileExists("/a")).ok is None


def test_a_process_that_is_not_the_containers_tells_nothing(inside: Path) -> None:
    assert inside.exists()
    for foreign in (seen_at(id="b" * 64), seen_at(pid=0), seen_at(pid=2**22 + 1)):
        found = tried(FileExists("/"), foreign)
        assert found.ok is None
        assert "is not to be found here" in found.evidence


@pytest.fixture
def app(dockerd: FakeDockerd) -> FakeContainer:
    made = FakeContainer("app")
    dockerd.containers = [made]
    return made


COMMAND = CommandSucceeds(("pg_isready", "-q"))


def test_a_command_in_the_container_succeeds_or_says_how_it_ended(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    assert app.status == "running"
    assert tried(COMMAND, docker=docker) == ProbeResult(
        True, "pg_isready was run in it: it ended with exit status 0"
    )
    dockerd.exec = FakeExec(frame(2, b"no response\n"), exit_code=2)
    assert tried(COMMAND, docker=docker) == ProbeResult(
        False, "pg_isready was run in it: it ended with exit status 2: no response"
    )
    assert dockerd.commands == [["pg_isready", "-q"]] * 2


def test_a_command_that_hangs_does_not_succeed(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    assert app.status == "running"
    dockerd.exec = FakeExec(hang=True, exit_code=None, running=9)
    found = tried(COMMAND, docker=docker, timeout=0.2)
    assert found.ok is False
    assert "it did not end within 0.2 s" in found.evidence


def test_where_docker_does_not_answer_nothing_can_be_told(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    dockerd.mode = Mode.CLOSE
    assert tried(COMMAND, docker=docker).ok is None
    dockerd.mode = Mode.OK
    dockerd.containers = []
    found = tried(COMMAND, docker=Docker(docker.settings))
    assert found == ProbeResult(None, found.evidence)
    assert app.name in found.evidence


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("ready to accept", True),
        ("^LOG: .* connections$", True),
        ("(never)|ready", True),
        ("(?i)READY", True),
        ("ready.*later", False),
        ("connected", False),
    ],
)
def test_a_log_says_what_matches_one_of_its_lines(
    monkeypatch: pytest.MonkeyPatch, pattern: str, said: bool
) -> None:
    asked = []

    def log(*arguments: object) -> bytes:
        asked.append(arguments)
        return b"starting\r\nLOG: ready to accept connections\r\nlater \xff\n"

    monkeypatch.setattr(probes, "log_since_start", log)
    seen = seen_at(started_at=1000.5)
    found = tried(LogSays(pattern), seen)
    words = "says" if said else "has not said"
    assert found == ProbeResult(said, f"its log {words} {pattern!r} since its start")
    assert asked == [(NO_DOCKER, seen, 1_048_576)]


def test_a_service_is_asked_on_the_host(closed: int) -> None:
    with answering(status(200)) as port:
        assert probe_service(TcpConnects(f"127.0.0.1:{port}"), timeout=5).ok is True
        assert probe_service(HttpAnswers(f"http://127.0.0.1:{port}/"), timeout=5).ok is True
    assert probe_service(TcpConnects(f"127.0.0.1:{closed}"), timeout=5) == ProbeResult(
        False, f"127.0.0.1:{closed} refuses connections: nothing listens there"
    )
    assert probe_service(TcpConnects("nowhere"), timeout=5).ok is False
    assert probe_service(HttpAnswers("http://{{ ip }}:x/"), timeout=5) == ProbeResult(
        False, "this is no URL of a web server: 'http://{{ ip }}:x/'"
    )


def test_a_command_for_a_service_is_run_on_the_host() -> None:
    assert probe_service(CommandSucceeds(("true",)), timeout=5).ok is True
    assert probe_service(CommandSucceeds(("sh", "-c", "echo down; exit 3")), timeout=5) == ProbeResult(
        False, "`sh -c 'echo down; exit 3'` ended with exit status 3: down"
    )


@pytest.mark.parametrize("condition", [IsRunning(), IsHealthy(), FileExists("/x"), HasExited()])
def test_what_only_a_container_has_is_not_asked_of_a_service(condition: Condition) -> None:
    with pytest.raises(ValueError, match="cannot be asked of a service"):
        probe_service(condition, timeout=5)
