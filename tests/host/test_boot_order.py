"""The order in which containers start: at boot, and each time that dockerd comes back.

Docker starts what has a restart policy all at once, and nothing else. Compose knows the order, and is not
there when the host boots. portreeve reads what compose left in the containers' labels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from host.compose import HEALTHY, ONE_SHOTS, SHOP, STARTED, Project
from host.lab.containers import IMAGE, Containers
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run

UP = 60.0
"""Seconds for eight containers on two processors; the longest way through the diamond takes about five."""

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def server(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Host]:
    """One host for all tests of this file."""
    with Host(lab_run, installed_snapshot, "order") as host:
        yield host


def reboot(host: Host) -> None:
    host.reboot()


def restart_docker(host: Host) -> None:
    host.run("systemctl", "restart", "docker.service")


def kill_docker(host: Host) -> None:
    """The containers survive it and are ended by the next dockerd, which systemd starts."""
    before = host.run("systemctl", "show", "-P", "MainPID", "docker.service").stdout
    host.run("systemctl", "kill", "--kill-whom=main", "-s", "KILL", "docker.service")

    def is_back() -> bool:
        shown = host.run("systemctl", "show", "-P", "MainPID", "-P", "ActiveState", "docker.service").stdout
        return shown.split() != [*before.split(), "active"] and shown.endswith("active\n")

    host.wait_until(is_back, 30, "systemd has started dockerd again")


AGAIN = (reboot, restart_docker, kill_docker)


def wait_for(project: Project) -> None:
    targets = [project.target(each) for each in project.services]
    options = ("--for", "ready", "--timeout", f"{UP:g}s")
    project.host.run("portreeve", "wait", *targets, *options, timeout=UP + 10)


def why(host: Host, name: str) -> str:
    """What the list of containers says of one, behind its name; nothing before its definition is read."""
    lines = host.run("portreeve", "containers", "list").stdout.splitlines()
    return next((" ".join(line.split()[1:]) for line in lines if line.startswith(f"{name} ")), "")


def hint(host: Host, name: str) -> str:
    told = json.loads(host.run("portreeve", "explain", f"container:{name}", "--output", "json").stdout)
    return str(told["trouble"]["hint"])


@pytest.fixture(scope="module")
def shop(server: Host) -> Iterator[Project]:
    """Eight services of a compose project that nobody has started yet, with definitions."""
    project = Project(server, "shop", SHOP)
    project.create()
    project.define()
    yield project
    project.remove()


def test_at_first_each_starts_when_what_it_depends_on_is_as_it_must_be(shop: Project) -> None:
    wait_for(shop)
    assert shop.violations() == []
    assert sorted(shop.told()) == sorted(
        f"{what} {service}"
        for service in SHOP
        for what in ("begin", "completed" if service in ONE_SHOTS else "healthy")
    )


@pytest.fixture(scope="module", params=AGAIN, ids=lambda each: each.__name__)
def came_back(request: pytest.FixtureRequest, shop: Project) -> str:
    """Docker went away and came back; how."""
    wait_for(shop)
    shop.forget()
    request.param(shop.host)
    shop.host.wait_until(lambda: len(shop.told()) >= 2 * len(SHOP) - 2, UP, "all of them came up again")
    wait_for(shop)
    return str(request.param.__name__)


def test_so_they_do_each_time_that_docker_comes_back(shop: Project, came_back: str) -> None:
    assert shop.violations() == []
    told = shop.told()
    assert sorted(told) == sorted(set(told)), "something was started twice"
    # As a oneshot unit does its work at each boot, and not each time that somebody needs it.
    assert ("begin migrate" in told) == (came_back == "reboot")


def test_a_failure_holds_back_what_depends_on_it_and_nothing_else(server: Host) -> None:
    half = {"web": {"api": HEALTHY}, "api": {"auth": HEALTHY}, "auth": {}, "mail": {"db": HEALTHY}, "db": {}}
    project = Project(server, "half", half, broken=frozenset({"auth"}))
    server.write("/etc/portreeve/portreeve.toml.d/deadline.toml", '[containers]\ndeadline = "9s"\n')
    project.create()
    project.define()
    server.run("systemctl", "restart", "portreeve")
    server.run("portreeve", "wait", project.target("mail"), "--timeout", "20s")
    server.wait_until(lambda: "given up" in why(server, "half-auth"), 20, "it is given up")
    assert why(server, "half-auth").startswith("exited, given up ")
    held = why(server, "half-api")
    assert held.startswith("created")
    assert "it waits until half-auth is healthy: half-auth is exited: it ended with exit code 3" in held
    assert hint(server, "half-api") == "portreeve containers reset half-auth, once its cause is gone"
    server.wait_until(lambda: why(server, "half-web").startswith("created, overdue"), 30, "it is overdue")
    told = "9s after Docker came up, 3 of "
    messages = [str(each.get("MESSAGE", "")) for each in server.journal("portreeve", boot=0)]
    (late,) = [each for each in messages if each.startswith(told)]
    assert all(f"half-{each}" in late for each in ("auth (given up)", "api (created)", "web (created)"))
    project.mend()
    server.run("portreeve", "containers", "reset", "half-auth", check=False)
    wait_for(project)
    assert project.violations() == []
    assert "overdue" not in why(server, "half-web")
    project.remove()


def test_what_comes_first_may_have_no_definition_or_lend_its_network(server: Host) -> None:
    docker = Containers(server)
    docker.docker("create", "--name=stranger", "--network=none", IMAGE)
    docker.docker("create", "--name=main", "--network=none", IMAGE)
    docker.docker("create", "--name=sidecar", "--network=container:main", "--pid=container:main", IMAGE)
    server.write("/etc/portreeve/containers.d/sidecar.toml", 'container = "sidecar"\nautostart = true\n')
    text = 'container = "main"\nautostart = true\nafter = ["stranger"]\nready = "running"\n'
    server.write("/etc/portreeve/containers.d/main.toml", text)
    server.wait_until(lambda: "it waits until main" in why(server, "sidecar"), 20, "it waits")
    assert "it waits until main is started: main is created: it was made and never" in why(server, "sidecar")
    stranger = "it waits until stranger is ready: stranger is created: it was made"
    server.wait_until(lambda: stranger in why(server, "main"), 10, "main waits as well")
    assert hint(server, "main").endswith("it has no definition, so it is only waited for")
    docker.docker("start", "stranger")
    server.run("portreeve", "wait", "container:sidecar", "container:main", "--timeout", "15s")
    assert docker.inspect("main", "{{.State.StartedAt}}") < docker.inspect("sidecar", "{{.State.StartedAt}}")
    server.shell("rm /etc/portreeve/containers.d/{main,sidecar}.toml")
    docker.docker("rm", "-f", "sidecar", "main", "stranger")


def test_those_that_wait_for_each_other_are_named(server: Host) -> None:
    project = Project(server, "ring", {"a": {"b": STARTED}, "b": {"c": STARTED}, "c": {"a": STARTED}})
    project.create()
    project.define()
    way = "they wait for each other: ring-a → ring-b → ring-c → ring-a"
    server.wait_until(lambda: way in why(server, "ring-a"), 20, "the circle is named")
    assert "depends_on of its compose file" in hint(server, "ring-a")
    assert project.told() == []
    project.remove()


@pytest.fixture(scope="module")
def alone(server: Host) -> Iterator[Project]:
    """The same project with restart policies, on the same host without portreeve."""
    project = Project(server, "alone", SHOP, policy="always")
    project.create()
    server.run("systemctl", "disable", "--now", "portreeve")
    # As compose would, once: what was never started, Docker does not start at all.
    for service in reversed(list(SHOP)):
        Containers(server).docker("start", project.container(service))
    server.wait_until(project.is_up, UP, "all of them are up")
    yield project
    server.run("systemctl", "enable", "--now", "portreeve")
    project.remove()


@pytest.fixture(scope="module", params=(reboot, restart_docker), ids=lambda each: each.__name__)
def came_back_alone(request: pytest.FixtureRequest, alone: Project) -> None:
    """Docker went away and came back, with nobody but itself to start anything."""
    alone.forget()
    request.param(alone.host)
    alone.host.wait_until(alone.is_up, UP, "all of them are up")


@pytest.mark.usefixtures("came_back_alone")
def test_docker_alone_starts_them_in_no_order(alone: Project) -> None:
    violations = alone.violations()
    print(f"{len(violations)} conditions did not hold: {', '.join(violations)}")
    assert len(violations) >= 4
    assert "begin migrate" not in alone.told()
