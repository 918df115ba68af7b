"""What a newcomer reads of containers that are not as they should be: the texts, in each case."""

import re
from dataclasses import replace
from pathlib import Path

import click
import pytest

from fakes.board_agent import STARTED, BoardAgent, container, service, sync
from portreeve.cli.exit_codes import EXIT_CODES
from portreeve.cli.explain import report_of
from portreeve.cli.status import report as status_report
from portreeve.cli.supervised import container_table, what_is_wrong
from portreeve.containers.observed import Observed
from portreeve.control.codec import to_json
from portreeve.control.names import Kind
from portreeve.control.outcome import outcome_of
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.supervised import HasExited, HttpAnswers, ManagedContainer, Probe
from portreeve.errors import DockerUnavailable, Reason
from portreeve.paths import Paths
from portreeve.reconcile.status import DockerStatus, State, Trouble
from portreeve.supervise.decision import Snapshot, Unmet
from portreeve.supervise.plan import decide
from portreeve.supervise.probing import Probing
from portreeve.supervise.record import Record, Wanted
from portreeve.supervise.seen import Absent, Away
from portreeve.supervise.state import ContainerState as S
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus
from portreeve.supervise.truth import judge

NOW = STARTED + 180
HEALTH = "http://172.17.0.2/health"
LOOPS = "it keeps ending, and Docker has restarted it 3 times, the last time with exit code 1"

WEB = ManagedContainer(
    "web",
    "The shop's front",
    ContainerRef(name="shop-web"),
    autostart=True,
    ready=Probe(HttpAnswers(HEALTH)),
    origin=(Path("/etc/portreeve/containers.d/web.toml"),),
)
MADE = Observed("0123456789ab" + "0" * 52, "shop-web", "shop:1", "created", networks=("shop",))
UP = replace(MADE, status="running", started_at=STARTED)
ENDED = replace(MADE, status="exited", started_at=STARTED - 60, finished_at=STARTED)
BUSY = (
    "driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated"
)
NO_PATH = 'invalid mount config for type "bind": bind source path does not exist: /srv/data'
NO_PROGRAM = 'exec: "serve": executable file not found in $PATH'
NEW = Record("web")
HELD = "port 80 is held by nginx (pid 77)"
FREE_IT = (
    "free the port (`ss -ltnp` shows who holds it), or publish another one; "
    "it is started as soon as the cause is gone"
)
SHORT = "4 % of memory is available, and starts wait for 10 %"
DOWN = DockerUnavailable(Reason.DOCKER_DOWN, "Docker is down", evidence="nobody listens on /run/docker.sock")


def status(
    seen: Observed | Absent | Away,
    *,
    serves: bool | None = None,
    probe: str = "",
    record: Record = NEW,
    declared: ManagedContainer = WEB,
    log_tail: tuple[str, ...] = (),
    **more: object,
) -> ContainerStatus:
    """What is really found and decided of a container, as it is told."""
    observed = seen if isinstance(seen, Observed) else None
    probing = Probing()
    if observed is not None:
        probing = Probing(observed.id, observed.started_at, verdict=serves, evidence=probe)
    truth = judge(declared, seen, probing, record, NOW)
    known = replace(record, state=truth.state)
    snapshot = Snapshot(declared, truth, observed, known, docker_since=STARTED - 3600, now=NOW)
    snapshot = replace(snapshot, **more)  # type: ignore[arg-type]  # Real fields.
    plan = decide(snapshot, lambda: 0.0)
    return container(
        declared.name,
        truth.state,
        description=declared.description,
        container=declared.container.name,
        autostart=declared.autostart,
        evidence=truth.evidence,
        trouble=plan.trouble,
        wanted=record.wanted.value if record.wanted else "",
        docker_status=observed.status if observed else "",
        exit_code=observed.exit_code if observed and observed.finished_at else None,
        restart_count=observed.restart_count if observed else 0,
        restarts=len(plan.record.restarts),
        gave_up=plan.record.gave_up is not None,
        stopped_by_hand=plan.record.stopped_by_hand is not None,
        waits_for=tuple(f"{each.name} ({each.wanted})" for each in snapshot.unmet),
        ready=str(declared.ready.condition or ""),
        probe=probe,
        log_tail=log_tail,
    )


