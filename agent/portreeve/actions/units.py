"""Restarts, reloads, starts, stops, enables and disables units, each judged by what systemd says it did."""

import time

from portreeve.definitions.steps import (
    Disable,
    Enable,
    Reload,
    ReloadOrRestart,
    Restart,
    Start,
    Stop,
    UnitStep,
)
from portreeve.errors import Failed, Reason, Waiting
from portreeve.systemd.bus import Systemd
from portreeve.systemd.unit_state import UnitState

_LISTEN_AGAIN = (0.05, 0.2, 0.5)
"""Seconds before a socket unit that could not listen is started again."""

_RUNS_OR_STARTS = frozenset({"active", "reloading", "refreshing", "activating"})

_IS_DOWN = frozenset({"inactive", "failed"})


def act_on_unit(step: UnitStep, systemd: Systemd) -> None:
    """Carry out one step and return when its job is done.

    A reload of a unit that is not up does nothing, as ``systemctl try-reload-or-restart`` does: whoever
    starts the unit later starts it on the new files, and one that was stopped on purpose stays stopped.
    Restart and reload-or-restart start such a unit, as they do with systemctl(1). What is down already is not
    stopped, masked or not.

    The unit's count of starts is cleared before whatever may start it. Five restarts in ten seconds, and
    systemd stops a unit and refuses to start it: a port that changes often, or files that failed and are put
    back, would end with a service that is down. It is the agent's own backoff that keeps it from looping.

    A socket unit may fail to listen because a program that systemd is about to start still has the old
    socket open, between fork and exec; that is over in a moment, so it is started again before it counts.

    Args:
        step: with its texts rendered.
        systemd: whose units they are.

    Raises:
        Waiting: the unit is not there yet; its package may come later.
        Failed: the unit is masked, or its job did not succeed, or it has nothing to be enabled by.
        Unreachable: there is no systemd to ask.
    """
    state = systemd.unit(step.unit)
    _refuse_absent(state, step.unit)
    if isinstance(step, Stop):
        if state.active_state not in _IS_DOWN:
            systemd.stop(step.unit, step.timeout)
        return
    _refuse_masked(state, step.unit)
    match step:
        case Reload():
            if state.active_state in _RUNS_OR_STARTS:
                systemd.reload(step.unit, step.timeout)
        case Enable():
            _enable(step, systemd)
        case Disable():
            systemd.disable(step.unit, step.timeout)
        case Restart() | ReloadOrRestart() | Start():
            systemd.reset_failed(step.unit)
            _bring_up(step, systemd)


def _bring_up(step: Restart | ReloadOrRestart | Start, systemd: Systemd) -> None:
    try:
        match step:
            case Restart():
                systemd.restart(step.unit, step.timeout)
            case ReloadOrRestart():
                systemd.reload_or_restart(step.unit, step.timeout)
            case Start():
                systemd.start(step.unit, step.timeout)
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


def _enable(step: Enable, systemd: Systemd) -> None:
    if not systemd.enable(step.unit, step.timeout):
        raise Failed(
            Reason.UNIT_STATIC,
            f"{step.unit} cannot be enabled",
            evidence="its unit file has no [Install] section, so nothing would start it",
            hint="remove the step: what needs the unit starts it",
            step="apply",
        )


def _refuse_absent(state: UnitState, unit: str) -> None:
    if state.load_state == "not-found":
        raise Waiting(
            Reason.UNIT_ABSENT,
            f"there is no unit {unit}",
            hint="install the package that brings it; it is tried again by itself",
            step="apply",
        )


def _refuse_masked(state: UnitState, unit: str) -> None:
    if state.load_state == "masked":
        raise Failed(
            Reason.UNIT_MASKED,
            f"{unit} is masked",
            evidence=f"load state masked, unit file {state.unit_file_state or 'absent'}",
            hint=f"`systemctl unmask {unit}` if it is to be used again",
            step="apply",
        )
