"""The one runner of programs: no shell, always a deadline, the whole process group ends with it."""

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OUTPUT_LIMIT = 16_384
"""Characters of output kept, from the end: enough to see why a validator refused."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended.

    Args:
        argv: what was run.
        code: its exit status; negative for a signal, as in :mod:`subprocess`.
        output: standard output and error together, the last :data:`OUTPUT_LIMIT` characters.
        timed_out: it was killed because its deadline passed.
    """

    argv: tuple[str, ...]
    code: int
    output: str
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """It ended by itself with status 0."""
        return self.code == 0 and not self.timed_out

    def describe(self) -> str:
        """One line that can be pasted into a shell, and how it ended."""
        command = shlex.join(self.argv)
        if self.timed_out:
            return f"`{command}` did not end in time and was killed"
        if self.code == 127:
            return f"`{command}`: no such program"
        if self.code < 0:
            return f"`{command}` was ended by {signal.Signals(-self.code).name}"
        return f"`{command}` ended with exit status {self.code}"


def run(argv: Sequence[str], *, timeout: float, environment: Mapping[str, str] | None = None) -> Completed:
    """Run a program to its end and never longer than ``timeout`` seconds.

    Args:
        argv: the program and its arguments; nothing is expanded.
        timeout: seconds after which its whole process group is killed.
        environment: added to the agent's own.

    A program that does not exist is a :class:`Completed` with code 127, as a shell would say.
    """
    command = tuple(argv)
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    except (FileNotFoundError, NotADirectoryError):
        return Completed(command, 127, "")
    except PermissionError as error:
        return Completed(command, 126, str(error))
    timed_out = False
    with child:
        try:
            output, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            os.killpg(child.pid, signal.SIGKILL)
            output, _ = child.communicate()
    text = output.decode(errors="replace")[-OUTPUT_LIMIT:]
    return Completed(command, child.returncode, text, timed_out)