LOOPING = replace(ENDED, status="restarting", restart_count=3, exit_code=1, policy="always")
RESTART_LOOP = status(LOOPING, log_tail=("FATAL: no such database", "bye"))
SPENT = Record("web", restarts=(NOW - 9,) * 5, gave_up=NOW - 5)
GAVE_UP = status(LOOPING, record=SPENT)
BUSY_PORT = status(replace(MADE, error=BUSY), cause=HELD)
MISSING_MOUNT = status(replace(MADE, error=NO_PATH), cause="/srv/data does not exist")
MISSING_PROGRAM = status(replace(MADE, error=NO_PROGRAM))
WAITING = status(MADE, unmet=(Unmet("db", "ready", "its process runs and does not serve"),))
HELD_BACK = status(MADE, held_back=SHORT)
ABSENT = status(Absent())
PAUSED = status(replace(UP, status="paused"))
DOCKER_DOWN = status(Away(DOWN))
UNREADY_500 = status(UP, serves=False, probe=f"{HEALTH} answered 500")
UNREADY_HANGS = status(UP, serves=False, probe=f"{HEALTH} did not answer within 5 s")
UNREADY_CLOSED = status(UP, serves=False, probe="172.17.0.2:80 refuses connections")
STARTING = status(replace(UP, started_at=NOW - 5), probe="172.17.0.2:80 refuses connections")
STOPPED = status(replace(ENDED, exit_code=143), record=Record("web", wanted=Wanted.DOWN))
BY_HAND = status(replace(ENDED, exit_code=143), record=Record("web", stopped_by_hand=STARTED))
MIGRATE = replace(WEB, name="migrate", ready=Probe(HasExited(0)))
ONE_SHOT = status(
    replace(ENDED, exit_code=3), declared=MIGRATE, record=Record("migrate", restarts=(NOW - 9,))
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
        (RESTART_LOOP, "restarting", LOOPS),
        (GAVE_UP, "restarting, given up", LOOPS),
        (
            BUSY_PORT,
            "failed to start",
            f"port 80 is held by nginx (pid 77); Docker could not start it: {BUSY}",
        ),
        (MISSING_MOUNT, "failed to start", f"/srv/data does not exist; Docker could not start it: {NO_PATH}"),
        (MISSING_PROGRAM, "failed to start", f"Docker could not start it: {NO_PROGRAM}"),
        (WAITING, "created", f"it waits until db is ready: {SERVES_NOT}"),
        (
            HELD_BACK,
            "created",
            f"its start is held back: {SHORT}",
        ),
        (ABSENT, "absent", "Docker lists no such container"),
        (PAUSED, "paused", "its processes are frozen until somebody unpauses it"),
        (DOCKER_DOWN, "unknown", f"nothing can be told about it: {DOWN}"),
        (UNREADY_500, "unready", f"{SERVES_NOT}: {HEALTH} answered 500"),
        (UNREADY_HANGS, "unready", f"{SERVES_NOT}: {HEALTH} did not answer within 5 s"),
        (UNREADY_CLOSED, "unready", f"{SERVES_NOT}: 172.17.0.2:80 refuses connections"),
        (
            STARTING,
            "starting",
            "its process runs, and it still has time to become ready: 172.17.0.2:80 refuses connections",
        ),
        (STOPPED, "exited", "it was stopped by `portreeve containers stop`, and it is left so"),
        (BY_HAND, "exited", "somebody stopped it through Docker, and it is left so"),
        (ONE_SHOT, "exited", "it was to end with exit code 0 and ended with exit code 3"),
        (UNDECLARED, "running", "it runs"),
    ],
)
def test_the_line_of_a_container_says_what_is_wrong(status: ContainerStatus, state: str, why: str) -> None:
    restarts = f"{status.restarts} of 5" if status.declared else "-"
    assert cells(status) == [status.name, state, "3m ago", restarts, why]


