"""What people ask for, and changed definitions, while a worker is at work on the same sync."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portreeve.definitions.settings import ReconcileSettings
from portreeve.definitions.steps import UnitActive
from portreeve.errors import Reason
from portreeve.reconcile.execute import Executor
from portreeve.reconcile.generations import BASELINE
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import State
from portreeve.reconcile.writing import Writer
from unit.reconcile.host import UNIT, Host


@pytest.fixture
def during_work(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something done by another thread, so to speak, while the worker applies."""

    def arrange(action: Callable[[], object]) -> None:
        apply = Executor.apply

        def interrupted(self: Executor, record: Record) -> Record:
            monkeypatch.setattr(Executor, "apply", apply)
            action()
            return apply(self, record)

        monkeypatch.setattr(Executor, "apply", interrupted)

    return arrange


During = Callable[[Callable[[], object]], None]


def test_a_rollback_during_the_work_is_not_lost(host: Host, during_work: During) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    during_work(lambda: host.reconciler.hold("app", 1))
    host.look()
    assert host.look().state is State.HELD
    assert host.target.read_text() == "listen 9000\n"


def test_edits_by_hand_stay_while_a_sync_is_held_as_it_is(host: Host) -> None:
    host.bring_in_step(9000)
    host.reconciler.leave_alone("app")
    assert host.look().state is State.HELD
    host.target.write_text("by hand\n")
    host.choose(9443)
    host.restart_agent()
    status = host.look()
    assert (status.state, status.generation) == (State.HELD, 1)
    assert status.trouble is not None
    assert (status.trouble.reason, status.trouble.evidence) == (Reason.HELD, f"{host.target}: content")
    assert host.target.read_text() == "by hand\n"
    assert host.restarts == 1
    host.reconciler.ask("app")
    assert host.look().state is State.IN_STEP
    assert host.target.read_text() == "listen 9443\n"


def test_edits_by_hand_are_put_right_when_the_hold_ends(host: Host) -> None:
    host.bring_in_step(9000)
    host.reconciler.leave_alone("app")
    host.target.unlink()
    assert host.look().state is State.HELD
    host.reconciler.ask("app")
    assert host.look().state is State.IN_STEP
    assert host.target.read_text() == "listen 9000\n"


def test_a_hold_brings_back_what_is_in_force_from_what_was_on_its_way(host: Host) -> None:
    host.bring_in_step(9000)
    del host.manager.units[UNIT]
    host.choose(9443)
    assert host.look().state is State.WAITING
    host.reconciler.leave_alone("app")
    host.manager.units[UNIT] = host.unit
    status = host.look()
    assert (status.state, status.generation) == (State.HELD, 1)
    assert host.target.read_text() == "listen 9000\n"


def test_a_sync_with_nothing_in_force_is_held_at_what_was_there_before(host: Host) -> None:
    host.target.write_text("by hand\n")
    host.choose(9000)
    host.reconciler.leave_alone("app")
    assert host.look().state is State.HELD
    assert host.target.read_text() == "by hand\n"
    host.target.write_text("by hand again\n")
    assert host.look().state is State.HELD
    host.reconciler.ask("app")
    assert host.look().state is State.IN_STEP
    host.reconciler.hold("app", BASELINE)
    host.look()
    assert host.target.read_text() == "by hand again\n"


def test_a_hold_during_the_work_is_not_lost(host: Host, during_work: During) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    during_work(lambda: host.reconciler.leave_alone("app"))
    host.look()
    status = host.look()
    assert status.state is State.HELD
    host.target.write_text("by hand\n")
    host.look()
    assert host.target.read_text() == "by hand\n"


def test_letting_go_of_a_hold_during_the_work_is_not_lost(host: Host, during_work: During) -> None:
    host.bring_in_step(9000)
    host.bring_in_step(9443)
    host.reconciler.hold("app", 1)
    during_work(lambda: host.reconciler.ask("app"))
    host.look()
    assert host.look().state is State.IN_STEP
    assert host.target.read_text() == "listen 9443\n"


