"""What a newcomer reads of containers that are not as they should be: the texts, in each case."""

import re
from dataclasses import replace

import click
import pytest

from fakes.board_agent import STARTED, BoardAgent, container, service, sync
from portreeve.cli.exit_codes import EXIT_CODES
from portreeve.cli.explain import report_of
from portreeve.cli.status import report as status_report
from portreeve.cli.supervised import container_table
from portreeve.control.codec import to_json
from portreeve.control.names import Kind
from portreeve.control.outcome import outcome_of
from portreeve.errors import Reason
from portreeve.paths import Paths
from portreeve.reconcile.status import DockerStatus, State, Trouble
from portreeve.supervise.state import ContainerState as S
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus

NOW = STARTED + 180
HEALTH = "http://172.17.0.2/health"
TIME_LEFT = "db must be ready first: it still has time to become ready"

RESTART_LOOP = container(
    "db",
    S.RESTARTING,
    description="The shop's database",
    container="shop-db",
    evidence="it keeps ending, and Docker has restarted it 3 times, the last time with exit code 1",
    trouble=Trouble(
        Reason.CONTAINER_RESTARTING,
        "it keeps ending, the last time with exit code 1",
        hint="its log tells why; mend it, and it is ready by itself",
    ),
    docker_status="restarting",
    exit_code=1,
    restart_count=3,
    restarts=3,
    ready="tcp 172.17.0.2:5432",
    log_tail=("FATAL: data directory has wrong ownership", "shutting down"),
)
GAVE_UP = replace(
    RESTART_LOOP,
    trouble=Trouble(Reason.CONTAINER_RESTARTING, "it was restarted 5 times within 10 minutes"),
    restarts=5,
    gave_up=True,
    log_tail=(),
)
BUSY_PORT = container(
    "web",
    S.FAILED_TO_START,
    evidence="Docker could not start it: driver failed programming external connectivity on endpoint web: "
    "bind for 0.0.0.0:80 failed: port is already allocated",
    trouble=Trouble(
        Reason.CONTAINER_START_FAILED,
        "port 80 is held by another process",
        "nginx (pid 77)",
        "stop it or choose another port; it is started as soon as the port is free",
    ),
    docker_status="created",
    exit_code=128,
    next_try=NOW + 12,
)
MISSING_MOUNT = container(
    "web",
    S.FAILED_TO_START,
    evidence="Docker could not start it: bind source path does not exist: /srv/data",
    trouble=Trouble(
        Reason.CONTAINER_START_FAILED, "the path /srv/data does not exist", hint="make /srv/data, or mount it"
    ),
    next_try=NOW + 60,
)
MISSING_PROGRAM = container(
    "web",
    S.FAILED_TO_START,
    evidence='Docker could not start it: exec: "serve": executable file not found in $PATH',
    trouble=Trouble(Reason.CONTAINER_START_FAILED, "its program does not exist in it"),
    exit_code=127,
)
WAITING = container(
    "web",
    S.EXITED,
    evidence="it ended with exit code 0",
    docker_status="exited",
    exit_code=0,
    waits_for=("db", "cache"),
    trouble=Trouble(Reason.NOT_YET, TIME_LEFT),
)
HELD_BACK = container(
    "web",
    S.CREATED,
    evidence="it was made and never started",
    trouble=Trouble(
        Reason.NOT_YET,
        "its start is held back: the host is short of memory",
        "4 % of memory is available, and starts wait for 10 %",
    ),
    next_try=NOW + 10,
)
ABSENT = container(
    "web",
    S.ABSENT,
    container="shop-web",
    evidence="Docker lists no such container",
    trouble=Trouble(
        Reason.CONTAINER_ABSENT, "container shop-web does not exist", hint="docker compose up -d makes it"
    ),
)
PAUSED = container(
    "web",
    S.PAUSED,
    evidence="its processes are frozen until somebody unpauses it",
    docker_status="paused",
    trouble=Trouble(
        Reason.CONTAINER_PAUSED,
        "somebody paused it",
        hint="docker unpause web; `unpause = true` in its definition does it by itself",
    ),
)
DOCKER_DOWN = container(
    "web",
    S.UNKNOWN,
    evidence="nothing can be told about it: Docker is down",
    trouble=Trouble(Reason.DOCKER_DOWN, "Docker is down", hint="systemctl status docker"),
    next_try=NOW + 5,
)
UNREADY_500 = container(
    "web",
    S.UNREADY,
    evidence="its process runs and does not serve: http://172.17.0.2/health answered 500",
    ready="http http://172.17.0.2/health",
    probe="http://172.17.0.2/health answered 500",
    started_at=STARTED,
    next_try=NOW + 8,
)
UNREADY_HANGS = replace(
    UNREADY_500,
    evidence="its process runs and does not serve: http://172.17.0.2/health did not answer within 5 s",
    probe="http://172.17.0.2/health did not answer within 5 s",
)
UNREADY_CLOSED = replace(
    UNREADY_500,
    evidence="its process runs and does not serve: 172.17.0.2:80 refuses connections",
    ready="tcp 172.17.0.2:80",
    probe="172.17.0.2:80 refuses connections",
)
STOPPED = container(
    "web",
    S.EXITED,
    evidence="it ended with exit code 143 (ended by SIGTERM)",
    wanted="down",
    docker_status="exited",
    exit_code=143,
)
ONE_SHOT = container(
    "migrate",
    S.EXITED,
    evidence="it was to end with exit code 0 and ended with exit code 3",
    trouble=Trouble(Reason.CONTAINER_NOT_RUNNING, "it failed with exit code 3", hint="its log tells why"),
    ready="exited 0",
    docker_status="exited",
    exit_code=3,
    restarts=1,
    next_try=NOW + 4,
)
UNDECLARED = ContainerStatus(
    "shop-web", declared=False, state=S.RUNNING, since=STARTED, docker_status="running", evidence="it runs"
)