def test_the_line_names_all_that_must_come_first_once() -> None:
    both = replace(WAITING, waits_for=("db (ready)", "cache (healthy)"))
    assert cells(both)[-1] == f"it waits until db is ready: {SERVES_NOT} · waits for cache (healthy)"


def test_the_line_says_when_it_is_tried_next() -> None:
    assert cells(replace(UNREADY_500, next_try=NOW + 8))[-1].endswith(" answered 500 · next try in 8s")


def test_the_line_of_a_container_that_is_ready_says_no_more() -> None:
    assert cells(container("web")) == ["web", "ready", "3m ago", "0 of 5"]


def test_a_restart_loop_is_explained(paths: Paths) -> None:
    assert (
        explained(RESTART_LOOP)
        == f"""\
container web is restarting
  The shop's front

why        it keeps ending, and Docker keeps starting it (container-restarting)
evidence   {LOOPS}
since      3m ago (2023-11-14 22:13:20)
next try   when Docker or something it depends on tells of a change, or with the next resync
to do      docker logs shop-web
kept up    yes
container  shop-web
in Docker  restarting, exit code 1, 3 restarts by Docker
ready when http {HEALTH}
restarts   {RESTART_LOOP.restarts} of at most 5 within 10m
log        FATAL: no such database
           bye
unit       portreeve-container@web.service"""
    )


def test_a_failed_start_is_explained(paths: Paths) -> None:
    assert (
        explained(replace(BUSY_PORT, next_try=NOW + 2))
        == f"""\
container web failed to start
  The shop's front

why        Docker could not start it, and the cause is still there (container-start-failed)
evidence   port 80 is held by nginx (pid 77); Docker could not start it: {BUSY}
since      3m ago (2023-11-14 22:13:20)
next try   in 2s
to do      {FREE_IT}
kept up    yes
container  shop-web
in Docker  created
ready when http {HEALTH}
restarts   0 of at most 5 within 10m
unit       portreeve-container@web.service"""
    )


