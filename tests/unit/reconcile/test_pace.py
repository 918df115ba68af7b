"""How often a unit may be moved."""

from hypothesis import given
from hypothesis import strategies as st

from portreeve.clock import Clock
from portreeve.reconcile.pace import MOST, WINDOW, Pace


def test_a_few_moves_are_free_and_the_next_waits_for_the_first_to_be_old() -> None:
    now = [100.0]
    pace = Pace(Clock(lambda: now[0], lambda: now[0]))
    for _ in range(MOST):
        assert pace.delay(["a.service"]) == 0
        pace.note(["a.service"])
        now[0] += 1
    assert pace.delay(["a.service"]) == WINDOW - MOST
    assert pace.delay(["b.service"]) == 0
    assert pace.delay(["b.service", "a.service"]) == WINDOW - MOST
    now[0] = 100.0 + WINDOW
    assert pace.delay(["a.service"]) == 0


def test_what_moves_no_unit_never_waits() -> None:
    pace = Pace(Clock(lambda: 0.0, lambda: 0.0))
    for _ in range(10):
        pace.note([])
    assert pace.delay([]) == 0


@given(st.lists(st.floats(0, 3), max_size=60))
def test_who_keeps_to_the_delay_never_moves_a_unit_more_often_than_allowed(pauses: list[float]) -> None:
    now = [0.0]
    pace = Pace(Clock(lambda: now[0], lambda: now[0]))
    moved: list[float] = []
    for pause in pauses:
        now[0] += pause
        now[0] += pace.delay(["a.socket"])
        pace.note(["a.socket"])
        moved.append(now[0])
    for first, later in zip(moved, moved[MOST:], strict=False):
        assert later - first >= WINDOW * (1 - 1e-9)
