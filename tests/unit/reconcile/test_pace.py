"""How often an action may be done."""

from hypothesis import given
from hypothesis import strategies as st

from portreeve.clock import Clock
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.steps import Command, Exec, Reload, Restart, Start
from portreeve.reconcile.pace import APART, MOST, WINDOW, Pace, Pause

A, B = Restart("a.service"), Restart("b.service")


def test_a_few_moves_are_free_and_the_next_waits_for_the_first_to_be_old() -> None:
    now = [100.0]
    pace = Pace(Clock(lambda: now[0], lambda: now[0]))
    for _ in range(MOST):
        assert pace.pause([A]) == Pause()
        pace.note(A)
        now[0] += 1
    assert pace.pause([A]) == Pause(WINDOW - MOST, "a.service was moved 3 times within 10 s")
    assert pace.pause([Start("a.service")]).delay == WINDOW - MOST
    assert pace.pause([B]).delay == 0
    assert pace.pause([B, A]).delay == WINDOW - MOST
    now[0] = 100.0 + WINDOW
    assert pace.pause([A]).delay == 0


def test_a_reload_waits_a_moment_for_the_one_before_and_for_no_other() -> None:
    now = [100.0]
    pace = Pace(Clock(lambda: now[0], lambda: now[0]))
    pace.note(Reload("a.service"))
    assert pace.pause([Reload("a.service")]).delay == APART
    assert pace.pause([Reload("a.service", timeout=5)]).delay == APART
    assert pace.pause([Reload("b.service"), A]).delay == 0
    now[0] += APART
    assert pace.pause([Reload("a.service")]).delay == 0


def test_an_action_in_a_container_is_paced_by_what_is_done_where() -> None:
    pace = Pace(Clock(lambda: 0.0, lambda: 0.0))
    reload = Exec(ContainerRef(name="proxy"), ("nginx", "-s", "reload"))
    pace.note(reload)
    assert pace.pause([reload]) == Pause(APART, "exec nginx -s reload in proxy was done less than 0.5 s ago")
    assert pace.pause([Exec(ContainerRef(name="other"), reload.command)]).delay == 0


def test_what_moves_nothing_never_waits() -> None:
    pace = Pace(Clock(lambda: 0.0, lambda: 0.0))
    for _ in range(10):
        pace.note(Command(("true",)))
    assert pace.pause([Command(("true",))]) == Pause()
    assert pace.pause([]) == Pause()


@given(st.lists(st.floats(0, 3), max_size=60))
def test_who_keeps_to_the_pauses_never_moves_a_unit_more_often_than_allowed(pauses: list[float]) -> None:
    now = [0.0]
    pace = Pace(Clock(lambda: now[0], lambda: now[0]))
    moved: list[float] = []
    for pause in pauses:
        now[0] += pause
        now[0] += pace.pause([A]).delay
        pace.note(A)
        moved.append(now[0])
    for first, later in zip(moved, moved[MOST:], strict=False):
        assert later - first >= WINDOW * (1 - 1e-9)
