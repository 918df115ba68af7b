"""Commands in containers, signals to them, and what a list of them tells, by a real Docker.

Docker is spoken to from outside of its host, by its socket; only what needs the host's processes runs on it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host.lab.containers import IMAGE, KEEP_RUNNING, Containers
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from portreeve.containers.connection import Docker
from portreeve.containers.exec import ExecResult, run_in_container
from portreeve.containers.listing import list_containers
from portreeve.containers.signal import send_to_container
from portreeve.definitions.locations import ContainerList, ContainerRef
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import Reason, Waiting

SLEEPS_WITH_A_CHILD = "sleep 4321 & sleep 4321; echo never"
RUN = """
import json, sys
from portreeve.containers.connection import Docker
from portreeve.containers.exec import run_in_container
from portreeve.containers.signal import send_to_container
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.settings import DockerSettings
docker = Docker(DockerSettings())
found = docker.find(ContainerRef(name=sys.argv[1]))
if sys.argv[2] == "signal":
    send_to_container(docker, found, sys.argv[3])
else:
    result = run_in_container(docker, found, ["sh", "-c", sys.argv[3]], timeout=1.5, stdout_limit=100)
    print(json.dumps([result.exit_code, result.describe()]))
"""


def on_the_host(server: Host, *argv: str) -> str:
    """What RUN prints on the host itself, within what the agent's unit allows."""
    limits = server.run("systemctl", "show", "portreeve", "-p", "CapabilityBoundingSet").stdout.strip()
    unit = ("systemd-run", "--quiet", "--pipe", "--wait", "--property", limits)
    more = ("--property=NoNewPrivileges=yes", "--property=SystemCallFilter=@system-service")
    return server.run(*unit, *more, "/opt/portreeve/venv/bin/python", "-c", RUN, *argv).stdout


@pytest.fixture(scope="module")
def server(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Host]:
    """One host for all tests of this file; each uses containers of its own names."""
    with Host(lab_run, installed_snapshot, "actions") as host:
        yield host


@pytest.fixture(scope="module")
def containers(server: Host) -> Containers:
    return Containers(server)


@pytest.fixture
def docker(server: Host) -> Iterator[Docker]:
    client = Docker(DockerSettings(Path(f"/proc/{server.leader}/root/run/docker.sock")))
    yield client
    client.close()


def run(docker: Docker, name: str, script: str, *, timeout: float = 10) -> ExecResult:
    found = docker.find(ContainerRef(name=name))
    return run_in_container(docker, found, ["sh", "-c", script], timeout=timeout, stdout_limit=1000)


def waits(act: Callable[[], object]) -> Waiting:
    with pytest.raises(Waiting) as caught:
        act()
    return caught.value


def test_a_command_tells_both_outputs_and_its_exit_status(docker: Docker, containers: Containers) -> None:
    containers.run("plain", "--network=none")
    assert run(docker, "plain", "echo out; echo err >&2; exit 3") == ExecResult(3, b"out\n", b"err\n")
    assert run(docker, "plain", "exec >&- 2>&-; sleep 1; exit 4") == ExecResult(4, b"", b"")
    left_behind = run(docker, "plain", "sleep 5 & echo started", timeout=4)
    assert (left_behind.exit_code, left_behind.stdout) == (0, b"started\n")
    assert run(docker, "plain", "yes | head -c 5000").overrun


def test_a_program_that_is_not_there_is_told_by_its_exit_status(
    docker: Docker, containers: Containers
) -> None:
    containers.run("without", "--network=none")
    found = docker.find(ContainerRef(name="without"))
    result = run_in_container(docker, found, ["nosuch"], timeout=5)
    assert result.exit_code in (126, 127)
    assert not result.ok


@pytest.mark.parametrize("user", ["root", "33:33"])
def test_a_command_that_takes_too_long_is_killed_with_its_children_by_an_agent_on_the_host(
    server: Host, containers: Containers, user: str
) -> None:
    name = f"slow-{user.partition(':')[0]}"
    containers.run(name, "--network=none", f"--user={user}")
    exit_code, told = json.loads(on_the_host(server, name, "exec", SLEEPS_WITH_A_CHILD))
    assert (exit_code, told) == (None, "it did not end within 1.5 s, and was killed")
    server.wait_until(
        lambda: "4321" not in containers.docker("top", name).stdout, 5, "all of its processes are gone"
    )
    assert containers.state(name) == "running"


def test_a_command_that_takes_too_long_and_cannot_be_reached_is_said_to_run_on(
    docker: Docker, containers: Containers
) -> None:
    containers.run("unreachable", "--network=none")
    result = run(docker, "unreachable", "sleep 30", timeout=1)
    assert result.exit_code is None
    assert "did not end within 1 s, and may still run" in result.describe()


def test_a_container_that_is_not_running_is_waited_for_by_name(
    docker: Docker, containers: Containers
) -> None:
    containers.run("stopping", "--network=none")
    seen = docker.find(ContainerRef(name="stopping"))
    for change, reason in (
        ("pause", Reason.CONTAINER_PAUSED),
        ("unpause", None),
        ("stop", Reason.CONTAINER_NOT_RUNNING),
        ("rm", Reason.CONTAINER_ABSENT),
    ):
        containers.docker(change, "stopping")
        if reason is None:
            assert run_in_container(docker, seen, ["true"], timeout=5).ok
            continue
        # `seen` is from before, so that it is Docker that refuses.
        assert waits(lambda: run_in_container(docker, seen, ["true"], timeout=5)).reason is reason
        if change != "pause":
            assert waits(lambda: send_to_container(docker, seen, "HUP")).reason is reason


