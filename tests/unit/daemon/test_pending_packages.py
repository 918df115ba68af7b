"""Packages that change while an agent runs, or did while it did not: the agent as a process."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.agent_process import AgentProcess, Eventually
from portreeve.boot import boot_id
from portreeve.upgrade.mark import Event, Mark
from portreeve.upgrade.marks import Marks

Start = Callable[..., AgentProcess]


@pytest.fixture
def marks(root: Path) -> Marks:
    return Marks(root / "var/lib/portreeve/pending")


def mark(root: Path, event: Event, seconds: float = 900.0) -> Mark:
    """Of a package whose file the sync ``app`` writes."""
    now = time.time()
    return Mark(
        "app", event, "2", paths=(f"{root}/out.conf",), since=now, until=now + seconds, boot=boot_id()
    )


def reason(agent: AgentProcess) -> object:
    trouble = agent.status("app")["trouble"]
    return trouble["reason"] if isinstance(trouble, dict) else None


def is_written(root: Path, port: int) -> bool:
    file = root / "out.conf"
    return file.exists() and file.read_text() == f"listen {port}\n"


def test_a_hold_that_is_found_at_the_start_delays_no_boot_and_ends_with_the_next_hook(
    root: Path, marks: Marks, start: Start, eventually: Eventually
) -> None:
    marks.put(mark(root, Event.PRE_UPGRADE))
    agent = start()
    eventually(lambda: "READY=1" in agent.told, "it is ready")
    assert reason(agent) == "package-changing"
    assert not (root / "out.conf").exists()
    assert "app 2: pre-upgrade" in agent.command("status", code=3)

    marks.put(mark(root, Event.POST_UPGRADE))
    agent.process.send_signal(signal.SIGHUP)
    eventually(lambda: is_written(root, 9000), "it goes on")
    eventually(lambda: marks.read() == (), "the mark has served")
    assert json.loads(agent.command("status", "--output", "json"))["pending"] == []
    agent.stop()


def test_a_hold_runs_out_by_itself(root: Path, marks: Marks, start: Start, eventually: Eventually) -> None:
    marks.put(mark(root, Event.PRE_UPGRADE, seconds=2.0))
    agent = start()
    eventually(lambda: "READY=1" in agent.told, "it is ready")
    eventually(lambda: is_written(root, 9000), "it goes on")
    eventually(lambda: marks.read() == (), "the mark has served")
    agent.stop()


def test_an_administrator_goes_on_at_once(
    root: Path, marks: Marks, start: Start, eventually: Eventually
) -> None:
    marks.put(mark(root, Event.PRE_UPGRADE))
    agent = start()
    eventually(lambda: "READY=1" in agent.told, "it is ready")
    agent.command("sync", "app")
    assert is_written(root, 9000)
    assert len(marks.read()) == 1
    agent.stop()


def test_files_of_any_package_have_what_is_in_force_proved(
    root: Path, marks: Marks, start: Start, eventually: Eventually
) -> None:
    agent = start()
    eventually(lambda: is_written(root, 9000), "it is in step")
    ran = agent.run("hook", "triggered")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "app keeps port = 9000, verified" in ran.stderr
    assert marks.read() == ()
    agent.stop()
