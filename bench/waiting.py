"""Waits for a target to have a value, and says when it had it."""

import time
from pathlib import Path

TIMEOUT = 60.0

_PAUSE = 0.00005
"""Seconds between two looks: without any, the looking takes the CPU that is to be measured."""


def wait_for(target: Path, text: str) -> float:
    """The moment (``perf_counter``) when the target was first seen to have this text."""
    deadline = time.perf_counter() + TIMEOUT
    while time.perf_counter() < deadline:
        try:
            if target.read_text() == text:
                return time.perf_counter()
        except FileNotFoundError:
            pass
        time.sleep(_PAUSE)
    raise TimeoutError(f"{target} is not {text!r} after {TIMEOUT} s")


def wait_for_all(targets: tuple[Path, ...], text: str) -> float:
    """The moment when the last of these was seen to have it."""
    seen = 0.0
    for target in targets:
        seen = wait_for(target, text)
    return seen
