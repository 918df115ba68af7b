"""Would it work? Asked of the staged files, before anything is replaced."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from portreeve import process
from portreeve.checks.address import parse_port
from portreeve.checks.in_container import holds_in_container
from portreeve.checks.listeners import Holder, holders, listeners
from portreeve.containers.connection import Docker
from portreeve.definitions.steps import CheckStep, Command, PortFree, Units
from portreeve.errors import Failed, Reason
from portreeve.systemd.bus import Systemd
from portreeve.systemd.verify import verify_units

_OUTPUT_LINES = 20
"""Lines of a validator's output that are kept as evidence; the last ones say why it refused."""


def run_check(
    step: CheckStep,
    *,
    moving: frozenset[str],
    systemd: Systemd | None,
    docker: Docker,
    staged: Mapping[Path, Path],
) -> None:
    """Carry out one check.

    Args:
        step: with its texts rendered.
        moving: units named in the sync's apply steps; what they hold now they are about to let go.
        systemd: asked which socket units PID 1 holds a port for; ``None`` where systemd does not run.
        docker: where commands in containers run.
        staged: target path to staged file.

    Raises:
        Failed: it would not work; the evidence says why.
        Waiting: the container of a command does not run.
        DockerUnavailable: Docker does not answer.
        Unreachable: systemd runs and does not answer.
    """
    match step:
        case PortFree():
            _port_free(step, moving, systemd)
        case Command():
            _command(step, docker)
        case Units():
            verify_units(staged, step.timeout)


def _port_free(step: PortFree, moving: frozenset[str], systemd: Systemd | None) -> None:
    port = parse_port(step.port)
    inodes = frozenset(listener.inode for listener in listeners() if listener.port == port)
    if not inodes:
        return
    found = holders(inodes)
    movable = moving
    if systemd is not None and found:
        sockets = systemd.socket_units_listening(port)
        found = tuple(real for holder in found for real in _in_the_name_of(holder, sockets))
        movable |= _inheritors(moving.intersection(sockets), systemd)
    strangers = [holder for holder in found if holder.unit not in movable]
    if found and not strangers:
        return
    who = " and ".join(map(str, strangers)) or "a process that cannot be named without root"
    raise Failed(
        Reason.PORT_HELD,
        f"port {port} is not free",
        evidence=f"port {port} is held by {who}",
        hint="stop it or choose another port; it is tried again by itself",
        step="check",
    )


def _in_the_name_of(holder: Holder, sockets: tuple[str, ...]) -> tuple[Holder, ...]:
    """PID 1 holds a port for its socket units; every other process for itself."""
    if holder.pid != 1 or not sockets:
        return (holder,)
    return tuple(replace(holder, unit=unit) for unit in sockets)


def _inheritors(sockets: frozenset[str], systemd: Systemd) -> frozenset[str]:
    """Services that were handed a moving socket unit's descriptor: they let go of it together."""
    return frozenset(unit for name in sockets for unit in systemd.unit(name).triggers)


def _command(step: Command, docker: Docker) -> None:
    if step.container is not None:
        evidence = holds_in_container(step.container, step.command, docker, timeout=step.timeout)
        if evidence is not None:
            raise _refused(f"{step.command[0]} in container {step.container} did not succeed", evidence)
        return
    completed = process.run(step.command, timeout=step.timeout)
    if not completed.ok:
        lines = [line for line in completed.output.splitlines() if line.strip()]
        raise _refused(completed.describe(), "\n".join(lines[-_OUTPUT_LINES:]))


def _refused(what: str, evidence: str) -> Failed:
    return Failed(
        Reason.CHECK_FAILED,
        what,
        evidence=evidence,
        hint="the files that are in place were not touched; correct the template or the value",
        step="check",
    )
