"""What inspect and probes show, and what that amounts to: a table, and what holds for all of it."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portreeve.containers.observed import Observed
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.supervised import (
    Condition,
    HasExited,
    IsHealthy,
    ManagedContainer,
    Probe,
    TcpConnects,
)
from portreeve.errors import DockerUnavailable, Reason
from portreeve.supervise.decision import Action
from portreeve.supervise.probing import Probing
from portreeve.supervise.record import Record
from portreeve.supervise.seen import Absent, Away
from portreeve.supervise.state import ContainerState as S
from portreeve.supervise.state import StartFailure, Truth
from portreeve.supervise.truth import judge, look_again_in

ID = "a" * 64
STARTED, ENDED = 1000.0, 900.0
NOW = 2000.0
SOON = STARTED + 30

RUNNING = Observed(ID, "db", "postgres", "running", started_at=STARTED, networks=("bridge",))
EXITED = Observed(ID, "db", "postgres", "exited", started_at=800.0, finished_at=ENDED)
CREATED = Observed(ID, "db", "postgres", "created")
NEW = Record("db")
DOWN = DockerUnavailable(Reason.DOCKER_DOWN, "Docker is down", evidence="nobody listens")


def declared(condition: Condition | None = None, **more: object) -> ManagedContainer:
    made = ManagedContainer("db", "", ContainerRef(name="db"), ready=Probe(condition))
    return replace(made, **more)  # type: ignore[arg-type]  # Tests name real fields.


def probed(verdict: bool | None, evidence: str = "", *, of: Observed = RUNNING) -> Probing:
    return Probing(of.id, of.started_at, verdict=verdict, evidence=evidence)


def truth(
    seen: Observed | Absent | Away,
    *,
    probing: Probing | None = None,
    condition: Condition | None = None,
    record: Record = NEW,
    now: float = NOW,
    acting: Action | None = None,
    **more: object,
) -> Truth:
    return judge(declared(condition, **more), seen, probing or Probing(), record, now, acting=acting)


def told(seen: Observed | Absent | Away, **more: object) -> tuple[S, str]:
    found = truth(seen, **more)  # type: ignore[arg-type]
    return found.state, found.evidence


def test_absent() -> None:
    assert told(Absent()) == (S.ABSENT, "Docker lists no such container")


def test_created() -> None:
    assert told(CREATED) == (S.CREATED, "it was made and never started")


def test_being_started() -> None:
    wanted = (S.STARTING, "Docker was asked to start it and has not answered yet")
    assert told(CREATED, acting=Action.START) == wanted
    assert told(replace(CREATED, error="port is already allocated"), acting=Action.START) == wanted
    assert told(EXITED, acting=Action.RESTART) == wanted


def test_starting() -> None:
    assert told(RUNNING, now=SOON) == (
        S.STARTING,
        "its process runs, and it still has time to become ready",
    )
    assert told(RUNNING, now=SOON, probing=probed(None, "connection refused")) == (
        S.STARTING,
        "its process runs, and it still has time to become ready: connection refused",
    )


def test_running_while_no_probe_has_told_anything() -> None:
    assert told(RUNNING) == (S.RUNNING, "its process runs, and no probe has told yet whether it serves")


def test_ready() -> None:
    assert told(RUNNING, probing=probed(True, "db:5432 accepts connections")) == (
        S.READY,
        "db:5432 accepts connections",
    )


def test_unready_though_its_process_runs() -> None:
    assert told(RUNNING, probing=probed(False, "http://db/ answers 500")) == (
        S.UNREADY,
        "its process runs and does not serve: http://db/ answers 500",
    )


def test_a_record_that_says_ready_makes_nothing_ready() -> None:
    stale = Record("db", state=S.READY, since=STARTED + 1, ready_since=STARTED + 1, container_id=ID)
    for seen in (RUNNING, EXITED, CREATED, Absent(), Away(DOWN), replace(RUNNING, status="paused")):
        assert truth(seen, record=stale).state is not S.READY


def test_probes_of_another_run_do_not_count() -> None:
    assert truth(RUNNING, probing=probed(True, of=replace(RUNNING, started_at=1.0))).state is S.RUNNING
    assert truth(RUNNING, probing=probed(True, of=replace(RUNNING, id="b" * 64))).state is S.RUNNING


def test_paused() -> None:
    assert told(replace(RUNNING, status="paused"), probing=probed(True)) == (
        S.PAUSED,
        "its processes are frozen until somebody unpauses it",
    )


@pytest.mark.parametrize("action", [Action.STOP, Action.RESTART, Action.RECREATE])
@pytest.mark.parametrize("status", ["running", "paused", "restarting"])
def test_stopping_is_only_what_was_asked_to_end(action: Action, status: str) -> None:
    seen = replace(RUNNING, status=status)
    assert told(seen, acting=action) == (S.STOPPING, "it was asked to end and still runs")
    assert truth(seen).state is not S.STOPPING
    assert truth(EXITED, acting=Action.STOP).state is S.EXITED


def test_removing_and_dead() -> None:
    assert told(replace(EXITED, status="removing")) == (S.REMOVING, "Docker is removing it")
    assert told(replace(EXITED, status="dead")) == (
        S.DEAD,
        "its removal failed half-way, and it cannot be started any more",
    )


def test_a_state_that_docker_may_invent_is_unknown() -> None:
    assert told(replace(EXITED, status="sleeping")) == (
        S.UNKNOWN,
        "Docker calls its state sleeping, which nobody knows",
    )


def test_unknown_while_docker_is_away() -> None:
    assert told(Away(DOWN)) == (
        S.UNKNOWN,
        "nothing can be told about it: Docker is down: nobody listens",
    )


def test_exited_though_docker_is_away_where_the_kernel_says_so() -> None:
    assert told(Away(DOWN, process_gone=True)) == (
        S.EXITED,
        "its process is gone, and nobody can tell how it ended: Docker is down: nobody listens",
    )


@pytest.mark.parametrize(
    ("code", "oom", "words"),
    [
        (0, False, "exit code 0"),
        (1, False, "exit code 1"),
        (125, False, "exit code 125 (Docker could not run it)"),
        (126, False, "exit code 126 (its program cannot be executed)"),
        (127, False, "exit code 127 (its program does not exist in it)"),
        (128, False, "exit code 128"),
        (137, False, "exit code 137 (ended by SIGKILL)"),
        (137, True, "exit code 137 (the kernel ended a process of it for want of memory)"),
        (139, False, "exit code 139 (ended by SIGSEGV)"),
        (143, False, "exit code 143 (ended by SIGTERM)"),
        (200, False, "exit code 200"),
        (255, False, "exit code 255 (which Docker also notes when the host or Docker went down under it)"),
        (-1, False, "exit code -1"),
    ],
)
def test_exited_says_how(code: int, oom: bool, words: str) -> None:
    assert told(replace(EXITED, exit_code=code, oom_killed=oom)) == (S.EXITED, f"it ended with {words}")


@pytest.mark.parametrize("seen", [CREATED, EXITED])
def test_failed_to_start(seen: Observed) -> None:
    failed = replace(seen, error="driver failed:\nBind for 0.0.0.0:80 failed: port is already allocated")
    assert told(failed) == (
        S.FAILED_TO_START,
        "Docker could not start it: driver failed: Bind for 0.0.0.0:80 failed: port is already allocated",
    )
    assert truth(failed).failure is StartFailure.PORT
    assert truth(seen).failure is None


def test_a_one_shot_is_ready_when_it_has_ended_as_it_should() -> None:
    assert told(EXITED, condition=HasExited(0)) == (
        S.READY,
        "it has done its work and ended with exit code 0",
    )
    assert told(replace(EXITED, exit_code=3), condition=HasExited(0)) == (
        S.EXITED,
        "it was to end with exit code 0 and ended with exit code 3",
    )
    assert truth(replace(EXITED, exit_code=3), condition=HasExited(3)).state is S.READY


@pytest.mark.parametrize(
    ("booted", "autostart", "state"),
    [(ENDED - 1, True, S.READY), (ENDED + 1, True, S.EXITED), (ENDED + 1, False, S.READY)],
)
def test_a_one_shot_that_is_kept_up_does_its_work_at_each_boot(
    booted: float, autostart: bool, state: S
) -> None:
    container = ManagedContainer("db", "", ContainerRef("db"), autostart, ready=Probe(HasExited(0)))
    assert judge(container, EXITED, Probing(), NEW, NOW, booted=booted).state is state


def test_a_one_shot_is_starting_while_it_is_at_work_and_unready_when_that_takes_too_long() -> None:
    assert told(RUNNING, condition=HasExited(0), now=SOON) == (
        S.STARTING,
        "it is at work and has not ended yet",
    )
    assert told(RUNNING, condition=HasExited(0)) == (
        S.UNREADY,
        "it was to end within 120 s and still runs",
    )


def test_a_one_shot_that_could_not_be_started_has_not_ended_as_it_should() -> None:
    assert truth(replace(EXITED, error="no such file"), condition=HasExited(0)).state is S.FAILED_TO_START


def test_a_restart_loop_is_told_with_its_count_and_exit_code() -> None:
    looping = replace(RUNNING, status="restarting", restart_count=4, exit_code=1)
    assert told(looping, probing=probed(True)) == (
        S.RESTARTING,
        "it keeps ending, and Docker has restarted it 4 times, the last time with exit code 1",
    )


def test_a_restart_loop_is_not_ready_between_two_ends() -> None:
    between = replace(RUNNING, restart_count=1)
    assert told(between, probing=probed(True), now=STARTED + 9.9) == (
        S.RESTARTING,
        "it keeps ending, and Docker has restarted it once",
    )
    assert truth(between, probing=probed(True), now=STARTED + 10).state is S.READY


def test_a_clock_that_was_set_back_makes_no_restart_loop() -> None:
    once = replace(RUNNING, restart_count=1)
    assert truth(once, probing=probed(True), now=STARTED - 3600).state is S.READY


def test_who_was_started_by_somebody_is_ready_at_once() -> None:
    assert truth(RUNNING, probing=probed(True), now=STARTED + 0.1).state is S.READY


def test_a_container_without_any_network_is_unready_however_well_its_probe_does() -> None:
    assert told(replace(RUNNING, networks=()), probing=probed(True)) == (
        S.UNREADY,
        "its process runs, and it is attached to no network, so nobody can reach it",
    )


@pytest.mark.parametrize("mode", ["host", "none", "container:abc"])
def test_a_container_without_a_network_of_its_own_needs_none(mode: str) -> None:
    assert truth(replace(RUNNING, networks=(), network_mode=mode), probing=probed(True)).state is S.READY


def test_a_container_that_lacks_a_network_of_its_definition_is_unready() -> None:
    assert told(RUNNING, probing=probed(True), networks=("bridge", "front", "back")) == (
        S.UNREADY,
        "its process runs, and it is not attached to the network front, back",
    )
    assert truth(RUNNING, probing=probed(True), networks=("bridge",)).state is S.READY


def test_a_health_check_without_a_verdict_is_no_excuse_for_ever() -> None:
    seen = replace(RUNNING, has_health_check=True, health="starting")
    assert truth(seen, now=SOON).state is S.STARTING
    assert told(seen) == (S.UNREADY, "its health check has not come to a verdict within 120 s")


def test_what_docker_keeps_of_the_health_before_a_pause_is_not_believed() -> None:
    stale = replace(RUNNING, has_health_check=True, health="unhealthy")
    failing = probed(False, "unhealthy")
    paused = Record("db", state=S.PAUSED, since=NOW - 500, container_id=ID)
    assert told(stale, probing=failing, record=paused) == (
        S.RUNNING,
        "it was unpaused, and its health check has not told anything since",
    )
    unpaused = replace(paused, state=S.RUNNING, since=NOW)
    assert truth(stale, probing=failing, record=unpaused, now=NOW + 119).state is S.RUNNING
    assert truth(stale, probing=failing, record=unpaused, now=NOW + 120).state is S.UNREADY
    assert truth(stale, probing=failing, record=replace(paused, state=S.READY)).state is S.UNREADY


def test_a_probe_that_was_made_after_a_pause_is_believed() -> None:
    paused = Record("db", state=S.PAUSED, since=NOW - 500, container_id=ID)
    seen = replace(RUNNING, has_health_check=True, health="unhealthy")
    found = truth(seen, probing=probed(False, "closed"), record=paused, condition=TcpConnects("db:1"))
    assert found.state is S.UNREADY


def test_since_when_is_kept_while_the_state_stays() -> None:
    ready = Record("db", state=S.READY, since=1500.0, container_id=ID)
    assert truth(RUNNING, probing=probed(True), record=ready).since == 1500.0
    assert truth(RUNNING, probing=probed(False), record=ready).since == NOW


def test_since_when_is_not_older_than_the_process_or_the_container() -> None:
    ready = Record("db", state=S.READY, since=500.0, container_id=ID)
    assert truth(RUNNING, probing=probed(True), record=ready).since == NOW
    other = replace(ready, since=1500.0, container_id="b" * 64)
    assert truth(RUNNING, probing=probed(True), record=other).since == NOW


def test_since_when_is_what_docker_says_where_it_says_so() -> None:
    assert truth(EXITED).since == ENDED
    assert truth(EXITED, record=Record("db", state=S.EXITED, since=10.0, container_id=ID)).since == ENDED
    assert truth(RUNNING, now=SOON).since == STARTED
    assert truth(EXITED, condition=HasExited(0)).since == ENDED


def test_a_restart_loop_began_when_it_was_first_seen() -> None:
    looping = Record("db", state=S.RESTARTING, since=300.0, container_id=ID)
    assert truth(replace(RUNNING, restart_count=9), record=looping, now=STARTED + 1).since == 300.0


def test_when_time_alone_changes_the_truth() -> None:
    def again(seen: Observed, now: float, **more: object) -> float | None:
        return look_again_in(declared(), seen, truth(seen, now=now, **more), now)  # type: ignore[arg-type]

    assert again(RUNNING, SOON) == 90
    assert again(replace(RUNNING, restart_count=2), STARTED + 4) == 6
    assert again(RUNNING, SOON, probing=probed(True)) is None
    assert again(replace(RUNNING, status="restarting"), SOON) is None
    assert again(EXITED, NOW) is None


observations = st.builds(
    Observed,
    id=st.just(ID),
    name=st.just("db"),
    image=st.just("postgres"),
    status=st.sampled_from(["created", "running", "paused", "restarting", "removing", "exited", "dead"]),
    exit_code=st.integers(0, 255),
    error=st.sampled_from(["", "port is already allocated"]),
    oom_killed=st.booleans(),
    restart_count=st.integers(0, 5),
    started_at=st.none() | st.floats(0, 4000),
    finished_at=st.none() | st.floats(0, 4000),
    health=st.sampled_from(["none", "starting", "healthy", "unhealthy"]),
    has_health_check=st.booleans(),
    network_mode=st.sampled_from(["default", "host", "none", "container:x"]),
    networks=st.sampled_from([(), ("bridge",), ("bridge", "front")]),
)
looks = observations | st.just(Absent()) | st.builds(Away, st.just(DOWN), st.booleans())
conditions = st.sampled_from([None, IsHealthy(), HasExited(0), TcpConnects("db:1")])
records = st.builds(
    Record,
    name=st.just("db"),
    state=st.sampled_from(S),
    since=st.floats(0, 4000),
    container_id=st.sampled_from(["", ID, "b" * 64]),
)


@settings(deadline=None)
@given(looks, conditions, records, st.sampled_from([True, False, None]), st.sampled_from([None, *Action]))
def test_whatever_is_seen_has_evidence_and_a_beginning_that_is_not_in_the_future(
    seen: Observed | Absent | Away,
    condition: Condition | None,
    record: Record,
    verdict: bool | None,
    acting: Action | None,
) -> None:
    probing = probed(verdict, "seen", of=seen if isinstance(seen, Observed) else RUNNING)
    found = truth(seen, condition=condition, record=record, probing=probing, acting=acting)
    assert found.since <= NOW
    assert found.evidence
    assert "\n" not in found.evidence


@settings(deadline=None)
@given(looks, conditions, records, st.sampled_from([True, False, None]), st.sampled_from([(), ("front",)]))
def test_only_what_runs_and_serves_or_has_done_its_work_is_ready(
    seen: Observed | Absent | Away,
    condition: Condition | None,
    record: Record,
    verdict: bool | None,
    networks: tuple[str, ...],
) -> None:
    probing = probed(verdict, "seen", of=seen if isinstance(seen, Observed) else RUNNING)
    found = truth(seen, condition=condition, record=record, probing=probing, networks=networks)
    if found.state is not S.READY:
        return
    assert isinstance(seen, Observed)
    if isinstance(condition, HasExited):
        assert (seen.status, seen.exit_code, seen.error) == ("exited", 0, "")
        return
    assert seen.status == "running"
    assert verdict is True
    assert set(networks) <= set(seen.networks)
    assert not seen.restart_count or abs(NOW - (seen.started_at or 0)) >= 10


def test_what_docker_calls_unhealthy_when_nobody_here_has_counted_yet_does_not_serve() -> None:
    sick = replace(RUNNING, health="unhealthy")
    assert told(sick, condition=IsHealthy())[0] is S.UNREADY
    unpaused = Record("db", state=S.PAUSED, since=NOW - 5, container_id=ID)
    assert told(sick, condition=IsHealthy(), record=unpaused)[0] is S.RUNNING


@settings(deadline=None)
@given(looks, conditions, records, st.sampled_from([True, False, None]))
@example(replace(RUNNING, started_at=0.0, health="unhealthy"), IsHealthy(), NEW, None)
def test_looking_twice_tells_the_same(
    seen: Observed | Absent | Away, condition: Condition | None, record: Record, verdict: bool | None
) -> None:
    probing = probed(verdict, "seen", of=seen if isinstance(seen, Observed) else RUNNING)
    first = truth(seen, condition=condition, record=record, probing=probing)
    remembered = replace(
        record,
        state=first.state,
        since=first.since,
        container_id=seen.id if isinstance(seen, Observed) else record.container_id,
    )
    assert truth(seen, condition=condition, record=remembered, probing=probing) == first
