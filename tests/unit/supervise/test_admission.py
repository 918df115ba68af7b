from hypothesis import given
from hypothesis import strategies as st

from portreeve.clock import Clock
from portreeve.supervise.admission import Admission


def test_no_more_than_the_limit_are_on_their_way() -> None:
    admission = Admission(1)
    assert admission.enter("a", 60.0)
    assert not admission.enter("b", 60.0)
    assert "a" in admission.why_not("b")
    admission.leave("a")
    assert admission.why_not("b") == ""
    assert admission.enter("b", 60.0)


def test_those_that_others_depend_on_go_first() -> None:
    admission = Admission(1)
    admission.enter("a", 60.0)
    admission.why_not("leaf")
    admission.why_not("db", dependents=2)
    admission.leave("a")
    assert not admission.enter("leaf", 60.0)
    assert admission.enter("db", 60.0, dependents=2)


def test_a_slot_is_free_after_its_deadline_whatever_became_of_it() -> None:
    now = [0.0]
    admission = Admission(1, Clock(monotonic=lambda: now[0]))
    admission.enter("a", 60.0)
    now[0] = 60.0
    assert admission.enter("b", 60.0)


def test_a_slot_that_is_free_wakes_the_next_and_not_all_that_wait() -> None:
    woken: list[str] = []
    admission = Admission(2, wake=woken.append)
    admission.enter("a", 60.0)
    admission.enter("b", 60.0)
    for name in "cdef":
        assert admission.why_not(name)
    admission.leave("a")
    assert woken == ["c"]
    # It has changed its mind.
    admission.leave("c")
    assert woken == ["c", "d"]


def test_nobody_waits_behind_one_whose_definition_is_gone() -> None:
    woken: list[str] = []
    admission = Admission(1, wake=woken.append)
    admission.enter("a", 60.0)
    admission.why_not("gone", dependents=3)
    admission.why_not("b")
    admission.keep_only({"a", "b"})
    admission.leave("a")
    assert woken[-1] == "b"
    assert admission.enter("b", 60.0)
    admission.keep_only({})
    assert admission.inside() == ()


def test_while_held_no_slot_is_given_and_release_wakes_those_that_wait() -> None:
    woken: list[str] = []
    admission = Admission(2, wake=woken.append)
    admission.hold("memory is short")
    assert admission.why_not("a") == "memory is short"
    admission.release()
    assert woken == ["a"]
    assert admission.enter("a", 60.0)


def test_without_room_one_goes_alone() -> None:
    admission = Admission(4, room=lambda: "memory is short")
    assert admission.enter("a", 60.0)
    assert not admission.enter("b", 60.0)


def test_behind_one_that_cannot_be_looked_at_nobody_waits_and_a_slot_is_kept() -> None:
    woken: list[str] = []
    admission = Admission(1, wake=woken.append)
    admission.enter("a", 60.0)
    admission.why_not("stuck", dependents=1)
    admission.why_not("b")
    admission.leave("a")
    assert admission.why_not("b")
    admission.step_aside("stuck")
    assert woken[-1] == "b"
    assert admission.enter("b", 60.0)
    admission.step_aside("b")
    assert admission.inside() == ("b",)


@given(st.integers(1, 4), st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans())))
def test_the_limit_holds_and_nobody_starves(limit: int, moves: list[tuple[str, bool]]) -> None:
    admission = Admission(limit)
    for name, enters in moves:
        if enters:
            admission.enter(name, 60.0)
        else:
            admission.leave(name)
        assert len(admission.inside()) <= limit
    waiting = set("abcdefgh")
    for _ in range(20):
        for name in sorted(waiting):
            if admission.enter(name, 60.0):
                admission.leave(name)
                waiting.discard(name)
        for name in admission.inside():
            admission.leave(name)
    assert not waiting
