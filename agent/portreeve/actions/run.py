"""Carries out one action, of whatever kind."""

from portreeve.actions.command import run_command
from portreeve.actions.containers import run_exec, send_signal
from portreeve.actions.units import act_on_unit
from portreeve.containers.connection import Docker
from portreeve.definitions.steps import ApplyStep, Command, Exec, Signal, UnitStep
from portreeve.systemd.bus import Systemd


def carry_out(step: ApplyStep, *, systemd: Systemd, docker: Docker) -> None:
    """Carry out one step and return when it has taken effect.

    Args:
        step: with its texts rendered.
        systemd: whose units are acted on.
        docker: whose containers are acted on.

    Raises:
        Waiting: what it needs is not there yet, or its container does not run.
        Failed: it was tried and did not work.
        Unreachable: there is no systemd to ask.
    """
    if isinstance(step, UnitStep):
        act_on_unit(step, systemd)
        return
    match step:
        case Command():
            run_command(step)
        case Exec():
            run_exec(step, docker)
        case Signal():
            send_signal(step, docker)
        case _:
            raise NotImplementedError(step)
