"""Killed while a file is written in place: half of it may be there, and the next start completes it."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portreeve.definitions.model import Write
from portreeve.reconcile.status import State
from unit.reconcile.host import Host
from unit.reconcile.test_interrupted import Kill, Killed, files, look_and_be_killed, renamed, stored


def _killed_at(name: str) -> Kill:
    def kill(monkeypatch: pytest.MonkeyPatch, nth: int, *, before: bool) -> None:
        step: Callable[..., Any] = getattr(os, name)
        count = 0

        def counted(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            mine = count
            if before and mine == nth:
                raise Killed
            result = step(*arguments)
            if mine == nth:
                raise Killed
            return result

        monkeypatch.setattr(os, name, counted)

    kill.__name__ = name
    return kill


def half_written(monkeypatch: pytest.MonkeyPatch, nth: int, *, before: bool) -> None:
    """Kill the agent when half of the bytes are there."""
    written = os.pwrite

    def half(descriptor: int, data: bytes, offset: int) -> int:
        written(descriptor, data[: len(data) // 2], offset)
        raise Killed

    monkeypatch.setattr(os, "pwrite", half)


MOMENTS = [
    pytest.param(kill, nth, before, id=f"{'before' if before else 'after'} {kill.__name__} {nth}")
    for kill, most in (
        (stored, 6),
        (renamed, 1),
        (_killed_at("ftruncate"), 1),
        (_killed_at("pwrite"), 1),
    )
    for nth in range(1, most + 1)
    for before in (True, False)
]
MOMENTS.append(pytest.param(half_written, 1, True, id="at half of the bytes"))


@pytest.fixture
def in_place(host: Host) -> Host:
    """One target keeps its inode, another does not."""
    host.target.write_text("what was there before\n")
    host.add_target("extra.conf", "extra {{ port }}\n")
    first, second = host.sync.targets
    host.sync = replace(host.sync, targets=(replace(first, write=Write.IN_PLACE), second))
    host.declare(host.sync)
    return host


@pytest.mark.parametrize(("kill", "nth", "before"), MOMENTS)
def test_a_change_is_completed_although_its_source_is_away(
    in_place: Host, kill: Kill, nth: int, before: bool
) -> None:
    in_place.bring_in_step(9000)
    old, inode = files(in_place), in_place.target.stat().st_ino
    in_place.choose(9443)
    look_and_be_killed(in_place, kill, nth, before=before)
    in_place.source.unlink()
    in_place.look()
    new = {"app.conf": "listen 9443\n", "extra.conf": "extra 9443\n"}
    assert files(in_place) in (old, new)
    assert in_place.record.unfinished is None
    in_place.bring_in_step(9443)
    assert files(in_place) == new
    assert in_place.target.stat().st_ino == inode


@pytest.mark.parametrize(("kill", "nth", "before"), MOMENTS)
def test_what_was_there_before_the_first_write_is_not_lost(
    in_place: Host, kill: Kill, nth: int, before: bool
) -> None:
    in_place.choose(9000)
    look_and_be_killed(in_place, kill, nth, before=before)
    in_place.look()
    in_place.reconciler.hold("app", 0)
    assert in_place.look().state is State.HELD
    assert files(in_place) == {"app.conf": "what was there before\n"}


@pytest.mark.parametrize(("kill", "nth", "before"), MOMENTS)
def test_putting_back_what_was_there_is_completed(in_place: Host, kill: Kill, nth: int, before: bool) -> None:
    in_place.bring_in_step(9000)
    in_place.reconciler.hold("app", 0)
    look_and_be_killed(in_place, kill, nth, before=before)
    assert in_place.look().state is State.HELD
    assert files(in_place) == {"app.conf": "what was there before\n"}
