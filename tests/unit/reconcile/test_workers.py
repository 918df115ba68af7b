"""The workers and their signs of life."""

import threading
import time
from collections.abc import Callable

from portreeve.clock import Clock
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.workers import GRACE, Pulse, Workers

Eventually = Callable[[Callable[[], object], str], None]


def test_work_that_fails_in_an_unforeseen_way_does_not_end_its_worker(eventually: Eventually) -> None:
    done: list[str] = []

    def work(key: str) -> None:
        if key == "bad":
            raise ZeroDivisionError
        done.append(key)

    queue = Queue()
    workers = Workers(queue, work, Pulse(), 1)
    workers.start()
    queue.add("bad")
    queue.add("good", delay=0.01)
    eventually(lambda: done == ["good"], "the next key is worked on")
    assert workers.alive()
    assert workers.stop(5)


def test_idle_workers_answer_a_roll_call(eventually: Eventually) -> None:
    queue, pulse = Queue(), Pulse()
    workers = Workers(queue, lambda _: None, pulse, 3)
    workers.start()
    number = queue.call_roll()
    eventually(lambda: not pulse.stuck(number), "all have answered")
    assert workers.stop(5)


def test_a_worker_that_does_not_answer_is_stuck() -> None:
    pulse = Pulse()
    pulse.enlist()
    assert pulse.stuck(1) == ("idle, did not answer the roll call",)
    pulse.dismiss()


def test_a_slow_step_within_its_own_deadline_is_not_stuck() -> None:
    now = [0.0]
    pulse = Pulse(Clock(lambda: now[0], lambda: now[0]))
    pulse.enlist()
    with pulse.step("restart cockpit.socket", 90):
        now[0] = 90 + GRACE
        assert pulse.stuck(7) == ()
        now[0] += 0.1
        assert pulse.stuck(7) == ("restart cockpit.socket",)
    pulse.dismiss()


def test_after_an_inner_step_the_outer_one_has_time_again() -> None:
    now = [0.0]
    pulse = Pulse(Clock(lambda: now[0], lambda: now[0]))
    pulse.enlist()
    with pulse.step("sync", 30):
        with pulse.step("restart", 90):
            now[0] = 80
        assert pulse.stuck(1) == ()
        now[0] = 80 + 30 + GRACE + 1
        assert pulse.stuck(1) == ("sync",)
    pulse.dismiss()


def test_stopping_waits_for_work_that_has_begun() -> None:
    entered, leave = threading.Event(), threading.Event()

    def work(_: str) -> None:
        entered.set()
        leave.wait(10)

    queue = Queue()
    workers = Workers(queue, work, Pulse(), 1)
    workers.start()
    queue.add("a")
    assert entered.wait(5)
    assert not workers.stop(0.05)
    leave.set()
    assert workers.stop(5)


def test_stopping_waits_once_for_all_workers_together() -> None:
    queue, release, busy = Queue(), threading.Event(), threading.Barrier(5)

    def work(_: str) -> None:
        busy.wait(5)
        release.wait(30)

    workers = Workers(queue, work, Pulse(), 4)
    workers.start()
    for number in range(4):
        queue.add(str(number))
    busy.wait(5)
    began = time.monotonic()
    assert not workers.stop(0.3)
    assert time.monotonic() - began < 0.9
    release.set()
    assert workers.stop(5)


def test_workers_that_were_never_started_stop_at_once() -> None:
    assert Workers(Queue(), lambda _: None, Pulse(), 2).stop(5)
