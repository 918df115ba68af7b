"""The one runner of programs: no shell, always a deadline, the whole process group ends with it."""

import os
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

OUTPUT_LIMIT = 16_384
"""Bytes of output kept, from the end: enough to see why a validator refused."""

_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_MESSAGES", "TZ", "TMPDIR")
"""Variables of the agent that a program gets. It gets none that means the agent itself: with NOTIFY_SOCKET it
could speak to systemd in the agent's name, and CREDENTIALS_DIRECTORY leads to secrets."""

_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended.

    Args:
        argv: what was run.
        code: its exit status; negative for a signal, as in :mod:`subprocess`.
        output: standard output and error together, the last bytes that were kept of it.
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
            # Signals of real time have numbers alone.
            known = -self.code in {*signal.Signals}
            ended_by = signal.Signals(-self.code).name if known else f"signal {-self.code}"
            return f"`{command}` was ended by {ended_by}"
        return f"`{command}` ended with exit status {self.code}"


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    keep: int = OUTPUT_LIMIT,
) -> Completed:
    """Run a program to its end and never longer than ``timeout`` seconds.

    Args:
        argv: the program and its arguments; nothing is expanded.
        timeout: seconds after which its whole process group is killed.
        environment: added to what is passed on of the agent's own: search path, home, language, time zone.
        stdin: what it reads from standard input.
        keep: bytes of its output that are kept, from the end.

    A program that does not exist is a :class:`Completed` with code 127, as a shell would say, and one that
    cannot be executed one with code 126.
    """
    command = tuple(argv)
    own = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        with _readable(stdin) as given:
            child = subprocess.Popen(
                command,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                env={**own, **(environment or {})},
                start_new_session=True,
            )
    except (FileNotFoundError, NotADirectoryError):
        return Completed(command, 127, "")
    except OSError as error:
        return Completed(command, 126, error.strerror or str(error))
    with child:
        output, ended = _Tail(keep), False
        try:
            ended = _ends(child, output, time.monotonic() + timeout)
        finally:
            # Also when whoever waits for it is interrupted: leaving `with` would wait for its end.
            if not ended:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    return Completed(command, child.returncode, bytes(output.data).decode(errors="replace"), not ended)


def _readable(content: bytes) -> BinaryIO:
    """Standard input that holds this: a file in memory, since a pipe makes its writer wait for the reader."""
    if not content:
        return Path(os.devnull).open("rb")
    file = os.fdopen(os.memfd_create("portreeve-stdin"), "w+b")
    file.write(content)
    file.seek(0)
    return file


class _Tail:
    """The end of what was printed, however much there was."""

    def __init__(self, keep: int) -> None:
        self.data = bytearray()
        self._keep = keep

    def read(self, descriptor: int) -> bool:
        """Take what is there; tell whether that was the end."""
        piece = os.read(descriptor, _PIECE)
        self.data += piece
        del self.data[: -self._keep]
        return not piece


def _ends(child: subprocess.Popen[bytes], output: _Tail, deadline: float) -> bool:
    """Keep its output flowing until it ends; tell whether it did in time.

    It is the program's own end that counts: something that it left behind may hold its output for ever.
    """
    assert child.stdout is not None
    pipe, ended = child.stdout.fileno(), os.pidfd_open(child.pid)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            selector.register(ended, selectors.EVENT_READ)
            while ready := selector.select(max(0.0, deadline - time.monotonic())):
                readable = {key.fd for key, _ in ready}
                if pipe in readable and output.read(pipe):
                    selector.unregister(pipe)
                elif ended in readable and pipe not in readable:
                    child.wait()
                    return True
                if time.monotonic() > deadline:
                    break
    finally:
        os.close(ended)
    return False
