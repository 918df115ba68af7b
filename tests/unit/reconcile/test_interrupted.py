"""The agent is killed at any moment: the next one completes what was begun, also while the source is away."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Protocol

import pytest

from portreeve.definitions.steps import Command
from portreeve.reconcile.database import Database
from portreeve.reconcile.execute import Executor
from portreeve.reconcile.outcome import REJECTED_MOST
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import State
from portreeve.systemd.bus import Systemd
from unit.reconcile.host import Host


class Killed(BaseException):
    """As a kill ends the work: nothing handles it, and nothing more is stored."""


class Kill(Protocol):
    """Has the agent killed at a moment of its next look."""

    def __call__(self, monkeypatch: pytest.MonkeyPatch, nth: int, *, before: bool) -> None: ...


def stored(monkeypatch: pytest.MonkeyPatch, nth: int, *, before: bool) -> None:
    """Kill the agent right before, or right after, it stores something for the nth time."""
    transaction, count = Database.transaction, 0

    @contextmanager
    def counted(self: Database, *, durable: bool = False) -> Iterator[None]:
        nonlocal count
        count += 1
        mine = count
        if before and mine == nth:
            raise Killed
        with transaction(self, durable=durable):
            yield
        if mine == nth:
            raise Killed

    monkeypatch.setattr(Database, "transaction", counted)


def renamed(monkeypatch: pytest.MonkeyPatch, nth: int, *, before: bool) -> None:
    """Kill the agent right before, or right after, it puts the nth file in place."""
    rename, count = os.replace, 0

    def counted(*arguments: Any, **keywords: Any) -> None:
        nonlocal count
        count += 1
        mine = count
        if before and mine == nth:
            raise Killed
        rename(*arguments, **keywords)
        if mine == nth:
            raise Killed

    monkeypatch.setattr(os, "replace", counted)


MOMENTS = [
    pytest.param(kill, nth, before, id=f"{'before' if before else 'after'} {kill.__name__} {nth}")
    for kill, most in ((stored, 6), (renamed, 2))
    for nth in range(1, most + 1)
    for before in (True, False)
]


def files(host: Host) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(host.target.parent.glob("*.conf"))}


def look_and_be_killed(host: Host, kill: Kill, nth: int, *, before: bool) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, suppress(Killed):
        kill(monkeypatch, nth, before=before)
        host.look()
    host.restart_agent()


@pytest.mark.parametrize(("kill", "nth", "before"), MOMENTS)
def test_changed_content_is_whole_after_a_kill(host: Host, kill: Kill, nth: int, before: bool) -> None:
    host.add_target("extra.conf", "extra {{ port }}\n")
    host.bring_in_step(9000)
    old = files(host)
    host.choose(9443)
    look_and_be_killed(host, kill, nth, before=before)
    host.source.unlink()
    host.look()
    new = {"app.conf": "listen 9443\n", "extra.conf": "extra 9443\n"}
    assert files(host) in (old, new)
    assert host.record.unfinished is None
    host.bring_in_step(9443)
    assert files(host) == new


@pytest.mark.parametrize(("kill", "nth", "before"), MOMENTS)
def test_a_retired_file_is_taken_back_after_a_kill(host: Host, kill: Kill, nth: int, before: bool) -> None:
    one = host.sync
    host.add_target("extra.conf", "extra {{ port }}\n")
    host.bring_in_step(9000)
    host.sync = one
    host.declare(one)
    host.choose(9443)
    look_and_be_killed(host, kill, nth, before=before)
    host.bring_in_step(9443)
    assert files(host) == {"app.conf": "listen 9443\n"}


@pytest.mark.parametrize(("kill", "nth", "before"), MOMENTS)
def test_content_that_does_not_work_is_taken_back_whole_after_a_kill(
    host: Host, monkeypatch: pytest.MonkeyPatch, kill: Kill, nth: int, before: bool
) -> None:
    host.bring_in_step(9000)
    host.add_target("extra.conf", "extra {{ port }}\n")
    host.choose(9443)
    apply = Executor.apply

    def fails_for_9443(self: Executor, record: Record) -> Record:
        host.unit.job_result = "failed" if "9443" in host.target.read_text() else "done"
        return apply(self, record)

    monkeypatch.setattr(Executor, "apply", fails_for_9443)
    look_and_be_killed(host, kill, nth, before=before)
    host.source.unlink()
    host.look()
    host.pass_time(REJECTED_MOST)
    host.look()
    assert files(host) == {"app.conf": "listen 9000\n"}
    assert host.record.unfinished is None


@pytest.mark.parametrize(("kill", "nth", "before"), MOMENTS)
def test_the_first_content_is_whole_or_absent_after_a_kill(
    host: Host, kill: Kill, nth: int, before: bool
) -> None:
    host.add_target("extra.conf", "extra {{ port }}\n")
    host.choose(9443)
    look_and_be_killed(host, kill, nth, before=before)
    host.source.unlink()
    host.look()
    new = {"app.conf": "listen 9443\n", "extra.conf": "extra 9443\n"}
    assert files(host) in ({}, new)
    host.bring_in_step(9443)
    assert files(host) == new
    host.reconciler.hold("app", 0)
    host.look()
    assert files(host) == {}


@pytest.mark.parametrize(("kill", "nth", "before"), MOMENTS)
def test_a_rollback_is_completed_after_a_kill(host: Host, kill: Kill, nth: int, before: bool) -> None:
    host.add_target("extra.conf", "extra {{ port }}\n")
    host.bring_in_step(9000)
    old = files(host)
    host.bring_in_step(9443)
    host.reconciler.hold("app", 1)
    look_and_be_killed(host, kill, nth, before=before)
    host.source.unlink()
    assert host.look().state is State.HELD
    assert files(host) == old


def test_nothing_is_left_of_a_kill_before_anything_was_decided(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    host.sync = replace(host.sync, check=(Command(("true",)),))
    host.declare(host.sync)
    look_and_be_killed(host, stored, 1, before=True)
    host.bring_in_step(9443)
    assert [path.name for path in host.target.parent.iterdir()] == ["app.conf"]


def test_an_action_that_was_carried_out_before_a_kill_is_not_carried_out_again(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = host.folder / "go-on"
    host.sync = replace(host.sync, apply=(*host.sync.apply, Command(("test", "-e", str(go_on)))))
    host.declare(host.sync)
    go_on.touch()
    host.bring_in_step(9000)
    before = host.restarts
    host.choose(9443)

    def killed(*_arguments: object, **_keywords: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("portreeve.process.run", killed)
        with suppress(Killed):
            host.look()
    assert (host.restarts, host.record.done) == (before + 1, 1)
    host.restart_agent()
    host.look()
    assert (host.status().state, host.record.done) == (State.IN_STEP, 0)
    assert host.restarts == before + 1

    host.choose(9500)
    assert host.look().state is State.IN_STEP
    assert host.restarts == before + 2


def cut_off(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent is killed after it has asked for the restart of its unit, and before that is over."""
    restart = Systemd.restart

    def killed(self: Systemd, unit: str, timeout: float) -> None:
        restart(self, unit, timeout)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Systemd, "restart", killed)
        with suppress(Killed):
            host.look()
    host.restart_agent()


def test_a_restart_that_systemd_did_while_there_was_no_agent_is_not_asked_for_again(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.bring_in_step(9000)
    before = host.restarts
    host.choose(9443)
    cut_off(host, monkeypatch)
    host.unit.job = 7
    assert (host.look().state, host.restarts) == (State.WAITING, before + 1)
    host.unit.job, host.unit.active_since = 0, host.now + 1
    host.pass_time(5)
    assert host.look().state is State.IN_STEP
    assert (host.restarts, host.record.begun) == (before + 1, None)


def test_a_restart_that_came_to_nothing_while_there_was_no_agent_is_asked_for_again(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.bring_in_step(9000)
    before = host.restarts
    host.choose(9443)
    cut_off(host, monkeypatch)
    host.unit.active_since = host.now - 60
    assert host.look().state is State.IN_STEP
    assert host.restarts == before + 2