@pytest.mark.parametrize(
    ("status", "lines"),
    [
        (
            GAVE_UP,
            [
                "container web is restarting, given up",
                "why        its budget of 5 restarts within 10m is spent, and it is left alone",
                f"evidence   {LOOPS}",
                "next try   none by itself: it was given up",
                "to do      docker logs shop-web tells why; once that is mended: portreeve containers reset",
                "restarts   5 of at most 5 within 10m",
            ],
        ),
        (
            MISSING_MOUNT,
            [
                "evidence   /srv/data does not exist; Docker",
                "to do      make the path that is mounted into it, or mount what it is on; it is started",
            ],
        ),
        (
            MISSING_PROGRAM,
            [
                f"evidence   Docker could not start it: {NO_PROGRAM}",
                "to do      look at its image and command: `docker inspect shop-web`",
            ],
        ),
        (
            WAITING,
            [
                "why        it waits until db is ready (dependency-not-ready)",
                f"evidence   {SERVES_NOT}",
                "to do      portreeve explain container:db",
            ],
        ),
        (
            HELD_BACK,
            ["why        its start is held back (held-back)", f"evidence   {SHORT}"],
        ),
        (ABSENT, ["why        there is no such container", "to do      make it (docker compose up"]),
        (
            PAUSED,
            [
                "evidence   its processes are frozen",
                "to do      docker unpause shop-web; with unpause = true",
            ],
        ),
        (
            DOCKER_DOWN,
            [f"evidence   nothing can be told about it: {DOWN}", "to do      systemctl"],
        ),
        (
            UNREADY_500,
            [
                "why        it runs and does not serve (container-unready)",
                f"evidence   {SERVES_NOT}: {HEALTH} answered 500",
                f"ready when http {HEALTH}",
                f"probe      {HEALTH} answered 500",
            ],
        ),
        (UNREADY_HANGS, [f"probe      {HEALTH} did not answer within 5 s"]),
        (UNREADY_CLOSED, ["probe      172.17.0.2:80 refuses connections"]),
        (
            STOPPED,
            [
                "evidence   it ended with exit code 143 (ended by SIGTERM)",
                "next try   none: it is to be down, until portreeve containers start web",
                "kept up    no: as `portreeve containers stop` asked",
            ],
        ),
        (
            BY_HAND,
            [
                "why        somebody stopped it through Docker, and it is left so",
                "next try   none: it is left so, until portreeve containers start web",
            ],
        ),
        (
            ONE_SHOT,
            [
                "evidence   it was to end with exit code 0 and ended with exit code 3",
                "in Docker  exited, exit code 3",
                "ready when exited 0",
                "to do      docker logs shop-web",
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
        (container("web", S.EXITED, waits_for=("db", "cache")), ["waits for  db", "           cache"]),
        (
            container("web", S.EXITED, gave_up=True),
            ["to do      mend it, then portreeve containers reset"],
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
    for one in (container("cache"), replace(RESTART_LOOP, name="db"), UNREADY_500):
        agent.containers.post(one)
    agent.services.post(service("daemon", unit="mcsm-daemon.service"))
    agent.pressure = (SHORT,)
    text = click.unstyle("\n".join(status_report(agent.overview(), NOW)))
    assert (
        text
        == f"""\
portreeve 0.1.0 · docker up 20.10.24 · 2 syncs: 1 in step, 1 waiting · 3 containers: 1 ready, 1 restarting, \
1 unready · 1 service: 1 active

SYNC     STATE    SINCE   VALUES     WHY / NEXT
cockpit  in step  3m ago  port=9000
proxy    waiting  3m ago  -

CONTAINER  STATE       SINCE   RESTARTS  WHY / NEXT
cache      ready       3m ago  0 of 5
db         restarting  3m ago  {RESTART_LOOP.restarts} of 5    {LOOPS}
web        unready     3m ago  {UNREADY_500.restarts} of 5    {SERVES_NOT}: {HEALTH} answered 500

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
        (BY_HAND, 0),
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
        (STARTING, 3),
        (DOCKER_DOWN, 4),
    ],
)
def test_the_exit_code_of_status_is_that_of_the_worst(status: ContainerStatus, code: int) -> None:
    assert EXIT_CODES[outcome_of([sync("cockpit")], [container("cache"), status], [])] == code


def test_a_service_that_was_given_up_says_what_was_seen_and_how_to_begin_anew(paths: Paths) -> None:
    trouble = Trouble(
        Reason.SERVICE_UNREADY,
        "app.service runs and does not serve",
        "127.0.0.1:80 refuses connections",
        "see why with `journalctl -u app.service`",
    )
    status = service("app", ServiceState.UNREADY, evidence=trouble.evidence, trouble=trouble, gave_up=True)
    assert what_is_wrong(status) == "app.service runs and does not serve: 127.0.0.1:80 refuses connections"
    to_do = f"to do      {trouble.hint}; once that is mended: portreeve services reset app"
    assert to_do in explained(status).splitlines()


def test_what_led_to_a_start_is_not_told_of_the_one_that_starts() -> None:
    begun = "Docker was asked to start it and has not answered yet"
    assert what_is_wrong(replace(BY_HAND, state=S.STARTING, evidence=begun)) == begun


def test_restarts_by_docker_beyond_the_budget_are_told_as_such() -> None:
    status = container("web", restarts=6, restarts_most=5)
    assert cells(status)[3] == "over 5"
    assert "more than 5 within 10m" in explained(status)
