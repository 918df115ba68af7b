"""Actions on a host: the real nginx in a container, and a hundred syncs of one unit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from host.lab.containers import IMAGE, Containers
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from host.profiles import install_nginx

MANY = 100
SHARED = ("/usr", "/lib", "/lib64", "/etc/group", "/etc/proxy")
NGINX = '"/usr/sbin/nginx", "-c", "/etc/proxy/nginx.conf"'
SOURCE = """
[sources.app]
file = "/etc/app.ini"
[values]
port = {{ source = "app", key = "web.port", type = "port" }}
tokens = {{ source = "app", key = "web.tokens", type = "string", default = "off" }}
[[targets]]
path = "{target}"
template = "{template}"
"""
PROXY = SOURCE.format(target="/etc/proxy/nginx.conf", template="nginx.conf.j2")
RELOADED = f'{PROXY}\n[[apply]]\nexec = {{ container = "proxy", command = [{NGINX}, "-s", "reload"] }}\n'
CHECKED = f"""{RELOADED}
[[check]]
command = ["/usr/sbin/nginx", "-t", "-c", "{{{{ staged }}}}"]
container = "proxy"
[[verify]]
tcp = "127.0.0.1:{{{{ port }}}}"
"""
TEMPLATE = """daemon off;
user root;
pid /run/nginx.pid;
error_log stderr notice;
events {}
http {
    access_log off;
    server_tokens {{ tokens }};
    server { listen 127.0.0.1:{{ port }}; location / { return 204; } }
}
"""
UNIT = """
[Service]
ExecStart=sleep infinity
ExecReload=sh -c 'echo reloaded >>/run/reloads'
"""


@pytest.fixture(scope="module")
def server(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Host]:
    """One host for all tests of this file."""
    with Host(lab_run, installed_snapshot, "actions") as host:
        yield host


class Proxy:
    """nginx in a container, with the host's own programs and the configuration that a sync writes."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.containers = Containers(host)

    def run(self) -> None:
        shared = [f"--volume={path}:{path}:ro" for path in SHARED]
        mounts = (*shared, "--tmpfs=/run", "--tmpfs=/var/lib/nginx", "--tmpfs=/var/log/nginx")
        nginx = ("/usr/sbin/nginx", "-c", "/etc/proxy/nginx.conf")
        self.containers.docker("run", "-d", "--name=proxy", "--network=host", *mounts, IMAGE, *nginx)

    def reloads(self) -> int:
        """How often nginx read its configuration again."""
        logs = self.containers.docker("logs", "proxy")
        return (logs.stdout + logs.stderr).count("(SIGHUP) received")

    def has_reloaded(self, times: int) -> None:
        self.host.wait_until(lambda: self.reloads() >= times, 10, f"nginx reloads for the {times}. time")
        assert self.reloads() == times

    def answers(self, port: int) -> bool:
        return self.host.http_status(port) == 204


def declare(host: Host, name: str, text: str) -> None:
    host.write(f"/etc/portreeve/syncs.d/{name}.toml", text)
    host.run("portreeve", "check")


def choose(host: Host, port: int, tokens: str = "off") -> None:
    host.write("/etc/app.ini", f"[web]\nport = {port}\ntokens = {tokens}\n")


def statuses(host: Host) -> dict[str, dict[str, Any]]:
    shown = json.loads(host.run("portreeve", "status", "--output", "json", check=False).stdout or "{}")
    return {sync["name"]: sync for sync in shown.get("syncs", ())}


def stands(host: Host, name: str) -> tuple[str, str]:
    status = statuses(host).get(name, {"state": "", "trouble": None})
    return status["state"], (status["trouble"] or {"reason": ""})["reason"]


def becomes(host: Host, name: str, state: str, reason: str = "") -> None:
    host.wait_until(lambda: stands(host, name) == (state, reason), 20, f"{name} is {state} {reason}")