def explained(status: ContainerStatus | ServiceStatus) -> str:
    kind = Kind.SERVICE if isinstance(status, ServiceStatus) else Kind.CONTAINER
    return click.unstyle("\n".join(report_of(kind, to_json(status), NOW)))


def cells(status: ContainerStatus) -> list[str]:
    """The line of a container in the table of ``status``, cell by cell."""
    return re.split(r"  +", click.unstyle(container_table([status], NOW, wide=False)[1]))


SERVES_NOT = "its process runs and does not serve"


@pytest.mark.parametrize(
    ("status", "state", "why"),
    [
        (RESTART_LOOP, "restarting", "it keeps ending, the last time with exit code 1"),
        (GAVE_UP, "restarting, given up", "it was restarted 5 times within 10 minutes"),
        (BUSY_PORT, "failed to start", "port 80 is held by another process · next try in 12s"),
        (MISSING_MOUNT, "failed to start", "the path /srv/data does not exist · next try in 1m"),
        (MISSING_PROGRAM, "failed to start", "its program does not exist in it"),
        (WAITING, "exited", f"{TIME_LEFT} · waits for cache"),
        (HELD_BACK, "created", "its start is held back: the host is short of memory · next try in 10s"),
        (ABSENT, "absent", "container shop-web does not exist"),
        (PAUSED, "paused", "somebody paused it"),
        (DOCKER_DOWN, "unknown", "Docker is down · next try in 5s"),
        (UNREADY_500, "unready", f"{SERVES_NOT}: {HEALTH} answered 500 · next try in 8s"),
        (UNREADY_HANGS, "unready", f"{SERVES_NOT}: {HEALTH} did not answer within 5 s · next try in 8s"),
        (UNREADY_CLOSED, "unready", f"{SERVES_NOT}: 172.17.0.2:80 refuses connections · next try in 8s"),
        (STOPPED, "exited", "it ended with exit code 143 (ended by SIGTERM)"),
        (ONE_SHOT, "exited", "it failed with exit code 3 · next try in 4s"),
        (UNDECLARED, "running", "it runs"),
    ],
)
def test_the_line_of_a_container_says_what_is_wrong(status: ContainerStatus, state: str, why: str) -> None:
    restarts = f"{status.restarts} of 5" if status.declared else "-"
    assert cells(status) == [status.name, state, "3m ago", restarts, why]


def test_the_line_of_a_container_that_is_ready_says_no_more() -> None:
    assert cells(container("web")) == ["web", "ready", "3m ago", "0 of 5"]