def test_a_generation_that_is_held_during_the_work_is_not_dropped(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    for port in range(9000, 9011):
        host.bring_in_step(port)
    oldest = host.outcomes[1][0]
    replace_with_desired = Writer.replace_with_desired

    def interrupted(self: Writer, *arguments: Any, **options: Any) -> Record:
        host.reconciler.hold("app", oldest)
        return replace_with_desired(self, *arguments, **options)

    monkeypatch.setattr(Writer, "replace_with_desired", interrupted)
    host.choose(9443)
    host.look()
    status = host.look()
    assert (status.state, status.generation) == (State.HELD, oldest)


def test_a_look_that_began_before_somebody_asked_is_not_the_answer(host: Host, during_work: During) -> None:
    host.choose(9000)
    asked: list[int] = []
    during_work(lambda: asked.append(host.reconciler.ask("app")))
    before = host.look().runs
    assert before <= asked[0]
    assert host.look().runs > asked[0]


def test_a_sync_that_is_gone_during_the_work_leaves_no_status_and_no_watch(
    host: Host, during_work: During
) -> None:
    host.choose(9000)

    def remove() -> None:
        host.declare()
        host.board.keep_only(())
        host.watched.clear()

    during_work(remove)
    host.reconciler.work("app")
    assert host.board.get("app") is None
    assert host.watched == {}


def test_a_definition_that_changes_during_the_work_is_proved_by_its_new_steps(
    host: Host, during_work: During
) -> None:
    host.choose(9000)
    other = replace(host.sync, verify=(UnitActive(UNIT, timeout=0.02), UnitActive("absent.service", 0.02)))
    during_work(lambda: host.declare(other))
    host.look()
    assert host.look().state is not State.IN_STEP


def test_files_that_an_administrator_wrote_after_a_rollback_are_what_is_put_back_later(host: Host) -> None:
    host.target.write_text("first\n")
    host.bring_in_step(9000)
    host.reconciler.hold("app", BASELINE)
    host.look()
    host.target.write_text("by hand\n")
    host.reconciler.ask("app")
    assert host.look().state is State.IN_STEP
    host.reconciler.hold("app", BASELINE)
    host.look()
    assert host.target.read_text() == "by hand\n"


def test_a_file_that_was_given_back_is_not_touched_any_more(host: Host) -> None:
    one = host.sync
    extra = host.add_target("extra.conf", "extra {{ port }}\n")
    host.bring_in_step(9000)
    host.sync = one
    host.declare(one)
    host.bring_in_step(9000)
    assert not extra.exists()
    extra.write_text("by hand\n")
    host.bring_in_step(9443)
    host.target.write_text("tampered\n")
    assert host.look().state is State.IN_STEP
    assert extra.read_text() == "by hand\n"


def test_a_rollback_to_more_files_remembers_what_it_replaces(host: Host) -> None:
    one = host.sync
    extra = host.add_target("extra.conf", "extra {{ port }}\n")
    host.bring_in_step(9000)
    host.sync = one
    host.declare(one)
    host.bring_in_step(9000)
    extra.write_text("by hand\n")
    host.reconciler.hold("app", 1)
    host.look()
    assert extra.read_text() == "extra 9000\n"
    host.reconciler.ask("app")
    host.look()
    assert extra.read_text() == "by hand\n"


def test_content_that_is_no_longer_wanted_is_superseded_in_the_history(host: Host) -> None:
    host.bring_in_step(9000)
    host.choose(9443)
    del host.manager.units[UNIT]
    host.look()
    host.manager.units[UNIT] = host.unit
    host.bring_in_step(9000)
    assert host.outcomes[1:] == [(1, "verified"), (2, "superseded")]


def test_targets_are_watched(host: Host) -> None:
    host.look()
    assert {Path(host.source), host.target} <= host.watched["app"]


def test_changed_settings_hold_from_the_next_look_on(host: Host) -> None:
    host.look()
    host.settings = ReconcileSettings(backoff_min=7, backoff_max=7, keep=2)
    host.declare(host.sync)
    status = host.look()
    assert status.next_try is not None
    assert 3.5 <= status.next_try - host.now <= 7
    for port in range(9000, 9005):
        host.bring_in_step(port)
    assert len(host.outcomes) == 3


def test_a_mode_that_somebody_changes_before_the_first_content_is_proved_is_not_kept(
    host: Host, during_work: During
) -> None:
    host.choose(9000)
    during_work(lambda: host.target.chmod(0o777))
    host.look()
    assert host.look().state is State.IN_STEP
    assert host.target.stat().st_mode & 0o777 == 0o644
    assert [number for number, _ in host.outcomes] == [0, 1]


def test_a_rollback_that_comes_just_before_the_definition_goes_is_answered(host: Host) -> None:
    host.bring_in_step(9000)
    asked = host.reconciler.hold("app", BASELINE)
    host.declare()
    assert host.reconciler.memory("app").unanswered
    host.reconciler.work("app")
    status = host.board.get("app")
    assert status is not None
    assert status.runs > asked
    assert not host.target.exists()


def test_a_definition_that_goes_during_a_rollback_leaves_it_to_the_next_look(
    host: Host, during_work: During
) -> None:
    host.bring_in_step(9000)
    host.bring_in_step(9443)
    asked = host.reconciler.hold("app", 1)
    unanswered = []

    def undeclare() -> None:
        host.declare()
        unanswered.append(host.reconciler.memory("app").unanswered)

    during_work(undeclare)
    host.reconciler.work("app")
    assert unanswered == [True]
    host.reconciler.work("app")
    status = host.board.get("app")
    assert status is not None
    assert status.runs > asked
    assert host.target.read_text() == "listen 9000\n"
