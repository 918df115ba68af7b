"""Restarts and reloads units whose configuration was just written."""

import time

from portreeve.definitions.steps import ApplyStep, Reload, Restart
from portreeve.errors import Failed, Reason, Waiting
from portreeve.systemd.bus import Systemd
from portreeve.systemd.unit_state import UnitState

_LISTEN_AGAIN = (0.05, 0.2, 0.5)
"""Seconds before a socket unit that could not listen is started again."""

_RUNS_OR_STARTS = frozenset({"active", "reloading", "refreshing", "activating"})


def apply(step: ApplyStep, systemd: Systemd) -> None:
    """Carry out one step and return when its job is done.

    A reload of a unit that is not up does nothing, as ``systemctl try-reload-or-restart`` does: whoever
    starts the unit later starts it on the new files, and one that was stopped on purpose stays stopped.

    The unit's count of starts is cleared first. Five restarts in ten seconds, and systemd stops a unit and
    refuses to start it: a port that changes often, or files that failed and are put back, would end with a
    service that is down. It is the agent's own backoff that keeps it from looping.

    A socket unit may fail to listen because a program that systemd is about to start still has the old
    socket open, between fork and exec; that is over in a moment, so it is started again before it counts.

    Args:
        step: with its texts rendered.
        systemd: whose units they are.

    Raises:
        Waiting: the unit is not there yet; its package may come later.
        Failed: the unit is masked, or its job did not succeed.
        Unreachable: there is no systemd to ask.
    """
    if not isinstance(step, Restart | Reload):
        raise NotImplementedError(step)
    state = systemd.unit(step.unit)
    _refuse_unusable(state, step.unit)
    match step:
        case Restart():
            systemd.reset_failed(step.unit)
            _restart(step, systemd)
        case Reload():
            if state.active_state in _RUNS_OR_STARTS:
                systemd.reload(step.unit, step.timeout)


def _restart(step: Restart, systemd: Systemd) -> None:
    try:
        systemd.restart(step.unit, step.timeout)
        return
    except Failed as error:
        if not step.unit.endswith(".socket"):
            raise
        failure = error
    for pause in _LISTEN_AGAIN:
        if systemd.unit(step.unit).result != "resources":
            break
        # Nothing tells when the other program has closed it.
        time.sleep(pause)
        try:
            systemd.start(step.unit, step.timeout)
            return
        except Failed as error:
            failure = error
    raise failure


def _refuse_unusable(state: UnitState, unit: str) -> None:
    if state.load_state == "not-found":
        raise Waiting(
            Reason.UNIT_ABSENT,
            f"there is no unit {unit}",
            hint="install the package that brings it; it is tried again by itself",
            step="apply",
        )
    if state.load_state == "masked":
        raise Failed(
            Reason.UNIT_MASKED,
            f"{unit} is masked",
            evidence=f"load state masked, unit file {state.unit_file_state or 'absent'}",
            hint=f"`systemctl unmask {unit}` if it is to be used again",
            step="apply",
        )
