"""Running a program and keeping what it said."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import CommandError


@dataclass(frozen=True)
class Result:
    """What a program left: its exit code and both outputs as text."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str


def execute(
    *argv: str,
    check: bool = True,
    input: str | bytes | None = None,  # noqa: A002 - subprocess's own word
    timeout: float = 60.0,
    env: Mapping[str, str] | None = None,
    cwd: str = "/",
) -> Result:
    """Run a program in its own process group and wait for it.

    Its outputs go to files, not pipes: a daemon that it leaves behind cannot hold the caller up.

    Args:
        argv: program and arguments; no shell is involved.
        check: raise when the exit code is not 0.
        input: what it reads; nothing by default.
        timeout: seconds after which the whole process group is killed.
        env: its complete environment; ours by default.
        cwd: where it runs.

    Raises:
        CommandError: not in time, or (with check) an exit code other than 0.
    """
    __tracebackhide__ = True
    data = input.encode() if isinstance(input, str) else input or b""
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        stdin.write(data)
        stdin.seek(0)
        with subprocess.Popen(
            argv, stdin=stdin, stdout=stdout, stderr=stderr, env=env, cwd=cwd, start_new_session=True
        ) as process:
            code: int | None = None
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                pass
            finally:
                if code is None:
                    os.killpg(process.pid, signal.SIGKILL)
        texts = []
        for stream in (stdout, stderr):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
    if code is None or (check and code != 0):
        raise CommandError(argv, code, "\n".join(filter(None, texts)))
    return Result(argv, code, texts[0], texts[1])
