"""A container rebuilt from what a real Docker tells of it, and put back wherever that ends early."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from host.lab.containers import IMAGE, KEEP_RUNNING, Containers
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from portreeve.containers.connection import Docker
from portreeve.containers.recreate import Outcome, awaited, begin, finish, roll_back
from portreeve.containers.recreate_config import RECREATED_FROM
from portreeve.containers.recreate_plan import plan_recreation
from portreeve.containers.start_failure import StartFailed, StartFailure
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import DockerUnavailable, Failed, Reason, Refused


@pytest.fixture(scope="module")
def containers(lab_run: Run, plain_snapshot: Snapshot) -> Iterator[Containers]:
    """One host for all tests of this file; each uses containers of its own names."""
    with Host(lab_run, plain_snapshot, "recreate") as host:
        yield Containers(host)


@pytest.fixture
def docker(containers: Containers) -> Iterator[Docker]:
    assert isinstance(containers.guest, Host)
    client = Docker(DockerSettings(Path(f"/proc/{containers.guest.leader}/root/run/docker.sock")))
    yield client
    client.close()


class Killed(Exception):
    """The agent ends here."""


class Stored:
    """Keeps the last text; the agent is killed when it tells one, before that is stored (`lost`) or after."""

    def __init__(self, kill_at: int = 0, *, lost: bool = False) -> None:
        self.texts: list[str] = []
        self._kill_at = kill_at
        self._lost = lost

    @property
    def last(self) -> str:
        return self.texts[-1]

    def __call__(self, text: str) -> None:
        if self._lost and len(self.texts) + 1 == self._kill_at:
            raise Killed
        self.texts.append(text)
        if len(self.texts) == self._kill_at:
            raise Killed


def shown(containers: Containers, name: str) -> dict[str, Any]:
    (found,) = json.loads(containers.docker("inspect", "--type", "container", name).stdout)
    assert isinstance(found, dict)
    return found


def compared(raw: dict[str, Any]) -> dict[str, Any]:
    """What inspect tells, without what is new with every container and what portreeve adds."""
    short = raw["Id"][:12]
    config, host_config = dict(raw["Config"]), deepcopy(raw["HostConfig"])
    config["Labels"] = {k: each for k, each in config["Labels"].items() if k != RECREATED_FROM}
    if config["Hostname"] == short:
        del config["Hostname"]
    unnamed = [each["Name"] for each in raw["Mounts"] if len(each.get("Name", "")) == 64]
    binds = [each for each in host_config.pop("Binds") or () if each.split(":")[0] not in unnamed]
    keys = ("Type", "Name", "Source", "Destination", "RW")
    networks = {
        name: {
            "Aliases": sorted(set(each["Aliases"] or ()) - {short}),
            "IPAMConfig": each["IPAMConfig"] or {},
            "Links": each["Links"],
        }
        for name, each in raw["NetworkSettings"]["Networks"].items()
    }
    for mount in host_config.get("Mounts") or ():
        mount.pop("Source" if mount.get("Source") in unnamed else "", None)
    given = {key: each for key, each in host_config.items() if each}
    return {
        **{f"Config.{key}": each for key, each in config.items() if each},
        **{f"HostConfig.{key}": each for key, each in given.items()},
        "Binds": sorted(binds),
        "Mounts": sorted([{key: each.get(key) for key in keys} for each in raw["Mounts"]], key=str),
        "Networks": networks,
        "Image": raw["Image"],
        "Name": raw["Name"],
        "Running": raw["State"]["Running"],
        "Ports": raw["NetworkSettings"]["Ports"],
    }


def is_up(docker: Docker) -> bool:
    try:
        docker.require_up()
    except DockerUnavailable:
        return False
    return True


def named(containers: Containers, name: str) -> list[str]:
    """The names of the containers that have to do with this one."""
    lines = containers.docker("ps", "-a", "--filter", f"name={name}", "--format", "{{.Names}}").stdout
    return sorted(lines.split())


def test_the_new_one_is_the_old_ones_equal_and_has_its_data(docker: Docker, containers: Containers) -> None:
    containers.docker("network", "create", "--subnet=10.77.1.0/24", "front")
    containers.docker("network", "create", "back")
    old = containers.docker(
        *("create", "--name=web", "--network=front", "--ip=10.77.1.7", "--network-alias=www"),
        *("-v", "web-data:/data", "-v", "/scratch", "--mount", "type=volume,dst=/more", "--tmpfs=/fast"),
        *("-v", "/etc/hostname:/given:ro", "-p", "127.0.0.1:8077:80", "-p", "8078:81/udp"),
        *("--label=com.docker.compose.project=shop", "--label=com.docker.compose.service=web"),
        *("--health-cmd=true", "--health-interval=1s", "-e", "TOKEN=a=b", "--restart=on-failure:3"),
        *("--memory=64m", "--cap-drop=NET_RAW", "--add-host=one:10.0.0.1", "--stop-timeout=3", "--init"),
        *(
            "--ulimit=nofile=512:1024",
            "--security-opt=no-new-privileges",
            "--log-opt=max-size=1m",
            "-w",
            "/tmp",
        ),
        *(IMAGE, "sh", "-c", KEEP_RUNNING),
    ).stdout.strip()
    containers.docker("network", "connect", "--alias=db-client", "back", "web")
    containers.docker("start", "web")
    containers.docker("exec", "web", "sh", "-c", "for d in data scratch more; do echo $d >/$d/kept; done")
    before = shown(containers, "web")
    plan = plan_recreation(docker, old)
    assert not plan.refusals
    assert "it is in network back again, as db-client too" in plan.steps
    assert "it is in network front again, as www too" in plan.steps
    assert "volume web-data at /data is kept" in plan.steps
    unchanged = shown(containers, "web")
    assert compared(unchanged) == compared(before)
    assert unchanged["State"]["StartedAt"] == before["State"]["StartedAt"]
    stored = Stored()
    new = begin(docker, old, stop_timeout=5, journal=stored)
    assert awaited(stored.last) == new != old
    after = shown(containers, "web")
    assert compared(after) == compared(before)
    assert after["Config"]["Labels"][RECREATED_FROM] == old
    finish(docker, stored.last, journal=stored)
    assert roll_back(docker, stored.last) is Outcome.FINISHED
    assert named(containers, "web") == ["web"]
    said = containers.docker("exec", "web", "sh", "-c", "cat /data/kept /scratch/kept /more/kept").stdout
    assert said.split() == ["data", "scratch", "more"]
    again = begin(docker, new, stop_timeout=5, journal=stored)
    finish(docker, stored.last, journal=stored)
    assert compared(shown(containers, again)) == compared(before)
    assert containers.docker("exec", "web", "cat", "/scratch/kept").stdout == "scratch\n"


@pytest.mark.parametrize(
    "options",
    [
        ("--network=host",),
        ("--network=none", "--hostname=given"),
        ("--network=container:base",),
        ("--link=base:db", "--volumes-from=base"),
        ("--cap-add=NET_ADMIN", "--pid=host", "--uts=host", "--sysctl=net.core.somaxconn=512"),
        ("--entrypoint=", "--mac-address=02:42:ac:11:77:77", "-P", "--expose=99"),
        ("--read-only", "--ipc=shareable", "-t", "-i", "--user=1:1", "--domainname=example.org"),
    ],
)
def test_every_kind_of_container_is_rebuilt_equal(
    docker: Docker, containers: Containers, options: tuple[str, ...]
) -> None:
    containers.run("base", "-v", "/srv")
    try:
        old = containers.run("kind", *options, command=("sh", "-c", KEEP_RUNNING))
        before, stored = shown(containers, "kind"), Stored()
        begin(docker, old, stop_timeout=1, journal=stored)
        finish(docker, stored.last, journal=stored)
        after = shown(containers, "kind")
        if "-P" in options:
            del before["NetworkSettings"]["Ports"], after["NetworkSettings"]["Ports"]
            before["NetworkSettings"]["Ports"] = after["NetworkSettings"]["Ports"] = None
        assert compared(after) == compared(before)
    finally:
        containers.docker("rm", "-f", "kind", "base")


def test_a_new_one_that_cannot_be_started_gives_the_place_back(
    docker: Docker, containers: Containers
) -> None:
    guest = containers.guest
    guest.run("mkdir", "/srv/bound")
    old = containers.run("bound", "--restart=always", "--mount", "type=bind,src=/srv/bound,dst=/b")
    guest.run("mv", "/srv/bound", "/srv/elsewhere")
    stored = Stored()
    with pytest.raises(Failed, match="a new container bound cannot be created") as caught:
        begin(docker, old, stop_timeout=1, journal=stored)
    assert caught.value.reason is Reason.RECREATION_FAILED
    assert "/srv/bound" in caught.value.evidence
    guest.run("mv", "/srv/elsewhere", "/srv/bound")
    assert roll_back(docker, stored.last) is Outcome.PUT_BACK
    assert named(containers, "bound") == ["bound"]
    back = shown(containers, "bound")
    assert (back["Id"], back["State"]["Status"]) == (old, "running")
    assert back["HostConfig"]["RestartPolicy"]["Name"] == "always"
    with_port = containers.run("taken", "-p", "8079:80")
    containers.docker("pause", "taken")
    stored = Stored(kill_at=2)
    with pytest.raises(Killed):
        begin(docker, with_port, stop_timeout=1, journal=stored)
    containers.run("thief", "-p", "8079:80")
    with pytest.raises(StartFailed) as unstarted:
        roll_back(docker, stored.last)
    assert unstarted.value.failure is StartFailure.PORT
    containers.docker("rm", "-f", "thief")
    assert roll_back(docker, stored.last) is Outcome.PUT_BACK
    assert containers.state("taken") == "running"


@pytest.mark.parametrize(
    ("kill_at", "lost"), [*((each, False) for each in range(1, 7)), (4, True), (6, True)]
)
def test_an_agent_killed_at_any_step_leaves_one_container_of_that_name_running(
    docker: Docker, containers: Containers, kill_at: int, lost: bool
) -> None:
    name = f"cut{kill_at}{lost}".lower()
    old = containers.run(name, "--restart=always", "-v", "/kept")
    containers.docker("exec", name, "touch", "/kept/here")
    before, stored = compared(shown(containers, name)), Stored(kill_at, lost=lost)
    with pytest.raises(Killed):
        begin(docker, old, stop_timeout=1, journal=stored)
    assert roll_back(docker, stored.last) is Outcome.PUT_BACK
    assert roll_back(docker, stored.last) is Outcome.PUT_BACK
    assert named(containers, name) == [name]
    back = shown(containers, name)
    assert back["Id"] == old
    assert compared(back) == before
    assert containers.docker("exec", name, "ls", "/kept").stdout == "here\n"


def test_a_strangers_container_that_took_the_name_is_not_touched(
    docker: Docker, containers: Containers
) -> None:
    old, stored = containers.run("coveted"), Stored(kill_at=3)
    with pytest.raises(Killed):
        begin(docker, old, stop_timeout=1, journal=stored)
    stranger = containers.run("coveted", f"--label={RECREATED_FROM}=somebody")
    with pytest.raises(Failed, match="has lost its name"):
        roll_back(docker, stored.last)
    assert shown(containers, "coveted")["Id"] == stranger
    assert shown(containers, old)["State"]["Status"] == "running"
    containers.docker("rm", "-f", "coveted")
    assert roll_back(docker, stored.last) is Outcome.PUT_BACK
    assert shown(containers, "coveted")["Id"] == old


def test_one_that_keeps_ending_is_replaced_and_put_back_as_it_was(
    docker: Docker, containers: Containers
) -> None:
    stored = Stored()
    old = containers.run("looper", "--restart=always", command=("false",))
    new = begin(docker, old, stop_timeout=1, journal=stored)
    assert awaited(stored.last) == new
    assert roll_back(docker, stored.last) is Outcome.PUT_BACK
    assert named(containers, "looper") == ["looper"]
    assert shown(containers, "looper")["Id"] == old
    containers.docker("rm", "-f", "looper")
    with pytest.raises(Failed, match="somebody removed it while it was recreated"):
        roll_back(docker, stored.last)


def test_a_paused_one_that_was_not_stopped_yet_stays_as_it_is(docker: Docker, containers: Containers) -> None:
    old, stored = containers.run("still"), Stored(kill_at=1)
    containers.docker("pause", "still")
    with pytest.raises(Killed):
        begin(docker, old, stop_timeout=1, journal=stored)
    assert roll_back(docker, stored.last) is Outcome.PUT_BACK
    assert containers.state("still") == "paused"
    containers.docker("unpause", "still")


def test_a_new_one_that_is_gone_does_not_cost_the_old_one(docker: Docker, containers: Containers) -> None:
    old, stored = containers.run("spare"), Stored()
    new = begin(docker, old, stop_timeout=1, journal=stored)
    containers.docker("rm", "-f", new)
    with pytest.raises(Failed, match="is gone, so that the old one is kept"):
        finish(docker, stored.last, journal=stored)
    assert roll_back(docker, stored.last) is Outcome.PUT_BACK
    assert shown(containers, "spare")["Id"] == old


def test_an_agent_killed_while_the_old_one_is_removed_keeps_the_new_one(
    docker: Docker, containers: Containers
) -> None:
    old, stored = containers.run("ready"), Stored(kill_at=7)
    new = begin(docker, old, stop_timeout=1, journal=stored)
    with pytest.raises(Killed):
        finish(docker, stored.last, journal=stored)
    assert roll_back(docker, stored.last) is Outcome.FINISHED
    assert named(containers, "ready") == ["ready"]
    assert shown(containers, "ready")["Id"] == new


def test_one_that_could_not_be_put_back_is_refused_by_name(docker: Docker, containers: Containers) -> None:
    stored = Stored()
    with pytest.raises(Refused, match="it removes itself when it ends"):
        begin(docker, containers.run("brief", "--rm"), stop_timeout=1, journal=stored)
    containers.run("host-of-net")
    guest = containers.run("guest-of-net", "--network=container:host-of-net")
    steps = plan_recreation(docker, shown(containers, "host-of-net")["Id"]).steps
    assert "container guest-of-net uses its network, and loses it until it is recreated as well" in steps
    containers.docker("rm", "-f", "host-of-net")
    with pytest.raises(Refused, match="does not exist any more"):
        begin(docker, guest, stop_timeout=1, journal=stored)
    assert stored.texts == []
    assert containers.state("guest-of-net") == "running"


def test_a_recreation_outlives_a_restart_of_docker_and_the_old_one_stays_aside(
    docker: Docker, containers: Containers
) -> None:
    stored = Stored()
    old = containers.run("steady", "--restart=always")
    new = begin(docker, old, stop_timeout=1, journal=stored)
    containers.guest.run("systemctl", "restart", "docker.service", timeout=60)
    assert shown(containers, new)["State"]["Status"] == "running"
    assert shown(containers, old)["State"]["Status"] == "exited"
    assert roll_back(docker, stored.last) is Outcome.PUT_BACK
    assert shown(containers, "steady")["Id"] == old


@pytest.mark.parametrize("step", [3, 5])
def test_docker_that_goes_away_in_the_middle_takes_nothing_with_it(
    docker: Docker, containers: Containers, step: int
) -> None:
    guest, stored, name = containers.guest, Stored(), f"orphan{step}"
    old = containers.run(name, "--restart=always")

    def store(text: str) -> None:
        stored(text)
        if len(stored.texts) == step:
            guest.run("systemctl", "stop", "docker.socket", "docker.service", timeout=60)

    with pytest.raises(DockerUnavailable):
        begin(docker, old, stop_timeout=1, journal=store)
    with pytest.raises(DockerUnavailable):
        roll_back(docker, stored.last)
    guest.run("systemctl", "reset-failed", "docker.service")  # Five starts in a minute are too many else.
    guest.run("systemctl", "start", "docker.socket", "docker.service", timeout=60)
    guest.wait_until(lambda: is_up(docker), 5, "Docker is seen to be back")
    assert roll_back(docker, stored.last) is Outcome.PUT_BACK
    assert named(containers, name) == [name]
    assert shown(containers, name)["State"]["Status"] == "running"
