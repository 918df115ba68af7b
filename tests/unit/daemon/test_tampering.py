"""Somebody edits a target at the worst moment: right after portreeve wrote it, and hears of that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.agent_process import AgentProcess, Eventually

Start = Callable[..., AgentProcess]

ROUNDS = 15
SOON = 2.0
"""Seconds after the edit within which it is taken back."""


def in_place(target: Path, text: str) -> None:
    target.write_text(text)


def by_rename(target: Path, text: str) -> None:
    new = target.with_name("somebody")
    new.write_text(text)
    new.replace(target)


@pytest.mark.parametrize("edit", [in_place, by_rename])
def test_an_edit_right_after_our_own_writing_is_taken_back(
    root: Path, start: Start, eventually: Eventually, edit: Callable[[Path, str], None]
) -> None:
    running = start()
    eventually(lambda: running.told_all("READY=1"), "it is ready")
    source, target = root / "app.ini", root / "out.conf"
    for port in range(1000, 1000 + ROUNDS):
        wanted = f"listen {port}\n"
        source.write_text(f"[web]\nport = {port}\n")
        while target.read_text() != wanted:
            pass
        # From at once to when it has long been told of its own writing; the same size, within the same tick.
        threading.Event().wait((port - 1000) * 0.002)
        edit(target, "listen 6666\n")
        edited = time.monotonic()
        while target.read_text() != wanted:
            assert time.monotonic() - edited < SOON, f"port {port} is not back"
