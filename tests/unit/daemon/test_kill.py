"""Killed at any instant: each target is old or new, the set is consistent, and the next start converges."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.agent_process import AGENT_FOLDER, AgentProcess, Eventually, prepare

Start = Callable[..., AgentProcess]

TARGETS = ("a.conf", "b.conf", "c.conf")
KILLING = Path(__file__).resolve().parents[2] / "fakes/killing"
ROUNDS = 200 if os.environ.get("PORTREEVE_TEST_LONG") else 20
POINTS = 200
"""More points at which a change can be killed than there are."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return prepare(tmp_path, TARGETS)


def contents(root: Path) -> set[str]:
    """The different contents of the set: one when it is consistent."""
    return {(root / name).read_text() for name in TARGETS}


def choose(root: Path, port: int) -> None:
    """Change the source, atomically: a reader never sees half of it."""
    (root / "new.ini").write_text(f"[web]\nport = {port}\n")
    (root / "new.ini").replace(root / "app.ini")


def leftovers(root: Path) -> list[str]:
    return [entry.name for entry in root.iterdir() if ".portreeve-" in entry.name]


@pytest.mark.timeout(1200)
def test_at_random_instants_under_constant_change(root: Path, start: Start, eventually: Eventually) -> None:
    draw = random.Random(20261121)
    for number in range(ROUNDS):
        running = start()
        try:
            eventually(lambda running=running: "READY=1" in running.told, "the agent is ready")  # type: ignore[misc]
            found = contents(root)
            assert len(found) == 1, f"after kill {number} the set is mixed: {found}"
            assert found.pop().startswith("listen ")
            stop = threading.Event()

            def change(stop: threading.Event = stop) -> None:
                port = 10_000
                while not stop.wait(0.002):
                    port += 1
                    choose(root, port)

            changing = threading.Thread(target=change)
            changing.start()
            threading.Event().wait(draw.uniform(0, 0.25))
        finally:
            running.stop(signal.SIGKILL)
            stop.set()
            changing.join()
    running = start()
    choose(root, 9443)
    eventually(lambda: contents(root) == {"listen 9443\n"}, "the last value is in force")
    assert running.status("app")["state"] == "in-step"
    running.stop()
    assert leftovers(root) == []


@pytest.mark.timeout(1200)
def test_between_each_pair_of_steps_with_the_source_away_afterwards(
    root: Path, start: Start, eventually: Eventually
) -> None:
    running = start()
    eventually(lambda: "READY=1" in running.told, "the first value is in force")
    running.stop()
    old, new, killed = "listen 9000\n", "listen 9443\n", 0
    assert contents(root) == {old}

    for point in range(0, POINTS, 1 if os.environ.get("PORTREEVE_TEST_LONG") else 3):
        choose(root, 9443)
        paths = f"{KILLING}:{AGENT_FOLDER}"
        running = start(environment={"PYTHONPATH": paths, "KILL_AT": str(point)})
        eventually(
            lambda running=running: running.process.poll() is not None or "READY=1" in running.told,  # type: ignore[misc]
            "it is killed, or done",
        )
        done = running.process.poll() is None
        running.stop()
        if done:
            break
        killed += 1
        assert {(root / name).read_text() for name in TARGETS} <= {old, new}, "a target is torn"

        (root / "app.ini").rename(root / "away.ini")
        running = start()
        eventually(lambda running=running: "READY=1" in running.told, "the next start is ready")  # type: ignore[misc]
        assert contents(root) in ({old}, {new}), f"killed at {point}, the set is mixed"
        (root / "away.ini").rename(root / "app.ini")
        eventually(lambda: contents(root) == {new}, "it converges")
        choose(root, 9000)
        eventually(lambda: contents(root) == {old}, "back at the beginning")
        running.stop()
        assert leftovers(root) == []
    else:
        pytest.fail(f"a change has more than {POINTS} points; raise POINTS")
    print(f"killed at {killed} points")
    assert killed >= 8
