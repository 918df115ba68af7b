"""What is missing has a name: each state with evidence and a next try, and no write in any of them."""

from __future__ import annotations

import pytest

from host.lab.containers import Containers, run_apphub
from host.lab.faults import hung_socket
from host.lab.machine import Host
from host.main_job import DEFINITION, DROP_IN, MainJob, declare

VOLUME = "/var/lib/docker/volumes/websoft9_apphub_config/_data"
OLD_DAEMON = r"""
import http.server, json, socketserver, os
class Refuses(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = ("client version 1.41 is too old. Minimum supported API version is 1.44, "
                "please upgrade your client to a newer version")
        body = json.dumps({"message": text}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def address_string(self):
        return "-"
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
Server("/run/old-docker.sock", Refuses).serve_forever()
"""


@pytest.fixture
def job(installed_host: Host) -> MainJob:
    """A host on which AppHub runs and nothing was declared yet."""
    return MainJob(installed_host, run_apphub(Containers(installed_host), 9000))


def named(job: MainJob, reason: str, *evidence: str, timeout: float = 20) -> None:
    """The sync is out of step for this reason, told with evidence and a next try, and nothing was written."""
    host = job.host
    status = job.reason(reason, timeout)
    assert status["state"] in ("waiting", "overdue")
    assert status["next_try"] is not None
    assert status["since"] > 0
    told = f"{status['trouble']['what']} {status['trouble']['evidence']}"
    for words in evidence:
        assert words in told
    explained = job.explain()
    assert reason in explained
    assert status["trouble"]["what"] in explained
    assert not host.exists(DROP_IN)
    assert host.http_status(9090) == 200


def use_socket(host: Host, path: str) -> None:
    settings = f'[docker]\nsocket = "{path}"\ntimeout = "2s"\n'
    host.write("/etc/portreeve/portreeve.toml.d/lab.toml", settings)
    host.run("systemctl", "restart", "portreeve")


def test_a_container_that_is_not_there(job: MainJob) -> None:
    job.apphub.rm()
    declare(job.host)
    named(job, "container-absent", "websoft9-apphub")


def test_a_container_without_that_volume(job: MainJob) -> None:
    job.apphub.rm()
    Containers(job.host).run("websoft9-apphub", "-v", "another_volume:/data")
    declare(job.host)
    named(job, "mount-absent", "websoft9_apphub_config", "another_volume")


def test_a_volume_without_the_file(job: MainJob) -> None:
    job.host.run("rm", job.apphub.config_path)
    declare(job.host)
    named(job, "file-absent", "config.ini")


def test_a_file_without_the_key(job: MainJob) -> None:
    job.host.write(job.apphub.config_path, "[cockpit]\nprot = 9000\n")
    declare(job.host)
    named(job, "key-absent", "cockpit", "port")


def test_a_value_of_the_wrong_type(job: MainJob) -> None:
    job.apphub.set_port_in_place("ninety")
    declare(job.host)
    named(job, "value-invalid", "ninety")


def test_docker_that_is_down(job: MainJob) -> None:
    job.host.run("systemctl", "stop", "docker.socket", "docker.service")
    declare(job.host)
    named(job, "docker-down", "docker.sock")
    job.host.run("systemctl", "start", "docker.service")
    job.listens(9000, timeout=15)


def test_docker_that_is_hung(job: MainJob) -> None:
    hung_socket(job.host, "/run/hung-docker.sock")
    use_socket(job.host, "/run/hung-docker.sock")
    declare(job.host)
    named(job, "docker-hung", "2")


def test_docker_that_refuses_our_version(job: MainJob) -> None:
    job.host.run("systemd-run", "--quiet", "python3", "-c", OLD_DAEMON)
    job.host.wait_until(lambda: job.host.exists("/run/old-docker.sock"), 10, "the old daemon listens")
    use_socket(job.host, "/run/old-docker.sock")
    declare(job.host)
    named(job, "docker-version-refused", "too old")


def test_a_frozen_docker_is_named_and_its_return_is_noticed(job: MainJob) -> None:
    host = job.host
    declare(host)
    job.listens(9000, timeout=20)
    pid = host.run("pidof", "dockerd").stdout.strip()
    host.run("kill", "-STOP", pid)
    try:
        job.apphub.containers.guest.write(f"{VOLUME}/config.ini", job.apphub.config(9443))
        assert job.reason("docker-hung", timeout=30)["state"] == "waiting"
        assert host.http_status(9000) == 200
    finally:
        host.run("kill", "-CONT", pid)
    job.listens(9443, timeout=15)


def test_a_broken_definition_is_told_with_its_line_and_stops_no_other(job: MainJob) -> None:
    host = job.host
    declare(host)
    host.write("/etc/portreeve/syncs.d/other.toml", "[sources.x\n")
    job.listens(9000, timeout=20)
    host.wait_until(
        lambda: job.status("other")["state"] == "broken", 10, "the other definition is told to be broken"
    )
    assert "other.toml" in host.run("portreeve", "status", check=False).stdout
    assert host.read(DEFINITION)
