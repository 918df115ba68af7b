"""The resync timer calls again and again, whatever happens, until it is stopped."""

import threading
import time

import pytest

from portreeve.triggers.timer import ResyncTimer


def test_it_calls_again_and_again() -> None:
    calls = threading.Semaphore(0)
    timer = ResyncTimer(0.01, calls.release)
    timer.start()
    for _ in range(3):
        assert calls.acquire(timeout=10)
    timer.stop()


def test_a_call_that_fails_is_logged_and_not_the_last(caplog: pytest.LogCaptureFixture) -> None:
    calls = threading.Semaphore(0)

    def fail() -> None:
        calls.release()
        raise RuntimeError("on purpose")

    timer = ResyncTimer(0.01, fail)
    timer.start()
    for _ in range(2):
        assert calls.acquire(timeout=10)
    timer.stop()
    assert "the resync failed" in caplog.text


def test_stretched_it_skips_intervals_and_when_that_is_over_none() -> None:
    asked: list[float] = []
    calls: list[int] = []
    over = threading.Event()

    def stretch() -> float:
        asked.append(4.0 if len(asked) < 9 else 1.0)
        return asked[-1]

    def call() -> None:
        calls.append(len(asked))
        if len(calls) == 4:
            over.set()

    timer = ResyncTimer(0.005, call, stretch)
    timer.start()
    assert over.wait(10)
    timer.stop()
    assert calls[:4] == [4, 8, 10, 11]


def test_it_stops_at_once() -> None:
    timer = ResyncTimer(3600, lambda: None)
    timer.start()
    started = time.monotonic()
    timer.stop()
    assert time.monotonic() - started < 1


def test_it_can_be_stopped_before_it_was_started() -> None:
    ResyncTimer(3600, lambda: None).stop()
