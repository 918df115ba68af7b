"""A sync whose sources are another's targets is looked at after it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portreeve.reconcile.chains import PATIENCE, SETTLE
from portreeve.reconcile.queue import Queue
from unit.reconcile.test_queue import Hands, take

CHAIN = {"b": ["a"], "c": ["b"]}


def chained(hands: Hands, before: dict[str, list[str]] | None = None) -> Queue:
    queue = Queue(hands.clock)
    queue.order(CHAIN if before is None else before)
    return queue


def test_keys_that_are_due_together_are_taken_along_the_chain() -> None:
    hands = Hands()
    queue = chained(hands)
    for name in "cba":
        queue.add(name)
    order = []
    for _ in range(3):
        hands.now += SETTLE
        key = take(queue)
        assert key is not None
        order.append(key)
        hands.now += SETTLE
        assert take(queue) is None
        queue.done(key)
    assert order == ["a", "b", "c"]


def test_the_last_of_a_chain_waits_for_the_first_although_nothing_is_due_between() -> None:
    hands = Hands()
    queue = chained(hands)
    queue.add("c")
    queue.add("a")
    hands.now = SETTLE
    assert take(queue) == "a"
    assert take(queue) is None


def test_what_the_end_of_the_work_before_it_makes_due_still_comes_first() -> None:
    hands = Hands()
    queue = chained(hands)
    queue.add("a")
    assert take(queue) == "a"
    queue.add("c")
    hands.now = 5
    queue.done("a")
    assert take(queue) is None
    # The event of the file that a has written comes only now.
    queue.add("b")
    hands.now += SETTLE
    assert take(queue) == "b"


def test_one_event_that_wakes_both_in_the_wrong_order_is_no_hurry() -> None:
    hands = Hands()
    queue = chained(hands)
    queue.add("b")
    assert take(queue) is None
    queue.add("a")
    assert take(queue) == "a"


def test_a_key_before_it_that_is_put_off_does_not_hold_it_back() -> None:
    hands = Hands()
    queue = chained(hands)
    queue.add("a", delay=600)
    queue.add("b")
    hands.now = SETTLE
    assert take(queue) == "b"


def test_a_key_that_never_ends_holds_another_back_for_a_while_only() -> None:
    hands = Hands()
    queue = chained(hands)
    queue.add("a")
    assert take(queue) == "a"
    queue.add("b")
    hands.now = PATIENCE - 1
    assert take(queue) is None
    hands.now = PATIENCE
    assert take(queue) == "b"


def test_a_key_that_is_due_again_and_again_does_not_starve_another() -> None:
    hands = Hands()
    queue = chained(hands)
    queue.add("b")
    taken = []
    while "b" not in taken and hands.now < 2 * PATIENCE:
        queue.add("a")
        key = take(queue)
        if key is not None:
            taken.append(key)
            queue.done(key)
        hands.now += SETTLE / 2
    assert "b" in taken


def test_a_forgotten_key_is_not_waited_for() -> None:
    hands = Hands()
    queue = chained(hands)
    queue.add("a")
    queue.add("b")
    queue.forget("a")
    hands.now = SETTLE
    assert take(queue) == "b"


def test_keys_in_a_circle_do_not_wait_for_each_other() -> None:
    hands = Hands()
    queue = chained(hands, {"a": ["b"], "b": ["a"], "c": ["b"]})
    queue.add("a")
    queue.add("b")
    assert {take(queue), take(queue)} == {"a", "b"}
    queue.add("c")
    hands.now = SETTLE
    assert take(queue) is None


GRAPHS = st.dictionaries(st.sampled_from("abcd"), st.lists(st.sampled_from("abcd"), max_size=3), max_size=4)
STEPS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["add", "work", "finish", "wait"])), max_size=40
)


@given(GRAPHS, STEPS)
def test_whatever_comes_before_what_nothing_is_lost_and_everything_ends(
    before: dict[str, list[str]], steps: list[tuple[str, str]]
) -> None:
    hands = Hands()
    queue = chained(hands, before)
    unseen: set[str] = set()
    working: list[str] = []
    for key, step in steps:
        if step == "add":
            queue.add(key)
            unseen.add(key)
        elif step == "wait":
            hands.now += SETTLE
        elif step == "work" and (taken := take(queue)) is not None:
            assert taken not in working
            working.append(taken)
            unseen.discard(taken)
        elif step == "finish" and key in working:
            working.remove(key)
            queue.done(key)
    for key in working:
        queue.done(key)
    rest = set()
    for _ in range(20):
        hands.now += SETTLE
        while (taken := take(queue)) is not None:
            rest.add(taken)
            queue.done(taken)
    assert rest == unseen
