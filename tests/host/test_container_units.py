"""Units that depend on a container follow it through the agent, Docker and systemd together."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from host.lab.containers import IMAGE, Containers
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from host.lab.snapshots import Boot

BOUND = 2.0
"""Seconds in which dependents stop after a loss, and come back once the container is ready."""

AWAY = 5.0
"""Seconds between two looks at a process while Docker is away."""

ROUNDS = 50 if os.environ.get("PORTREEVE_TEST_LONG") else 5
FLAPS = 20

SERVICE = """\
[Unit]
{settings}
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy={wanted_by}
"""
READY = 'ready = { http = "http://{{ ip }}/health", interval = "0.2s", failures = 2 }\n'
HTTPD = ("sh", "-c", "mkdir -p /www && echo ok >/www/health && exec httpd -f -p 80 -h /www")


@pytest.fixture(scope="module")
def server(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Host]:
    """One host for all tests of this file; each uses containers and units of its own names."""
    with Host(lab_run, installed_snapshot, "units") as host:
        host.run("portreeve", "units", "install")
        yield host


@pytest.fixture(scope="module")
def containers(server: Host) -> Containers:
    return Containers(server)


def stand_in(name: str) -> str:
    return f"portreeve-container@{name}.service"


def needs(name: str, how: str = "Requires") -> str:
    return f"{how}={stand_in(name)}\nAfter={stand_in(name)}"


def define(host: Host, name: str, more: str = "") -> None:
    host.write(f"/etc/portreeve/containers.d/{name}.toml", f'container = "{name}"\n{more}{READY}')


def install(host: Host, unit: str, settings: str, wanted_by: str = "multi-user.target") -> None:
    host.write(f"/etc/systemd/system/{unit}", SERVICE.format(settings=settings, wanted_by=wanted_by))
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "enable", unit)


def is_active(host: Host, *units: str) -> list[str]:
    return host.run("systemctl", "is-active", *units, check=False).stdout.split()


def runs_of(host: Host, *units: str) -> list[str]:
    """What identifies the present run of each."""
    shown = host.run("systemctl", "show", "-P", "InvocationID", *units).stdout
    return [line for line in shown.splitlines() if line]


def seconds_until(host: Host, state: str, *units: str, within: float = 10.0) -> float:
    began = time.monotonic()
    host.wait_until(lambda: set(is_active(host, *units)) == {state}, within, f"{', '.join(units)}: {state}")
    return time.monotonic() - began


def explain(host: Host, name: str) -> str:
    return host.run("portreeve", "explain", f"container:{name}", check=False).stdout


def agent_is_up(host: Host) -> None:
    """It answers, and has looked at every container."""

    def looked() -> bool:
        shown = json.loads(host.run("portreeve", "containers", "list", "--output", "json").stdout)
        return all(each["runs"] for each in shown)

    host.wait_until(looked, 15, "the agent has looked at everything")


def seconds_since_ready(host: Host, name: str, *units: str) -> float:
    """How long after the container had become ready the last of them was up."""
    shown = json.loads(host.run("portreeve", "containers", "list", "--output", "json").stdout)
    (ready_since,) = (each["since"] for each in shown if each["name"] == name)
    argv = ("systemctl", "show", "--timestamp=us+utc", "-P", "ActiveEnterTimestamp", *units)
    moments = host.run(*argv, env={"LANG": "C"}).stdout.split("\n\n")
    active = [datetime.strptime(each.strip(), "%a %Y-%m-%d %H:%M:%S.%f %Z") for each in moments]
    return max(each.replace(tzinfo=UTC).timestamp() for each in active) - float(ready_since)


def median_and_most(seconds: list[float]) -> str:
    return f"median {statistics.median(seconds):.2f} s, at most {max(seconds):.2f} s"


@pytest.mark.timeout(600)
def test_dependents_follow_a_container_and_an_administrator_is_respected(
    server: Host, containers: Containers
) -> None:
    host = server
    containers.run("db", command=HTTPD)
    define(host, "db")
    host.write(f"/etc/systemd/system/{stand_in('db')}.d/upholds.conf", "[Unit]\nUpholds=upheld.service\n")
    install(host, "bound.service", needs("db", "BindsTo"))
    install(host, "requiring.service", needs("db"))
    install(host, "wanted.service", needs("db", "BindsTo"), wanted_by=stand_in("db"))
    install(host, "upheld.service", needs("db", "BindsTo"))
    for by_hand in ("stopped.service", "masked.service"):
        install(host, by_hand, needs("db"))
    followers = ("bound.service", "requiring.service", "wanted.service", "upheld.service")
    left = ("stopped.service", "masked.service")
    host.run("systemctl", "start", *followers, *left)
    host.run("systemctl", "stop", *left)
    # A unit file in /etc cannot be masked but by moving it out of the way, as `systemctl mask` says.
    host.run("rm", "/etc/systemd/system/masked.service")
    host.run("systemctl", "mask", "masked.service")

    def lost_by(how: str) -> None:
        match how:
            case "kill":
                containers.docker("kill", "db")
            case "stop":
                containers.docker("stop", "-t", "1", "db")
            case "rm":
                containers.docker("rm", "-f", "db")
            case "unready":
                containers.docker("exec", "db", "rm", "/www/health")
            case "pause":
                containers.docker("pause", "db")

    def back_after(how: str) -> None:
        match how:
            case "kill" | "stop":
                containers.docker("start", "db")
            case "rm":
                containers.run("db", command=HTTPD)
            case "unready":
                containers.docker("exec", "db", "touch", "/www/health")
            case "pause":
                containers.docker("unpause", "db")

    stops: dict[str, list[float]] = {}
    starts: dict[str, list[float]] = {}
    ways = ("kill", "stop", "rm", "unready", "pause")
    for number in range(ROUNDS):
        how = ways[number % len(ways)]
        lost_by(how)
        stops.setdefault(how, []).append(seconds_until(host, "inactive", *followers, stand_in("db")))
        back_after(how)
        seconds_until(host, "active", *followers, stand_in("db"))
        starts.setdefault(how, []).append(seconds_since_ready(host, "db", *followers))
        assert is_active(host, *left) == ["inactive", "inactive"], how
    for how in ways:
        print(f"{how}: stops {median_and_most(stops[how])}; starts {median_and_most(starts[how])}")
    assert max(max(each) for each in stops.values()) < BOUND
    assert max(max(each) for each in starts.values()) < BOUND
    assert host.run("systemctl", "--failed", "--no-legend", "--plain").stdout == ""


def test_dependents_outlive_the_agent_and_follow_what_happened_while_it_was_away(
    server: Host, containers: Containers
) -> None:
    host = server
    containers.run("outlived", command=HTTPD)
    define(host, "outlived", "")
    install(host, "outliving.service", needs("outlived", "BindsTo"))
    host.run("systemctl", "start", "outliving.service")
    before = runs_of(host, "outliving.service")

    for how in (("restart",), ("kill", "--kill-whom=main", "-s", "KILL")):
        host.run("systemctl", *how, "portreeve.service")
        host.wait_until(lambda: is_active(host, "portreeve.service") == ["active"], 20, "the agent is back")
        agent_is_up(host)
        assert runs_of(host, "outliving.service") == before, f"it went on: {how}"

    host.run("systemctl", "stop", "portreeve.service")
    containers.docker("kill", "outlived")
    assert is_active(host, "outliving.service") == ["active"], "nobody can know it"
    host.run("systemctl", "start", "portreeve.service")
    seconds_until(host, "inactive", "outliving.service", within=BOUND)
    host.run("systemctl", "kill", "--kill-whom=main", "-s", "KILL", "portreeve.service")
    containers.docker("start", "outlived")
    seconds_until(host, "active", "outliving.service")

    before = runs_of(host, "outliving.service")
    host.run("systemctl", "stop", "portreeve.service")
    containers.docker("restart", "-t", "0", "outlived")
    host.run("systemctl", "start", "portreeve.service")
    host.wait_until(lambda: runs_of(host, "outliving.service") != before, 5, "it was restarted with it")
    seconds_until(host, "active", "outliving.service")


def test_a_container_that_is_restarted_takes_its_dependents_along(
    server: Host, containers: Containers
) -> None:
    host = server
    containers.run("again", command=HTTPD)
    define(host, "again")
    install(host, "along.service", needs("again", "BindsTo"))
    host.run("systemctl", "start", "along.service")
    for _ in range(3):
        before = runs_of(host, "along.service")
        containers.docker("restart", "-t", "0", "again")
        host.wait_until(
            lambda before=before: set(runs_of(host, "along.service")) - set(before),  # type: ignore[misc]
            BOUND,
            "it was restarted with it",
        )


def test_a_container_that_flaps_leaves_its_dependents_as_it_ends_up(
    server: Host, containers: Containers
) -> None:
    host = server
    containers.run("flapping", command=HTTPD)
    define(host, "flapping")
    install(host, "flapped.service", needs("flapping", "BindsTo"))
    host.run("systemctl", "start", "flapped.service")
    flap = "for i in $(seq $1); do docker kill flapping; docker start flapping; done >/dev/null"
    host.shell(flap, f"{FLAPS}")
    seconds_until(host, "active", "flapped.service", stand_in("flapping"), within=BOUND)
    host.shell(f"{flap}; docker kill flapping >/dev/null", f"{FLAPS}")
    seconds_until(host, "inactive", "flapped.service", stand_in("flapping"), within=BOUND)
    assert host.run("systemctl", "--failed", "--no-legend", "--plain").stdout == ""


def test_containers_without_a_definition_and_compose_services_are_followed_and_never_touched(
    server: Host, containers: Containers
) -> None:
    host = server
    containers.run("undeclared")
    containers.run(
        *("shop-web-1", "--label=com.docker.compose.project=shop", "--label=com.docker.compose.service=web")
    )
    containers.run("by-its-own-name", command=HTTPD)
    host.write("/etc/portreeve/containers.d/by-definition.toml", f'container = "by-its-own-name"\n{READY}')
    units = ("on-undeclared.service", "on-shop.service", "on-name.service")
    for unit, name in zip(units, ("undeclared", "shop-web", "by-its-own-name"), strict=True):
        install(host, unit, needs(name, "BindsTo"))
    host.run("systemctl", "start", *units)
    assert is_active(host, *units) == ["active"] * 3
    ids = ("undeclared", "shop-web-1", "by-its-own-name")
    containers.docker("kill", *ids)
    assert seconds_until(host, "inactive", *units) < BOUND
    assert "it has no definition, so portreeve only watches it" in explain(host, "shop-web")
    assert [containers.state(name) for name in ids] == ["exited"] * 3
    containers.docker("start", *ids)
    assert seconds_until(host, "active", *units) < BOUND


def test_dependents_stop_and_come_back_with_docker(server: Host, containers: Containers) -> None:
    host = server
    containers.run("policy", "--restart=always", command=HTTPD)
    containers.run("ours", command=HTTPD)
    define(host, "policy")
    define(host, "ours", "autostart = true\n")
    units = ("on-policy.service", "on-ours.service")
    for unit, name in zip(units, ("policy", "ours"), strict=True):
        install(host, unit, needs(name, "BindsTo"))
    host.run("systemctl", "start", *units)
    host.run("systemctl", "stop", "docker.socket", "docker.service")
    assert seconds_until(host, "inactive", *units) < BOUND
    host.run("systemctl", "start", "docker.service")
    seconds_until(host, "active", *units)


def test_with_live_restore_dependents_go_on_while_docker_is_away(
    server: Host, containers: Containers
) -> None:
    host = server
    host.write("/etc/docker/daemon.json", '{"live-restore": true}\n')
    host.run("systemctl", "reload", "docker.service")
    containers.run("lives", command=HTTPD)
    define(host, "lives")
    install(host, "on-lives.service", needs("lives", "BindsTo"))
    host.run("systemctl", "start", "on-lives.service")
    before = runs_of(host, "on-lives.service")
    host.run("systemctl", "stop", "docker.socket", "docker.service")
    host.wait_until(lambda: "Docker does not tell" in explain(host, "lives"), 10, "the agent has noticed")
    host.run("systemctl", "restart", "portreeve.service")
    agent_is_up(host)
    assert is_active(host, "on-lives.service") == ["active"]
    host.run("systemctl", "start", "docker.service")
    host.wait_until(lambda: "is ready" in explain(host, "lives"), 10, "the agent sees it again")
    assert runs_of(host, "on-lives.service") == before
    daemon = runs_of(host, "docker.service")
    host.run("systemctl", "kill", "--kill-whom=main", "-s", "KILL", "docker.service")
    host.wait_until(lambda: runs_of(host, "docker.service") != daemon, 20, "Docker was started again")
    host.wait_until(lambda: containers.state("lives") == "running", 20, "Docker is back")
    host.wait_until(lambda: "is ready" in explain(host, "lives"), 20, "the agent sees it again")
    assert runs_of(host, "on-lives.service") == before
    host.run("systemctl", "stop", "docker.socket", "docker.service")
    host.run("pkill", "-KILL", "-f", "httpd -f -p 80")
    assert seconds_until(host, "inactive", "on-lives.service") < AWAY + BOUND, "whether or not Docker tells"
    host.run("rm", "/etc/docker/daemon.json")
    host.run("systemctl", "start", "docker.service")


def test_at_boot_dependents_wait_for_their_container_and_nobody_else_does(
    boot: Boot, installed_snapshot: Snapshot
) -> None:
    host = boot(installed_snapshot)
    containers = Containers(host)
    host.run("portreeve", "units", "install")
    containers.run("db", command=HTTPD)
    define(host, "db", "autostart = true\n")
    for name in ("never", "late"):
        containers.docker("create", "--name", name, IMAGE, *HTTPD)
        define(host, name)
    soon = "ExecStart=/usr/local/bin/portreeve wait container:%i --for ready --timeout 3s"
    host.write(f"/etc/systemd/system/{stand_in('late')}.d/soon.conf", f"[Service]\nExecStart=\n{soon}\n")
    for name in ("db", "never", "late"):
        install(host, f"on-{name}.service", needs(name))
    host.poweroff()
    # A job that waits keeps `is-system-running` at "starting".
    host.start()
    host.wait_until(lambda: is_active(host, "on-db.service") == ["active"], 60, "it is up with its container")
    entered = ("systemctl", "show", "-P", "ActiveEnterTimestampMonotonic")
    stood_in, began = (int(host.run(*entered, each).stdout) for each in (stand_in("db"), "on-db.service"))
    assert stood_in <= began, "not before the container was ready"
    others = ("docker.service", "portreeve.service", "cockpit.socket", "systemd-user-sessions.service")
    assert is_active(host, *others) == ["active"] * len(others), "people can log in"
    host.wait_until(lambda: is_active(host, stand_in("late")) == ["failed"], 30, "it gave up waiting")
    assert is_active(host, "on-late.service", "on-never.service", stand_in("never")) == [
        *("inactive", "inactive", "activating")
    ]
    assert "portreeve containers start never" in explain(host, "never")
    host.run("portreeve", "containers", "start", "late")
    host.wait_until(
        lambda: is_active(host, "on-late.service") == ["active"], 10, "it comes with its container"
    )
    assert is_active(host, "on-never.service") == ["inactive"]
