"""Who is held for a package, who is to prove itself, and when a mark has served."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.errors import Reason
from portreeve.reconcile.status import State, SyncStatus, Trouble
from portreeve.upgrade.mark import Event, Mark
from portreeve.upgrade.plan import Task, decide, is_settled
from portreeve.upgrade.touched import Touched

NOW, BOOT = 1000.0, "this boot"
PRE = Mark("cockpit-ws", Event.PRE_UPGRADE, "300", since=990.0, until=1890.0, boot=BOOT)
POST = replace(PRE, event=Event.POST_UPGRADE)
TOUCHED = Touched(("cockpit",), ("guard",))


def test_before_a_package_is_changed_what_it_touches_is_held() -> None:
    plan = decide({"cockpit-ws": Task(PRE, TOUCHED)}, NOW, BOOT)
    assert plan.held_syncs == {"cockpit": "cockpit-ws"}
    assert plan.held_services == {"guard": "cockpit-ws"}
    assert (plan.to_prove, plan.done) == ({}, ())


@pytest.mark.parametrize(
    ("mark", "now", "boot"),
    [(POST, NOW, BOOT), (PRE, 1890.0, BOOT), (PRE, NOW, "another"), (PRE, 980.0, BOOT)],
    ids=["it is over", "nobody said so for too long", "the host was booted", "the clock was set back"],
)
def test_afterwards_it_proves_itself(mark: Mark, now: float, boot: str) -> None:
    plan = decide({"cockpit-ws": Task(mark, TOUCHED)}, now, boot)
    assert (plan.held_syncs, plan.held_services) == ({}, {})
    assert plan.to_prove == {"cockpit-ws": ("cockpit",)}
    assert plan.done == ()


def test_a_sync_that_an_administrator_has_go_on_is_not_held() -> None:
    plan = decide({"cockpit-ws": Task(PRE, TOUCHED, go_on=frozenset({"cockpit"}))}, NOW, BOOT)
    assert plan.held_syncs == {}
    assert plan.held_services == {"guard": "cockpit-ws"}


def test_of_two_packages_the_longer_hold_is_told() -> None:
    other = replace(PRE, package="other", until=1990.0)
    tasks = {"other": Task(other, TOUCHED), "cockpit-ws": Task(PRE, TOUCHED)}
    assert decide(tasks, NOW, BOOT).held_syncs == {"cockpit": "other"}
    assert decide({**tasks, "other": Task(replace(other, event=Event.POST_UPGRADE), TOUCHED)}, NOW, BOOT) == (
        replace(decide({"cockpit-ws": tasks["cockpit-ws"]}, NOW, BOOT), to_prove={"other": ("cockpit",)})
    )


def test_a_mark_has_served_when_all_that_it_touches_is_settled() -> None:
    asked = Task(POST, TOUCHED, asked={"cockpit": 3})
    assert decide({"cockpit-ws": asked}, NOW, BOOT).done == ()
    assert decide({"cockpit-ws": replace(asked, settled=frozenset({"cockpit"}))}, NOW, BOOT).done == (
        "cockpit-ws",
    )


def test_a_package_that_touches_nothing_is_done_at_once() -> None:
    assert decide({"vim": Task(replace(POST, package="vim"))}, NOW, BOOT).done == ("vim",)


def status(
    state: State, *, runs: int = 4, reason: Reason | None = None, generation: int | None = 2
) -> SyncStatus:
    trouble = None if reason is None else Trouble(reason, "why")
    return SyncStatus("cockpit", state=state, runs=runs, trouble=trouble, generation=generation)


@pytest.mark.parametrize(
    ("found", "proved", "settled"),
    [
        (None, 0, False),
        (status(State.IN_STEP), 4, True),
        (status(State.IN_STEP, runs=3), 3, False),
        (status(State.PENDING), 0, False),
        (status(State.HELD, reason=Reason.HELD), 0, True),
        (status(State.WAITING, reason=Reason.CONTAINER_ABSENT), 0, False),
        (status(State.WAITING, reason=Reason.CONTAINER_ABSENT), 4, True),
        (status(State.OVERDUE, reason=Reason.CONTAINER_ABSENT, generation=None), 0, True),
        (status(State.WAITING, reason=Reason.UNIT_STOPPED), 0, True),
        (status(State.WAITING, reason=Reason.PACKAGE_CHANGING), 0, False),
        (status(State.FAILED, reason=Reason.NOT_IN_EFFECT), 0, False),
        (status(State.FAILED, reason=Reason.NOT_IN_EFFECT, generation=None), 0, False),
        (status(State.FAILED, reason=Reason.VALUE_INVALID), 4, True),
    ],
)
def test_a_sync_is_settled_when_what_is_in_force_works_or_nothing_is(
    found: SyncStatus | None, proved: int, settled: bool
) -> None:
    assert is_settled(found, 3, proved) is settled


events = st.sampled_from(Event)
times = st.floats(900, 2000)
names = st.frozensets(st.sampled_from("abc"))


@given(
    st.dictionaries(
        st.sampled_from("pqr"),
        st.builds(
            Task,
            st.builds(Mark, st.just("p"), events, since=times, until=times, boot=st.sampled_from([BOOT, ""])),
            st.builds(Touched, names.map(tuple), names.map(tuple)),
            names,
            st.dictionaries(st.sampled_from("abc"), st.just(1)),
            names,
        ),
    ),
    times,
)
def test_each_mark_holds_or_has_something_proved_or_waits_for_that_or_is_done(
    tasks: dict[str, Task], now: float
) -> None:
    plan = decide(tasks, now, BOOT)
    for package, task in tasks.items():
        holds = task.mark.holds(now, BOOT)
        proving = package in plan.to_prove
        done = package in plan.done
        waits = not task.settled.issuperset(task.touched.syncs)
        assert [holds, proving, done, not holds and not proving and not done and waits].count(True) == 1
        if holds:
            assert set(task.touched.services) <= plan.held_services.keys()
            assert set(task.touched.syncs) - task.go_on <= plan.held_syncs.keys()