def test_a_restart_loop_is_explained(paths: Paths) -> None:
    assert (
        explained(RESTART_LOOP)
        == """\
container db is restarting
  The shop's database

why        it keeps ending, the last time with exit code 1 (container-restarting)
evidence   it keeps ending, and Docker has restarted it 3 times, the last time with exit code 1
since      3m ago (2023-11-14 22:13:20)
next try   when Docker or something it depends on tells of a change, or with the next resync
to do      its log tells why; mend it, and it is ready by itself
kept up    yes
container  shop-db
in Docker  restarting, exit code 1, 3 restarts by Docker
ready when tcp 172.17.0.2:5432
restarts   3 of at most 5 within 10m
log        FATAL: data directory has wrong ownership
           shutting down
unit       portreeve-container@db.service"""
    )


def test_what_was_given_up_is_explained_with_the_way_out(paths: Paths) -> None:
    text = explained(GAVE_UP)
    assert text.startswith("container db is restarting, given up\n")
    assert "why        it was restarted 5 times within 10 minutes (container-restarting)" in text
    assert "next try   none by itself: it was given up" in text
    assert "to do      mend it, then portreeve containers reset db" in text


def test_a_failed_start_is_explained(paths: Paths) -> None:
    assert (
        explained(BUSY_PORT)
        == """\
container web failed to start

why        port 80 is held by another process (container-start-failed)
evidence   nginx (pid 77)
           Docker could not start it: driver failed programming external connectivity on endpoint web: \
bind for 0.0.0.0:80 failed: port is already allocated
since      3m ago (2023-11-14 22:13:20)
next try   in 12s
to do      stop it or choose another port; it is started as soon as the port is free
kept up    yes
container  web
in Docker  created, exit code 128
restarts   0 of at most 5 within 10m
unit       portreeve-container@web.service"""
    )


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (
            MISSING_MOUNT,
            ["why        the path /srv/data does not exist", "to do      make /srv/data"],
        ),
        (
            MISSING_PROGRAM,
            ["why        its program does not exist in it", "next try   when Docker"],
        ),
        (WAITING, ["why        db must be ready first", "waits for  db", "           cache"]),
        (HELD_BACK, ["why        its start is held back", "evidence   4 % of memory is available"]),
        (
            ABSENT,
            ["why        container shop-web does not exist", "to do      docker compose up -d"],
        ),
        (PAUSED, ["why        somebody paused it", "to do      docker unpause web"]),
        (DOCKER_DOWN, ["why        Docker is down (docker-down)", "to do      systemctl status docker"]),
        (
            UNREADY_500,
            [
                "evidence   its process runs and does not serve: http://172.17.0.2/health answered 500",
                "next try   in 8s",
                "in Docker  running, started 3m ago",
                "ready when http http://172.17.0.2/health",
                "probe      http://172.17.0.2/health answered 500",
            ],
        ),
        (UNREADY_HANGS, ["probe      http://172.17.0.2/health did not answer within 5 s"]),
        (UNREADY_CLOSED, ["ready when tcp 172.17.0.2:80", "probe      172.17.0.2:80 refuses connections"]),
        (
            STOPPED,
            [
                "evidence   it ended with exit code 143 (ended by SIGTERM)",
                "next try   none: it is to be down, until portreeve containers start web",
                "kept up    no: as `portreeve containers stop` asked",
            ],
        ),
        (
            ONE_SHOT,
            [
                "why        it failed with exit code 3",
                "in Docker  exited, exit code 3",
                "ready when exited 0",
            ],
        ),
        (
            UNDECLARED,
            [
                "next try   none: it has no definition, so it is watched and never touched",
                "kept up    no: it has no definition",
            ],
        ),
        (
            container("web", S.EXITED, autostart=False),
            [
                "next try   none: it is not kept up; portreeve containers start web starts it",
                "kept up    no: its definition has no autostart",
            ],
        ),
    ],
)
def test_each_case_is_explained(paths: Paths, status: ContainerStatus, lines: list[str]) -> None:
    shown = explained(status).splitlines()
    for line in lines:
        assert [one for one in shown if one.startswith(line)], (line, shown)


