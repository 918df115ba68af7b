from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from portreeve.containers.observed import Observed
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.supervised import Budget, ManagedContainer, OnUnready
from portreeve.errors import Reason
from portreeve.supervise.decision import Action, Plan, Snapshot, Unmet
from portreeve.supervise.plan import decide
from portreeve.supervise.record import Record, Wanted
from portreeve.supervise.state import ContainerState, StartFailure, Truth

NOW = 10_000.0
DB = ManagedContainer(
    "db", "", ContainerRef("db"), autostart=True, restart=Budget(2, 600.0), origin=(Path("/db.toml"),)
)
FRESH = Record("db", container_id="1")


def snapshot(
    state: ContainerState,
    status: str = "exited",
    *,
    declared: ManagedContainer = DB,
    record: Record = FRESH,
    policy: str = "no",
    finished_at: float | None = NOW - 1,
    failure: StartFailure | None = None,
    restart_count: int = 0,
) -> Snapshot:
    seen = Observed(
        "1", "db", "image", status, started_at=NOW - 60, finished_at=finished_at, policy=policy,
        restart_count=restart_count,
    )  # fmt: skip
    return Snapshot(
        declared, Truth(state, "seen", NOW - 1, failure), seen, record, docker_since=100.0, now=NOW
    )


def reason(plan: Plan) -> Reason:
    assert plan.trouble is not None
    return plan.trouble.reason


def test_what_was_never_started_is_started_at_once_and_without_its_budget() -> None:
    plan = decide(snapshot(ContainerState.CREATED, "created", finished_at=None))
    assert plan.action is Action.START
    assert plan.record.restarts == ()


def test_what_ended_before_docker_came_up_did_not_crash() -> None:
    plan = decide(snapshot(ContainerState.EXITED, finished_at=50.0))
    assert (plan.action, plan.record.restarts) == (Action.START, ())


def test_what_crashed_is_started_after_its_backoff_and_counted() -> None:
    first = decide(snapshot(ContainerState.EXITED), lambda: 0.0)
    assert (first.action, first.again) == (None, 0.5)
    later = replace(snapshot(ContainerState.EXITED, record=first.record), now=NOW + 0.5)
    second = decide(later)
    assert (second.action, second.record.restarts) == (Action.START, (NOW + 0.5,))


def test_docker_has_a_few_seconds_for_its_own_policy() -> None:
    plan = decide(snapshot(ContainerState.EXITED, policy="always"))
    assert (plan.action, plan.again) == (None, 4.0)


def test_what_spent_its_budget_is_given_up_and_told_once() -> None:
    spent = Record("db", state=ContainerState.EXITED, container_id="1", restarts=(NOW - 20, NOW - 10))
    first = decide(snapshot(ContainerState.EXITED, record=spent))
    assert (first.action, first.gave_up, reason(first)) == (None, True, Reason.RESTART_BUDGET_SPENT)
    second = decide(snapshot(ContainerState.EXITED, record=first.record))
    assert (second.action, second.gave_up) == (None, False)
    assert "portreeve containers reset db" in (second.trouble.hint if second.trouble else "")


def test_what_was_given_up_is_told_so_at_once_also_where_docker_has_a_policy() -> None:
    plan = decide(snapshot(ContainerState.EXITED, policy="always", record=replace(FRESH, gave_up=NOW - 1)))
    assert (plan.action, reason(plan)) == (None, Reason.RESTART_BUDGET_SPENT)


def test_docker_is_stopped_from_restarting_more_often_than_the_budget_allows() -> None:
    plan = decide(snapshot(ContainerState.RESTARTING, "restarting", restart_count=3))
    assert (plan.action, plan.gave_up) == (Action.STOP, True)


def test_a_cause_that_is_still_there_makes_every_start_vain() -> None:
    stuck = snapshot(ContainerState.FAILED_TO_START, "created", failure=StartFailure.PORT)
    plan = decide(replace(stuck, cause="nginx holds port 80"))
    assert plan.action is None
    assert plan.again is not None
    gone = decide(replace(stuck, record=plan.record, now=NOW + 5))
    assert (gone.action, gone.record.restarts) == (Action.START, ())


def test_a_start_waits_for_what_must_come_first() -> None:
    waits = replace(snapshot(ContainerState.CREATED, "created"), unmet=(Unmet("web", "ready", "it is down"),))
    assert (decide(waits).action, reason(decide(waits))) == (None, Reason.DEPENDENCY_NOT_READY)


def test_a_start_is_held_back_while_there_is_no_room() -> None:
    held = replace(snapshot(ContainerState.CREATED, "created"), held_back="4 are on their way")
    assert (decide(held).action, reason(decide(held))) == (None, Reason.HELD_BACK)


def test_what_somebody_stopped_is_left_until_it_runs_again() -> None:
    stopped = Record("db", container_id="1", stopped_by_hand=NOW - 100)
    plan = decide(snapshot(ContainerState.EXITED, record=stopped))
    assert (plan.action, reason(plan)) == (None, Reason.CONTAINER_STOPPED)
    again = decide(snapshot(ContainerState.STARTING, "running", record=stopped))
    assert again.record.stopped_by_hand is None


