"""Whether a unit was restarted by an agent that ended before it heard of that: once is enough."""

from dataclasses import replace

from portreeve.definitions.steps import ApplyStep, ReloadOrRestart, Restart
from portreeve.errors import Reason, Waiting
from portreeve.reconcile.grouping import Way
from portreeve.reconcile.record import Record
from portreeve.reconcile.store import Store
from portreeve.systemd.bus import Systemd


def note_restart(store: Store, record: Record, way: Way, step: ApplyStep, now: float) -> None:
    """Remember that a restart is about to be asked for; systemd goes on with it whoever ends meanwhile.

    Args:
        store: where it is remembered.
        record: where the sync stands.
        way: how far it has come.
        step: what is about to be done.
        now: wall-clock seconds.
    """
    if isinstance(step, Restart | ReloadOrRestart):
        done = record.done if way.owing else way.done
        store.save(replace(record, done=done, begun=(way.done, now)))


def was_restarted(record: Record, index: int, step: ApplyStep, systemd: Systemd) -> bool:
    """Whether an action is a restart that an agent before this one asked for, and that systemd has done.

    Args:
        record: where the sync stood when this look at it began.
        index: the position of the action.
        step: the action.
        systemd: asked for the unit.

    Raises:
        Waiting: ``not-yet``: systemd is still at it.
        Unreachable: there is no systemd to ask.
    """
    if record.begun is None or record.begun[0] != index or not isinstance(step, Restart | ReloadOrRestart):
        return False
    life = systemd.life(step.unit)
    if life.job:
        raise Waiting(
            Reason.NOT_YET,
            f"{step.unit} is still being restarted",
            evidence=life.describe(),
            hint="nothing; it is looked at again by itself",
            step="apply",
        )
    return life.active and life.active_since >= record.begun[1]
