"""Restarts and reloads units whose configuration was just written."""

from portreeve.definitions.steps import ApplyStep, Reload, Restart
from portreeve.errors import Failed, Reason, Waiting
from portreeve.systemd.bus import Systemd
from portreeve.systemd.unit_state import START_LIMIT_RESULTS, UnitState

_RUNS_OR_STARTS = frozenset({"active", "reloading", "refreshing", "activating"})


def apply(step: ApplyStep, systemd: Systemd) -> None:
    """Carry out one step and return when its job is done.

    A reload of a unit that is not up does nothing, as ``systemctl try-reload-or-restart`` does: whoever
    starts the unit later starts it on the new files, and one that was stopped on purpose stays stopped.

    A unit that systemd refuses to start for having failed too often is given a new chance first: its failures
    were those of the old files, and putting the last good ones back must not be refused for them.

    Args:
        step: with its texts rendered.
        systemd: whose units they are.

    Raises:
        Waiting: the unit is not there yet; its package may come later.
        Failed: the unit is masked, or its job did not succeed.
        Unreachable: there is no systemd to ask.
    """
    state = systemd.unit(step.unit)
    _refuse_unusable(state, step.unit)
    match step:
        case Restart():
            if state.result in START_LIMIT_RESULTS:
                systemd.reset_failed(step.unit)
            systemd.restart(step.unit, step.timeout)
        case Reload():
            if state.active_state in _RUNS_OR_STARTS:
                systemd.reload(step.unit, step.timeout)


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
