"""A sync that is left alone for a while by somebody else's word, and proved again afterwards."""

from dataclasses import replace

import pytest

from portreeve.definitions.steps import Command
from portreeve.errors import Reason, Waiting
from portreeve.reconcile.pause import Pause
from portreeve.reconcile.status import State
from unit.reconcile.host import UNIT, Host


@pytest.fixture
def pauses(host: Host) -> dict[str, Pause]:
    """By sync, why it is to be left alone."""
    found: dict[str, Pause] = {}
    host.reconciler._paused = found.get
    return found


def pause(host: Host, pauses: dict[str, Pause], seconds: float = 900.0) -> None:
    why = Waiting(Reason.PACKAGE_CHANGING, "app is being upgraded")
    pauses["app"] = Pause(why, host.now + seconds)


def test_nothing_is_read_written_or_moved_while_it_is_paused(host: Host, pauses: dict[str, Pause]) -> None:
    host.bring_in_step(9000)
    restarts = host.restarts
    pause(host, pauses)
    host.choose(9443)
    host.target.write_text("somebody's\n")
    status = host.look()
    assert status.state is State.WAITING
    assert status.trouble is not None
    assert status.trouble.reason is Reason.PACKAGE_CHANGING
    assert (status.next_try, status.runs, status.attempts) == (host.now + 900, 2, 0)
    assert host.target.read_text() == "somebody's\n"
    assert host.restarts == restarts


def test_it_asks_to_be_looked_at_when_the_pause_is_over(host: Host, pauses: dict[str, Pause]) -> None:
    host.bring_in_step(9000)
    pause(host, pauses, seconds=5.0)
    host.look()
    assert not host.queue.due(["app"])
    host.pass_time(5.0)
    assert host.queue.due(["app"])


def test_what_changed_meanwhile_is_followed_afterwards(host: Host, pauses: dict[str, Pause]) -> None:
    host.bring_in_step(9000)
    pause(host, pauses)
    host.choose(9443)
    host.look()
    pauses.clear()
    assert host.look().state is State.IN_STEP
    assert host.target.read_text() == "listen 9443\n"
    assert host.record.out_of_step_since is None


def test_an_agent_that_starts_in_a_pause_tells_what_is_in_force(host: Host) -> None:
    host.bring_in_step(9000)
    host.restart_agent()
    pauses: dict[str, Pause] = {}
    host.reconciler._paused = pauses.get
    pause(host, pauses)
    status = host.look()
    assert (status.values, status.generation) == ({"port": "9000"}, 1)


def test_what_an_administrator_asks_for_is_done_when_it_is_over(host: Host, pauses: dict[str, Pause]) -> None:
    host.bring_in_step(9000)
    pause(host, pauses)
    host.unit.active_state = "failed"
    asked = host.reconciler.ask("app")
    assert host.look().runs > asked
    pauses.clear()
    restarts = host.restarts
    host.look()
    assert host.restarts == restarts + 1


def test_a_hold_of_an_administrator_outlives_the_pause(host: Host, pauses: dict[str, Pause]) -> None:
    host.bring_in_step(9000)
    host.reconciler.leave_alone("app")
    host.look()
    host.target.write_text("by hand\n")
    pause(host, pauses)
    assert host.look().state is State.WAITING
    pauses.clear()
    host.reconciler.memory("app").ask()
    assert host.look().state is State.HELD
    assert host.target.read_text() == "by hand\n"


def test_what_is_doubted_is_probed_however_short_ago_it_was_and_applied_again(host: Host) -> None:
    effect = host.folder / "effect"
    host.declare(
        replace(host.sync, apply=(Command(("touch", str(effect))),), verify=(Command(("ls", str(effect))),))
    )
    host.bring_in_step(9000)
    effect.unlink()
    host.look()
    assert not effect.exists(), "it was proved a moment ago"
    asked = host.reconciler.memory("app").doubt()
    assert host.look().state is State.IN_STEP
    assert effect.exists()
    assert host.reconciler.memory("app").proved > asked


def test_what_is_doubted_and_works_is_left_as_it_is(host: Host) -> None:
    host.bring_in_step(9000)
    restarts = host.restarts
    asked = host.reconciler.memory("app").doubt()
    assert host.look().state is State.IN_STEP
    assert host.restarts == restarts
    assert host.reconciler.memory("app").proved > asked


def test_what_is_in_force_is_proved_while_its_source_is_away(host: Host) -> None:
    host.bring_in_step(9000)
    host.source.unlink()
    asked = host.reconciler.memory("app").doubt()
    assert host.look().state is State.WAITING
    assert host.reconciler.memory("app").proved > asked


def test_what_does_not_come_up_again_is_not_proved(host: Host) -> None:
    host.bring_in_step(9000)
    host.unit.active_state = "failed"
    host.let_restarts_end("failed")
    asked = host.reconciler.memory("app").doubt()
    assert host.look().state is State.FAILED
    assert host.reconciler.memory("app").proved <= asked


@pytest.mark.parametrize("load_state", ["loaded", "masked"])
def test_a_unit_that_is_down_is_left_to_whoever_starts_it(host: Host, load_state: str) -> None:
    host.bring_in_step(9000)
    restarts = host.restarts
    host.manager.units[UNIT].active_state = "inactive"
    host.manager.units[UNIT].load_state = load_state
    host.reconciler.memory("app").ask()
    status = host.look()
    assert status.trouble is not None
    assert (status.state, status.trouble.reason) == (State.WAITING, Reason.UNIT_STOPPED)
    assert host.restarts == restarts