def test_a_container_that_keeps_ending_is_waited_for_by_name(docker: Docker, containers: Containers) -> None:
    containers.run("looping", "--network=none", "--restart=always", command=("false",))
    ref = ContainerRef(name="looping")

    def reason(act: Callable[[], object]) -> Reason | None:
        try:
            act()
        except Waiting as error:
            return error.reason
        return None

    def refused() -> bool:
        """It runs for a moment now and then."""
        reasons = {
            reason(lambda: run_in_container(docker, docker.find(ref), ["true"], timeout=5)),
            reason(lambda: send_to_container(docker, docker.find(ref), "CONT")),
        }
        return reasons == {Reason.CONTAINER_RESTARTING}

    containers.guest.wait_until(refused, 20, "it is named as restarting")
    containers.docker("rm", "-f", "looping")


def test_a_signal_arrives(docker: Docker, containers: Containers) -> None:
    notes = f"trap 'echo hup >>/tmp/notes' HUP; {KEEP_RUNNING}"
    containers.run("listener", "--network=none", command=("sh", "-c", notes))
    send_to_container(docker, docker.find(ContainerRef(name="listener")), "HUP")
    containers.guest.wait_until(
        lambda: run(docker, "listener", "cat /tmp/notes").stdout == b"hup\n", 5, "the signal has arrived"
    )
    assert containers.state("listener") == "running"


def test_a_signal_leaves_the_restart_policy_alone(server: Host, containers: Containers) -> None:
    stubborn = f"trap : HUP; {KEEP_RUNNING}"
    containers.run("kept", "--network=none", "--restart=always", command=("sh", "-c", stubborn))
    on_the_host(server, "kept", "signal", "HUP")
    # The command itself may go down with the container.
    containers.docker("exec", "kept", "kill", "-TERM", "1", check=False)
    containers.guest.wait_until(
        lambda: containers.inspect("kept", "{{.RestartCount}} {{.State.Status}}") == "1 running",
        10,
        "it is started again",
    )


def test_containers_are_listed_as_a_fresh_look_at_them_shows_them(
    docker: Docker, containers: Containers
) -> None:
    containers.docker("network", "create", "shop")
    options = {
        "one": ("--network=shop", "--network-alias=web", "--label=proxy=one.example", "-p", "8081:80"),
        "two": ("--network=shop", "--label=proxy=two.example", "-e", "VIRTUAL_HOST=two.example"),
        "three": ("--network=host", "--label=proxy"),
        "four": ("--network=container:one", "--label=proxy"),
        "five": ("--network=none", "--label=proxy", "--health-cmd=test -e /tmp/well", "--health-interval=1s"),
    }
    for name, these in options.items():
        containers.run(name, *these)
    proxied = ContainerList(labels=("proxy",), status="")

    def listed(wanted: ContainerList = proxied) -> list[str]:
        return [each["name"] for each in list_containers(docker, wanted)]

    assert listed() == ["five", "four", "one", "three", "two"]
    assert listed(ContainerList(labels=("proxy=two.example",))) == ["two"]
    assert listed(ContainerList(network="shop")) == ["one", "two"]
    one, two = list_containers(docker, ContainerList(network="shop"))
    assert "web" in one["networks"]["shop"]["aliases"]
    assert one["networks"]["shop"]["ip"].startswith("172.")
    assert {"ip": "0.0.0.0", "port": 8081} in one["ports"]["80/tcp"]
    assert two["env"]["VIRTUAL_HOST"] == "two.example"
    for change in (
        *(("pause", "two"), ("unpause", "two"), ("restart", "-t", "0", "two"), ("stop", "-t", "0", "two")),
        *(("start", "two"), ("network", "connect", "bridge", "two"), ("rename", "two", "zwei")),
        *(("network", "disconnect", "shop", "zwei"), ("restart", "-t", "0", "three", "five")),
        *(("restart", "-t", "0", "four"), ("exec", "five", "touch", "/tmp/well"), ("rm", "-f", "zwei")),
    ):
        containers.docker(*change)
        containers.guest.wait_until(
            lambda: list_containers(docker, proxied) == list_containers(Docker(docker.settings), proxied),
            3,
            f"the list agrees with a fresh look after {shlex.join(change)}",
        )
    containers.guest.wait_until(
        lambda: list_containers(docker, proxied)[0]["health"] == "healthy", 10, "five is seen to be healthy"
    )
    assert IMAGE in list_containers(docker, proxied)[0]["image"]


def test_events_tell_of_health_networks_and_life(docker: Docker, containers: Containers) -> None:
    containers.docker("network", "create", "talk")
    stream = docker.events()
    events = iter(stream)
    try:
        id_ = containers.run("told", "--network=talk", "--health-cmd=true", "--health-interval=1s")
        heard: list[tuple[str, str]] = []
        for event in events:
            if event.container_id == id_:
                heard.append((event.action, event.name))
            if event.action == "health_status: healthy":
                break
        containers.docker("network", "disconnect", "talk", "told")
        heard.append(next((event.action, event.name) for event in events if event.container_id == id_))
    finally:
        stream.close()
    assert heard == [
        ("create", "told"),
        ("connect", ""),
        ("start", "told"),
        ("health_status: healthy", "told"),
        ("disconnect", ""),
    ]
