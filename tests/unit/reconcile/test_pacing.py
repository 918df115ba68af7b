"""Changes that come faster than a unit may be moved."""

from portreeve.errors import Reason
from portreeve.reconcile.pace import MOST, WINDOW
from portreeve.reconcile.status import State
from unit.reconcile.host import Host


def change(host: Host, port: int) -> None:
    """A change at the same moment as the one before."""
    host.source.write_text(f"[web]\nport = {port}\n")


def test_the_newest_of_many_changes_is_applied_when_the_next_move_is_due(host: Host) -> None:
    for port in range(9000, 9010):
        change(host, port)
        status = host.look()
    assert status.state is State.WAITING
    assert status.trouble is not None
    assert status.trouble.reason is Reason.PACED
    assert status.next_try is not None
    assert status.next_try - host.now <= WINDOW
    assert host.restarts == MOST
    assert host.target.read_text() == f"listen {9000 + MOST - 1}\n"

    host.pass_time(WINDOW)
    assert host.look().state is State.IN_STEP
    assert host.target.read_text() == "listen 9009\n"
    assert host.restarts == MOST + 1


def test_who_asks_is_not_kept_waiting(host: Host) -> None:
    for port in range(9000, 9005):
        change(host, port)
        host.look()
    host.reconciler.ask("app")
    assert host.look().state is State.IN_STEP


def test_taking_bad_content_back_is_not_kept_waiting(host: Host) -> None:
    for port in range(9000, 9000 + MOST - 1):
        change(host, port)
        host.look()
    host.let_restarts_end("failed", "done")
    change(host, 9443)
    host.look()
    assert host.target.read_text() == f"listen {9000 + MOST - 2}\n"


def test_a_target_that_somebody_keeps_tampering_with_is_not_restarted_for_ever(host: Host) -> None:
    change(host, 9000)
    for _ in range(20):
        host.look()
        host.target.write_text("tampered\n")
    assert host.restarts == MOST


def test_a_unit_that_was_stopped_stays_named_until_it_is_started(host: Host) -> None:
    host.bring_in_step(9000)
    host.unit.active_state = "inactive"
    host.reconciler.ask("app")
    for _ in range(3):
        status = host.look()
        assert status.state is State.WAITING
        assert status.trouble is not None
        assert status.trouble.reason is Reason.UNIT_STOPPED
    host.unit.active_state = "active"
    assert host.look().state is State.IN_STEP
