"""Waiting for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from .errors import DeadlineError, LabError

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout: float, what: str, interval: float = 0.05) -> T:
    """Ask until the answer is true; return it.

    A condition that raises LabError or AssertionError counts as not yet true.

    Args:
        condition: the question.
        timeout: seconds until the deadline.
        what: what is waited for, for the message.
        interval: seconds between two questions.

    Raises:
        DeadlineError: the deadline passed; says what the last answer was.
    """
    __tracebackhide__ = True
    deadline = time.monotonic() + timeout
    while True:
        try:
            answer = condition()
            if answer:
                return answer
            last = f"last answer: {answer!r}"
        except (LabError, AssertionError) as error:
            last = f"last error: {error}"
        if time.monotonic() >= deadline:
            raise DeadlineError(f"not within {timeout:g} s: {what} ({last})")
        time.sleep(interval)