def test_a_network_that_is_missing_is_connected_before_anything_is_restarted() -> None:
    declared = replace(DB, networks=("back",))
    record = Record("db", container_id="1", state=ContainerState.UNREADY)
    plan = decide(snapshot(ContainerState.UNREADY, "running", declared=declared, record=record))
    assert (plan.action, plan.networks) == (Action.CONNECT, ("back",))


def test_a_container_made_anew_by_others_has_its_whole_budget() -> None:
    record = Record("db", container_id="other", gave_up=NOW - 50, restarts=(NOW - 60, NOW - 55), failures=9)
    plan = decide(snapshot(ContainerState.CREATED, "created", record=record))
    assert (plan.action, plan.record.gave_up) == (Action.START, None)


def test_one_made_anew_by_portreeve_keeps_what_it_has_spent() -> None:
    declared = replace(DB, on_unready=OnUnready.RECREATE)
    record = Record("db", container_id="1", state=ContainerState.UNREADY)
    plan = decide(snapshot(ContainerState.UNREADY, "running", declared=declared, record=record))
    assert plan.action is Action.RECREATE
    assert decide(snapshot(ContainerState.STARTING, "running", record=plan.record)).record.restarts == (NOW,)


STATUS = {
    ContainerState.CREATED: "created", ContainerState.EXITED: "exited", ContainerState.DEAD: "dead",
    ContainerState.FAILED_TO_START: "created", ContainerState.PAUSED: "paused",
    ContainerState.RESTARTING: "restarting", ContainerState.REMOVING: "removing",
}  # fmt: skip
TIMES = st.floats(0.0, 2 * NOW)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    state = draw(st.sampled_from(ContainerState))
    declared = replace(
        DB,
        autostart=draw(st.booleans()),
        unpause=draw(st.booleans()),
        on_unready=draw(st.sampled_from(OnUnready)),
        restart=Budget(draw(st.integers(0, 5)), 600.0),
        networks=draw(st.sampled_from([(), ("back",)])),
        origin=draw(st.sampled_from([(), DB.origin])),
    )
    record = Record(
        "db",
        wanted=draw(st.sampled_from([None, *Wanted])),
        stopped_by_hand=draw(st.none() | TIMES),
        restarts=tuple(draw(st.lists(TIMES, max_size=6))),
        failures=draw(st.integers(0, 2000)),
        not_before=draw(TIMES),
        gave_up=draw(st.none() | TIMES),
        ready_since=draw(st.none() | TIMES),
        state=draw(st.sampled_from(ContainerState)),
        container_id=draw(st.sampled_from(["", "1", "2"])),
        journal=draw(st.sampled_from(["", "{}"])),
    )
    made = snapshot(
        state,
        STATUS.get(state, "running"),
        declared=declared,
        record=record,
        policy=draw(st.sampled_from(["no", "always", "on-failure"])),
        finished_at=draw(st.none() | TIMES),
        restart_count=draw(st.integers(0, 9)),
        failure=draw(st.none() | st.sampled_from(StartFailure)),
    )
    gone = state in (ContainerState.ABSENT, ContainerState.UNKNOWN)
    return replace(
        made,
        seen=None if gone else made.seen,
        unmet=draw(st.sampled_from([(), (Unmet("web", "ready", ""),)])),
        held_back=draw(st.sampled_from(["", "full"])),
        cause=draw(st.sampled_from(["", "held"])),
    )


def _as_wanted(given: Snapshot) -> bool:
    return given.truth.state is ContainerState.READY or given.record.wanted is Wanted.DOWN


@given(snapshots())
def test_no_state_is_without_a_way_out(given: Snapshot) -> None:
    plan = decide(given)
    hint = plan.trouble is not None and plan.trouble.hint
    assert plan.action or plan.again is not None or hint or _as_wanted(given)
    assert plan.again is None or 0 <= plan.again <= 600


@given(snapshots())
def test_what_serves_is_never_restarted_and_what_nobody_declared_is_never_touched(given: Snapshot) -> None:
    plan = decide(given)
    if not given.declared.declared:
        assert plan.action is None
    if given.truth.state is ContainerState.READY and not given.record.journal:
        assert plan.action in (None, Action.STOP)
    if given.truth.state is ContainerState.UNKNOWN:
        assert (plan.action, plan.record) == (None, given.record)


@given(snapshots())
def test_what_is_given_up_is_told_once(given: Snapshot) -> None:
    plan = decide(given)
    if plan.gave_up:
        assert plan.record.gave_up is not None
        assert not decide(replace(given, record=plan.record)).gave_up


def test_a_clock_that_was_set_back_makes_no_crash_a_first_start() -> None:
    crashed = replace(snapshot(ContainerState.EXITED), docker_since=NOW + 3600)
    assert decide(crashed).action is None
    assert (
        len(decide(replace(crashed, record=replace(FRESH, state=ContainerState.EXITED))).record.restarts) == 1
    )


def test_what_runs_again_was_started_by_somebody_whatever_the_clock_says() -> None:
    stopped = replace(FRESH, stopped_by_hand=NOW + 3600)
    assert decide(snapshot(ContainerState.READY, "running", record=stopped)).record.stopped_by_hand is None
