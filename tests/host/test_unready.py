"""Shuttle's lie: a container whose process is up and whose service is not, is never called ready."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from host.keeping import Keeping
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run

PROJECT = "/srv/project"
"""On the host, and mounted into the container; the file `mode` in it says how the container answers."""

SERVE = """\
if [ -e /project/heal ]; then echo ok >/project/mode; fi
mkdir -p /www/cgi-bin
cp /project/answer /www/cgi-bin/status
chmod 755 /www/cgi-bin/status
trap 'exit 0' TERM
while :; do
  case $(cat /project/mode) in
    closed) killall httpd ;;
    *) pidof httpd || httpd -p 8001 -h /www ;;
  esac >/dev/null 2>&1
  sleep 0.1
done
"""
ANSWER = """\
#!/bin/sh
case $(cat /project/mode) in
  ok) printf 'Content-Type: text/plain\\r\\n\\r\\nok' ;;
  500) printf 'Status: 500 Oh\\r\\nContent-Type: text/plain\\r\\n\\r\\nno' ;;
  *) sleep 60 ;;
esac
"""
READY = (
    'ready = { http = "http://{{ ip }}:8001/cgi-bin/status", interval = "0.3s", '
    'timeout = "0.5s", failures = 2 }\n'
)
REPORT = f'{READY}start_timeout = "2s"\non_unready = "report"\n'


@pytest.fixture(scope="module")
def keeping(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Keeping]:
    with Host(lab_run, installed_snapshot, "unready") as host:
        host.write(f"{PROJECT}/serve", SERVE)
        host.write(f"{PROJECT}/answer", ANSWER)
        answers(host, "ok")
        found = Keeping(host)
        found.containers.run("project", "-v", f"{PROJECT}:/project", command=("sh", "/project/serve"))
        found.declare("project", REPORT)
        yield found


def answers(host: Host, mode: str) -> None:
    host.write(f"{PROJECT}/mode", mode)


def networks(keeping: Keeping, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(keeping.containers.inspect(name, "{{json .NetworkSettings.Networks}}"))
    return found


@pytest.mark.parametrize(
    ("mode", "told"),
    [("500", "500"), ("hang", "0.5 s"), ("closed", "nothing listens there")],
)
def test_one_whose_process_is_up_and_does_not_serve_is_unready_and_a_start_restarts_it(
    keeping: Keeping, mode: str, told: str
) -> None:
    host = keeping.host
    host.run("rm", "-f", f"{PROJECT}/heal")
    answers(host, "ok")
    keeping.becomes("project", "ready")
    answers(host, mode)
    status = keeping.becomes("project", "unready")
    assert status["docker_status"] == "running"
    assert told in status["evidence"]
    shown = keeping.explain("project")
    assert "it runs and does not serve" in shown
    assert "docker logs project" in shown
    assert "its process runs and does not serve" in host.run("portreeve", "status", check=False).stdout
    before = status["started_at"]
    tried = host.run("portreeve", "containers", "start", "project", "--timeout", "6s", check=False)
    assert tried.code in (1, 3), tried.stdout
    assert "already" not in tried.stdout + tried.stderr
    after = keeping.status("project")
    assert after["started_at"] > before
    assert after["state"] != "ready"
    host.write(f"{PROJECT}/heal", "")
    keeping.becomes("project", "unready")
    healed = host.run("portreeve", "containers", "start", "project", "--timeout", "20s", check=False)
    assert healed.code == 0, healed.stdout
    assert keeping.status("project")["state"] == "ready"


def test_a_record_that_says_ready_does_not_help_it(keeping: Keeping) -> None:
    host = keeping.host
    host.run("rm", "-f", f"{PROJECT}/heal")
    answers(host, "ok")
    keeping.becomes("project", "ready")
    host.run("systemctl", "kill", "--kill-who=main", "--signal=SIGKILL", "portreeve.service")
    answers(host, "500")
    host.run("systemctl", "restart", "portreeve.service")
    status = keeping.becomes("project", "unready")
    assert "500" in status["evidence"]
    waited = host.run("portreeve", "wait", "container:project", "--timeout", "1s", check=False)
    assert waited.code in (1, 3)


def test_one_without_its_networks_is_unready_and_connected_again_where_they_are_declared(
    keeping: Keeping,
) -> None:
    docker = keeping.containers.docker
    docker("network", "create", "users")
    keeping.containers.run("tenant", "--network=users")
    keeping.declare("tenant", 'networks = ["users"]\n')
    keeping.becomes("tenant", "ready")
    started = keeping.status("tenant")["started_at"]
    docker("network", "disconnect", "users", "tenant")
    keeping.host.wait_until(lambda: "users" in networks(keeping, "tenant"), 15, "tenant was connected again")
    status = keeping.becomes("tenant", "ready")
    assert status["started_at"] == started
    keeping.containers.run("lonely")
    keeping.declare("lonely", 'on_unready = "report"\n')
    keeping.becomes("lonely", "ready")
    docker("network", "disconnect", "bridge", "lonely")
    status = keeping.becomes("lonely", "unready")
    assert "it is attached to no network, so nobody can reach it" in status["evidence"]
    assert networks(keeping, "lonely") == {}
    keeping.forget("tenant", "lonely")