def test_what_is_ready_has_no_next_try(paths: Paths) -> None:
    assert (
        explained(container("web", image="nginx:1", container_id="0123456789ab", health="healthy"))
        == """\
container web is ready

since      3m ago (2023-11-14 22:13:20)
kept up    yes
container  web
in Docker  running, health check healthy, id 0123456789ab
image      nginx:1
restarts   0 of at most 5 within 10m
unit       portreeve-container@web.service"""
    )


def test_a_service_is_explained(paths: Paths) -> None:
    status = service(
        "daemon",
        ServiceState.UNREADY,
        description="MCSManager's daemon",
        unit="mcsm-daemon.service",
        requires=("docker", "container:db"),
        evidence="127.0.0.1:24444 accepts and does not answer",
        probe="127.0.0.1:24444 did not answer within 5 s",
        restarts=2,
        restarts_most=5,
        window=600.0,
        next_try=NOW + 10,
    )
    assert (
        explained(status)
        == """\
service daemon is unready
  MCSManager's daemon

evidence   127.0.0.1:24444 accepts and does not answer
since      3m ago (2023-11-14 22:13:20)
next try   in 10s
unit       mcsm-daemon.service
requires   docker
           container:db
probe      127.0.0.1:24444 did not answer within 5 s
restarts   2 of at most 5 within 10m"""
    )


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (service("daemon", ServiceState.FAILED, gave_up=True), "next try   none by itself: it was given up"),
        (
            service("daemon", ServiceState.FAILED, gave_up=True),
            "to do      mend it, then portreeve services reset daemon",
        ),
        (service("daemon", ServiceState.MASKED), "next try   none: it is left so"),
    ],
)
def test_a_service_that_nothing_is_tried_with_says_so(paths: Paths, status: ServiceStatus, line: str) -> None:
    assert line in explained(status).splitlines()


def test_everything_at_a_glance(paths: Paths) -> None:
    agent = BoardAgent(sync("cockpit", values={"port": "9000"}), sync("proxy", State.WAITING))
    for status in (container("cache"), RESTART_LOOP, UNREADY_500):
        agent.containers.post(status)
    agent.services.post(service("daemon", unit="mcsm-daemon.service"))
    agent.pressure = ("4 % of memory is available, and starts wait for 10 %",)
    text = click.unstyle("\n".join(status_report(agent.overview(), NOW)))
    assert (
        text
        == """\
portreeve 0.1.0 · docker up 20.10.24 · 2 syncs: 1 in step, 1 waiting · 3 containers: 1 ready, 1 restarting, \
1 unready · 1 service: 1 active

SYNC     STATE    SINCE   VALUES     WHY / NEXT
cockpit  in step  3m ago  port=9000
proxy    waiting  3m ago  -

CONTAINER  STATE       SINCE   RESTARTS  WHY / NEXT
cache      ready       3m ago  0 of 5
db         restarting  3m ago  3 of 5    it keeps ending, the last time with exit code 1
web        unready     3m ago  0 of 5    its process runs and does not serve: http://172.17.0.2/health \
answered 500 · next try in 8s

SERVICE  STATE   SINCE   RESTARTS  UNIT                 WHY / NEXT
daemon   active  3m ago  -         mcsm-daemon.service

the host is short of something:
  4 % of memory is available, and starts wait for 10 %"""
    )


def test_without_syncs_containers_are_enough() -> None:
    agent = BoardAgent()
    agent.docker = DockerStatus("down")
    agent.containers.post(GAVE_UP)
    first = click.unstyle(status_report(agent.overview(), NOW)[0])
    assert first == "portreeve 0.1.0 · docker down · 1 container: 1 restarting, given up"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (container("web"), 0),
        (STOPPED, 0),
        (UNDECLARED, 0),
        (replace(UNREADY_500, autostart=False), 0),
        (UNREADY_500, 1),
        (RESTART_LOOP, 1),
        (GAVE_UP, 1),
        (BUSY_PORT, 1),
        (ONE_SHOT, 1),
        (ABSENT, 3),
        (WAITING, 3),
        (HELD_BACK, 3),
        (PAUSED, 3),
        (container("web", S.STARTING), 3),
        (DOCKER_DOWN, 4),
    ],
)
def test_the_exit_code_of_status_is_that_of_the_worst(status: ContainerStatus, code: int) -> None:
    assert EXIT_CODES[outcome_of([sync("cockpit")], [container("cache"), status], [])] == code
