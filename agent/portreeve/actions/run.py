"""Carries out one action, of whatever kind."""

from portreeve.actions.command import run_command
from portreeve.actions.containers import STARTING, run_exec, send_signal
from portreeve.actions.selinux import label_port
from portreeve.actions.units import act_on_unit
from portreeve.containers.connection import Docker
from portreeve.definitions.steps import Command, Exec, SelinuxPort, Signal, UnitStep
from portreeve.systemd.bus import Systemd

HostStep = UnitStep | Command | Exec | Signal | SelinuxPort
"""Actions of which nothing has to be remembered."""


def carry_out(step: HostStep, *, systemd: Systemd, docker: Docker, starting: float = STARTING) -> str:
    """Carry out one step and return when it has taken effect.

    Args:
        step: with its texts rendered.
        systemd: whose units are acted on.
        docker: whose containers are acted on.
        starting: seconds for which a container counts as just started, and what it refuses says nothing.

    Returns:
        why there is nothing to act on here; empty when it was carried out.

    Raises:
        Waiting: what it needs is not there yet, or its container does not run.
        Failed: it was tried and did not work.
        Unreachable: there is no systemd to ask.
    """
    if isinstance(step, UnitStep):
        act_on_unit(step, systemd)
        return ""
    match step:
        case Command():
            run_command(step)
        case Exec():
            run_exec(step, docker, starting)
        case Signal():
            send_signal(step, docker)
        case SelinuxPort():
            return label_port(step)
    return ""
