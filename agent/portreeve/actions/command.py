"""Runs a program of the host that makes written files effective."""

from portreeve import process
from portreeve.definitions.steps import Command
from portreeve.errors import Failed, Reason, Waiting

_OUTPUT_LINES = 20
"""Lines of output that are kept as evidence; the last ones say why it failed."""

_NOT_RUN = frozenset({126, 127})


def run_command(step: Command) -> None:
    """Run the program of a step to its end; exit status 0 is success.

    It gets no shell, no input, and of the agent's environment only search path, home, language and time zone.

    Args:
        step: with its texts rendered; one without a container.

    Raises:
        Waiting: there is no such program (yet), or it cannot be executed.
        Failed: it ended otherwise, or not in time; its whole process group was killed then.
    """
    completed = process.run(step.command, timeout=step.timeout)
    if completed.ok:
        return
    evidence = last_lines(completed.output)
    if completed.code in _NOT_RUN and not completed.timed_out:
        raise Waiting(
            Reason.PROGRAM_ABSENT,
            f"{step.command[0]} cannot be run",
            evidence="\n".join(part for part in (completed.describe(), evidence) if part),
            hint="install the package that brings it; it is tried again by itself",
            step="apply",
        )
    raise Failed(
        Reason.ACTION_FAILED,
        completed.describe(),
        evidence=evidence,
        hint="see what it printed",
        step="apply",
    )


def last_lines(output: str) -> str:
    """The last lines of what a program printed, without empty ones."""
    return "\n".join([line for line in output.splitlines() if line.strip()][-_OUTPUT_LINES:])
