"""portreeve is taken away and comes again: nothing generated is left, and nothing is held afterwards."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from fakes.agent_process import AgentProcess, Eventually

AWAY = ("rollback", "--all", "--to", "0", "--offline")


def written(root: Path, text: str) -> Callable[[], bool]:
    return lambda: (root / "out.conf").exists() and (root / "out.conf").read_text() == text


def test_files_are_put_back_while_no_agent_runs(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    (root / "out.conf").write_text("by hand\n")
    running = start()
    eventually(written(root, "listen 9000\n"), "the value is written")
    running.stop(signal.SIGKILL)
    assert "app" in running.command(*AWAY)
    assert (root / "out.conf").read_text() == "by hand\n"
    assert running.command(*AWAY) == "app: the files are as they were before portreeve\n"


def test_what_was_put_back_offline_is_held_by_the_next_agent(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the value is written")
    running.stop()
    running.command(*AWAY)
    running = start()
    eventually(lambda: "READY=1" in running.told, "it is ready")
    assert running.status("app")["state"] == "held"
    assert not (root / "out.conf").exists()
    assert running.command("rollback", "--all", "--to", "0")
    running.stop()
    assert running.command(*AWAY) == "", "the agent has finished it, so there is nothing to put back"


def test_after_an_uninstall_the_next_agent_lets_all_syncs_follow_again(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the value is written")
    running.command("rollback", "--all", "--to", "0")
    running.stop()
    (root / "var/lib/portreeve/uninstalled").touch()
    running = start()
    eventually(written(root, "listen 9000\n"), "it follows again")
    assert not (root / "var/lib/portreeve/uninstalled").exists()
    running.stop()


def test_files_are_not_put_back_behind_the_back_of_a_running_agent(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the value is written")
    running.command(*AWAY, code=5)
    assert (root / "out.conf").read_text() == "listen 9000\n"
    running.stop()


def test_without_state_there_is_nothing_to_put_back_and_none_is_made(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(lambda: "READY=1" in running.told, "it is ready")
    running.stop()
    for file in (root / "var/lib/portreeve").iterdir():
        file.unlink()
    assert running.command(*AWAY) == ""
    assert list((root / "var/lib/portreeve").iterdir()) == []


def test_offline_belongs_to_all_syncs_and_to_what_was_there_before(
    root: Path, start: Callable[..., AgentProcess]
) -> None:
    running = start()
    running.command("rollback", "--all", "--offline", code=2)
    running.command("rollback", "app", "--to", "0", "--offline", code=2)
    running.stop()
