"""Runs a command in a container: Docker's exec, with a deadline and bounds, which Docker does not give."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portreeve.containers.connection import Docker
from portreeve.containers.exec_stream import read_output, remaining
from portreeve.containers.frames import Output
from portreeve.containers.host_process import end
from portreeve.containers.model import Container
from portreeve.containers.refusal import AbsentError, ConflictError, cut, require_running, told_apart
from portreeve.errors import Reason, Waiting

_KILLED = 137
"""128 and SIGKILL, which the kernel sends to all that is left in a container when its first process ends."""

_STDERR_LIMIT = 4096
"""Bytes of standard error that are kept, from the end."""

_FIRST_PAUSE = 0.01
_LAST_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class ExecResult:
    """How a command in a container ended.

    Args:
        exit_code: its exit status; ``None`` when it was ended by force or may still run.
        stdout: all of it, or at most one byte more than the limit; empty when nobody wanted it.
        stderr: its last 4096 bytes.
        cut_short: why it could not come to its end by itself, and what became of it; else empty.
        overrun: it was ended because its standard output is longer than the limit.
    """

    exit_code: int | None
    stdout: bytes
    stderr: bytes
    cut_short: str = ""
    overrun: bool = False

    @property
    def ok(self) -> bool:
        """It ended by itself with status 0."""
        return self.exit_code == 0 and not self.cut_short

    def describe(self, lines: int = 1) -> str:
        """How it ended and its last words; arguments and standard output may be secret and are not told.

        Args:
            lines: so many of standard error are told at most.
        """
        how = self.cut_short or _MEANINGS.get(self.exit_code, f"it ended with exit status {self.exit_code}")
        words = [line for line in self.stderr.decode(errors="replace").splitlines() if line.strip()]
        return (
            "\n".join([f"{how}: {cut(words[-lines:][0])}", *map(cut, words[-lines:][1:])]) if words else how
        )


_MEANINGS: dict[int | None, str] = {
    126: "it ended with exit status 126: the program cannot be executed there",
    127: "it ended with exit status 127: there is no such program",
}


def run_in_container(
    docker: Docker,
    container: Container,
    command: Sequence[str],
    *,
    timeout: float,
    stdout_limit: int | None = None,
) -> ExecResult:
    """Run a command in a running container as the container's own user, without a terminal and without input.

    Docker has no way to end what it started so. A command that runs too long is therefore ended as a process
    of the host, after the kernel said that it is one of this container's; where it cannot be, the result
    says that it may still run.

    Args:
        docker: to run it through.
        container: as :meth:`Docker.find` gives it.
        command: program and arguments; there is no shell.
        timeout: seconds for all of it.
        stdout_limit: bytes of standard output that are wanted, more ends the command; ``None``: none is
            wanted, however much there is.

    Raises:
        Waiting: the container is gone, or its processes do not run now.
        DockerUnavailable: Docker does not answer, or breaks off in the middle.
    """
    wanted = f"{command[0]} cannot be run"
    require_running(container, wanted)
    deadline = time.monotonic() + timeout
    with told_apart(docker, container, wanted):
        exec_id = docker.ask(
            lambda client: _text(client.exec_create(container.id, list(command))["Id"]),
            locked=container.name,
            conflicts=True,
        )
    output = _Collected(stdout_limit)
    try:
        with told_apart(docker, container, wanted):
            finished = read_output(docker, exec_id, output, deadline)
        if finished:
            exit_code = _exit_code(docker, container, exec_id, deadline)
            return ExecResult(exit_code, bytes(output.stdout), bytes(output.stderr))
    except TimeoutError:
        found = _look(docker, exec_id)
        if not found.running and found.exit_code is not None:
            # Something that it left behind holds its outputs.
            return ExecResult(found.exit_code, bytes(output.stdout), bytes(output.stderr))
    why = "its output is too long" if output.overrun else f"it did not end within {timeout:g} s"
    became = _end(docker, exec_id, container)
    return ExecResult(
        None, bytes(output.stdout), bytes(output.stderr), f"{why}, and {became}", output.overrun
    )


def _end(docker: Docker, exec_id: str, container: Container) -> str:
    found = _look(docker, exec_id)
    try:
        return end(found.pid, container.id)
    except ProcessLookupError:
        if not _look(docker, exec_id).running:
            return "has ended since"
        return f"may still run: there is no process {found.pid} here, and Docker may be elsewhere"


class _Collected:
    """What was printed so far, within bounds."""

    def __init__(self, stdout_limit: int | None) -> None:
        self._limit = stdout_limit
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.overrun = False

    def add(self, output: Output, piece: bytes) -> bool:
        if output is Output.STDERR:
            self.stderr += piece
            del self.stderr[:-_STDERR_LIMIT]
        elif self._limit is not None:
            self.stdout += piece[: self._limit + 1 - len(self.stdout)]
            self.overrun = len(self.stdout) > self._limit
        return not self.overrun


@dataclass(frozen=True, slots=True)
class _Exec:
    running: bool
    exit_code: int | None
    pid: int


def _look(docker: Docker, exec_id: str) -> _Exec:
    def parse(answer: Any) -> _Exec:
        code = answer["ExitCode"]
        return _Exec(bool(answer["Running"]), None if code is None else int(code), int(answer["Pid"]))

    try:
        return docker.ask(lambda client: parse(client.exec_inspect(exec_id)))
    except AbsentError:
        return _Exec(running=False, exit_code=None, pid=0)  # It went with its container.


def _exit_code(docker: Docker, container: Container, exec_id: str, deadline: float) -> int:
    """Its exit status; a program may close its outputs long before it ends.

    Raises:
        TimeoutError: the deadline passed.
        Waiting: it was never started, or ended together with the container.
    """
    pause = _FIRST_PAUSE
    while (found := _look(docker, exec_id)).running:
        # Only the stream of all events would tell of its end.
        time.sleep(min(pause, remaining(deadline)))
        pause = min(pause * 2, _LAST_PAUSE)
    if found.exit_code is None:
        with told_apart(docker, container, "a command cannot be run"):
            raise ConflictError("Docker did not start it")
    if found.exit_code == _KILLED:
        _require_same_run(docker, container)
    return found.exit_code


def _require_same_run(docker: Docker, container: Container) -> None:
    """A command goes down with its container, which says nothing about what the command was asked.

    Raises:
        Waiting: the container has ended since the command began.
    """
    now = docker.inspect(container.id, container.name)
    require_running(now, "a command cannot be run")
    if now.started_at != container.started_at:
        raise Waiting(
            Reason.CONTAINER_NOT_RUNNING,
            f"container {container.name} ended while a command ran in it",
            evidence=f"it was started again at {now.started_at}",
        )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no id")
    return value
