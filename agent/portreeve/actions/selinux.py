"""Gives a TCP port the SELinux type that a service needs to use it, by semanage-port(8)."""

from pathlib import Path

from portreeve import process
from portreeve.actions.command import last_lines
from portreeve.checks.address import parse_port
from portreeve.definitions.steps import SelinuxPort
from portreeve.errors import Failed, Reason

_PROGRAM = "semanage"
_NOT_FOUND = 127
_ALREADY = "already defined"


def label_port(step: SelinuxPort, *, selinux: Path = Path("/sys/fs/selinux")) -> str:
    """Give the port its type, unless it has it.

    Args:
        step: with its texts rendered.
        selinux: where the kernel shows its policy; empty or absent where SELinux is off.

    Returns:
        why there is nothing to do; empty when it was done.

    Raises:
        Failed: ``value-invalid``: it is no port. ``tool-failed``: semanage did not take it, or not in time.
    """
    # semanage would take a range, or an option such as -D, which forgets every port that anybody labelled.
    parse_port(step.port)
    if not (selinux / "enforce").exists():
        return "SELinux is off"
    listed = process.run([_PROGRAM, "port", "-l", "-n"], timeout=step.timeout)
    if listed.code == _NOT_FOUND and not listed.timed_out:
        return f"{_PROGRAM} is not installed"
    if not listed.ok:
        raise _failed(listed)
    if _has(listed.output, step):
        return ""
    arguments = ["-t", step.type, "-p", "tcp", step.port]
    added = process.run([_PROGRAM, "port", "-a", *arguments], timeout=step.timeout)
    if not added.ok and _ALREADY in added.output:
        # Of another type, by the policy itself or by somebody.
        added = process.run([_PROGRAM, "port", "-m", *arguments], timeout=step.timeout)
    if not added.ok:
        raise _failed(added)
    return ""


def _has(listing: str, step: SelinuxPort) -> bool:
    """Whether a listing's line for the type names the port alone; that of a range may have exceptions."""
    for line in listing.splitlines():
        type_, protocol, ports = (*line.split(maxsplit=2), "", "", "")[:3]
        if (type_, protocol) == (step.type, "tcp") and step.port in ports.replace(",", " ").split():
            return True
    return False


def _failed(completed: process.Completed) -> Failed:
    return Failed(
        Reason.TOOL_FAILED,
        completed.describe(),
        evidence=last_lines(completed.output),
        hint="see what it printed; `semanage port -l` lists types and ports",
        step="apply",
    )
