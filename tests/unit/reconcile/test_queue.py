"""The work queue."""

import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.clock import Clock
from portreeve.reconcile.queue import Queue


@dataclass
class Hands:
    """A clock that only moves when it is told to."""

    now: float = 0.0
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Clock(lambda: self.now, lambda: self.now)


@pytest.fixture
def hands() -> Hands:
    return Hands()


def take(queue: Queue) -> str | None:
    """What a worker gets now; because of the roll call it never blocks."""
    queue.call_roll()
    return queue.take(0)[0]


def test_a_key_that_is_added_twice_is_worked_on_once(hands: Hands) -> None:
    queue = Queue(hands.clock)
    queue.add("a")
    queue.add("a")
    assert take(queue) == "a"
    queue.done("a")
    assert take(queue) is None


def test_a_key_that_is_added_during_its_own_work_runs_again(hands: Hands) -> None:
    queue = Queue(hands.clock)
    queue.add("a")
    assert take(queue) == "a"
    queue.add("a")
    queue.done("a")
    assert take(queue) == "a"


def test_a_key_is_not_worked_on_twice_at_once(hands: Hands) -> None:
    queue = Queue(hands.clock)
    queue.add("a")
    assert take(queue) == "a"
    queue.add("a")
    queue.add("b")
    assert queue.take(0)[0] == "b"


def test_an_event_makes_a_delayed_key_due_at_once(hands: Hands) -> None:
    queue = Queue(hands.clock)
    queue.add("a", delay=30)
    queue.add("a")
    assert take(queue) == "a"


def test_a_delay_does_not_put_off_a_key_that_is_due(hands: Hands) -> None:
    queue = Queue(hands.clock)
    queue.add("a")
    queue.add("a", delay=30)
    assert take(queue) == "a"


def test_a_delayed_key_becomes_due_when_its_time_has_come(hands: Hands) -> None:
    queue = Queue(hands.clock)
    queue.add("a", delay=30)
    assert take(queue) is None
    hands.now = 30
    assert take(queue) == "a"


def test_a_forgotten_key_is_not_given_out(hands: Hands) -> None:
    queue = Queue(hands.clock)
    queue.add("a")
    queue.forget("a")
    queue.add("b")
    assert take(queue) == "b"
    assert take(queue) is None


def test_what_a_key_is_about_is_put_together_until_it_is_taken(hands: Hands) -> None:
    queue = Queue(hands.clock)
    queue.add("a", about="/x")
    queue.add("a", about="/y")
    assert take(queue) == "a"
    assert queue.about("a") == frozenset({"/x", "/y"})
    queue.add("a", about="/z")
    assert queue.about("a") == frozenset({"/x", "/y"})
    queue.done("a")
    assert take(queue) == "a"
    assert queue.about("a") == frozenset({"/z"})


@pytest.mark.parametrize("order", [1, -1])
def test_who_says_nothing_of_it_means_all_of_it(hands: Hands, order: int) -> None:
    queue = Queue(hands.clock)
    for about in (None, "/x")[::order]:
        queue.add("a", about=about)
    assert take(queue) == "a"
    assert queue.about("a") is None


def test_a_try_that_is_put_off_stays_one_of_everything(hands: Hands) -> None:
    queue = Queue(hands.clock)
    queue.add("a", delay=30)
    queue.add("a", about="/x")
    assert take(queue) == "a"
    assert queue.about("a") is None


def test_a_roll_call_wakes_a_waiting_worker_without_a_key() -> None:
    queue = Queue()
    answers: list[tuple[str | None, int]] = []
    worker = threading.Thread(target=lambda: answers.append(queue.take(0)))
    worker.start()
    number = queue.call_roll()
    worker.join(5)
    assert answers == [(None, number)]


def test_closing_lets_every_worker_go() -> None:
    queue = Queue()
    workers = [threading.Thread(target=queue.take, args=(0,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    queue.close()
    for worker in workers:
        worker.join(5)
        assert not worker.is_alive()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["add", "work", "finish"])), max_size=40))
def test_whatever_is_added_is_worked_on_after_the_last_time_it_was_added(
    steps: list[tuple[str, str]],
) -> None:
    queue = Queue(Hands().clock)
    unseen: set[str] = set()
    working: list[str] = []
    for key, step in steps:
        if step == "add":
            queue.add(key)
            unseen.add(key)
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
    while (taken := take(queue)) is not None:
        rest.add(taken)
        queue.done(taken)
    assert rest == unseen