def test_a_reload_in_a_container_is_owed_while_it_is_down_and_done_once_when_it_runs(server: Host) -> None:
    host, proxy = server, Proxy(server)
    install_nginx(host)
    host.run("systemctl", "stop", "nginx.service")
    host.run("mkdir", "-p", "/etc/proxy")
    choose(host, 8001)
    host.write("/etc/portreeve/templates/nginx.conf.j2", TEMPLATE)
    declare(host, "proxy", RELOADED)
    becomes(host, "proxy", "waiting", "container-absent")
    assert "listen 127.0.0.1:8001;" in host.read("/etc/proxy/nginx.conf")

    proxy.run()
    becomes(host, "proxy", "in-step")
    proxy.has_reloaded(1)
    assert proxy.answers(8001)

    choose(host, 8002)
    host.wait_until(lambda: proxy.answers(8002), 10, "the running nginx follows")
    becomes(host, "proxy", "in-step")
    proxy.has_reloaded(2)

    proxy.containers.docker("stop", "proxy")
    choose(host, 8003)
    becomes(host, "proxy", "waiting", "container-not-running")
    assert "listen 127.0.0.1:8003;" in host.read("/etc/proxy/nginx.conf")
    assert "is owed" in host.run("portreeve", "explain", "proxy").stdout
    host.run("systemctl", "kill", "-s", "KILL", "portreeve.service")
    becomes(host, "proxy", "waiting", "container-not-running")
    proxy.containers.docker("start", "proxy")
    becomes(host, "proxy", "in-step")
    assert proxy.answers(8003)
    host.run("portreeve", "sync", "proxy")
    proxy.has_reloaded(3)


def test_content_that_nginx_in_its_container_refuses_is_never_written(server: Host) -> None:
    host = server
    before = host.read("/etc/proxy/nginx.conf")
    declare(host, "proxy", CHECKED)
    becomes(host, "proxy", "in-step")
    choose(host, 8003, "nonsense")
    becomes(host, "proxy", "failed", "check-failed")
    assert 'invalid value "nonsense"' in host.run("portreeve", "explain", "proxy").stdout
    assert host.read("/etc/proxy/nginx.conf") == before
    choose(host, 8004)
    becomes(host, "proxy", "in-step")
    assert Proxy(host).answers(8004)


def test_a_hundred_syncs_that_change_together_reload_their_unit_three_times_at_most(server: Host) -> None:
    host = server
    host.write("/etc/systemd/system/many.service", UNIT)
    host.shell(
        "systemctl daemon-reload && systemctl start many.service && mkdir -p /etc/many && : >/run/reloads"
    )
    host.write("/etc/portreeve/templates/many.j2", "port {{ port }}\n")
    host.shell("rm /etc/portreeve/syncs.d/proxy.toml")
    text = (
        SOURCE.format(target="/etc/many/@.conf", template="many.j2") + '[[apply]]\nreload = "many.service"\n'
    )
    host.write("/srv/many.toml", text)
    host.shell(
        f"for i in $(seq {MANY}); do sed s/@/$i/ /srv/many.toml >/etc/portreeve/syncs.d/many$i.toml; done"
    )

    def all_follow(port: int) -> None:
        def followed() -> bool:
            right = host.shell(
                f"cat /etc/many/*.conf 2>/dev/null | grep -cx 'port {port}'", check=False
            ).stdout
            states = [status["state"] for name, status in statuses(host).items() if name.startswith("many")]
            return right.strip() == str(MANY) and states == ["in-step"] * MANY

        host.wait_until(followed, 40, f"all follow to {port}")

    choose(host, 8005)
    all_follow(8005)
    host.write("/run/reloads", "")
    choose(host, 8006)
    all_follow(8006)
    reloads = host.read("/run/reloads").count("reloaded")
    assert 1 <= reloads <= 3
    assert host.run("systemctl", "is-active", "many.service").stdout.strip() == "active"
