"""Ends a command that was started in a container: Docker can start one, and cannot end it (moby#9098)."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")


def end(pid: int, container_id: str) -> str:
    """Kill a process and its group, if the kernel says that it belongs to the container.

    Args:
        pid: as Docker tells it; 0 for none. A Docker in another name space of processes tells one that is
            somebody else's here.
        container_id: all 64 digits.

    Returns:
        What became of it, to go on with after "it did not end in time, and".

    Raises:
        ProcessLookupError: there is no such process here.
    """
    if not pid:
        return "Docker knows no process of it"
    try:
        with _process(pid) as process:
            # Held by a descriptor, so that what is killed is what was looked at, whatever the number means.
            if container_id not in _cgroup(pid):
                return f"may still run: process {pid} is not one of that container's here"
            # Stopped first: while it is there, nobody else can get its number, nor its group's.
            signal.pidfd_send_signal(process, signal.SIGSTOP)
            if os.getpgid(pid) == pid:
                # Docker's runtime makes each command the leader of a session and a group of its own.
                os.killpg(pid, signal.SIGKILL)
            else:
                signal.pidfd_send_signal(process, signal.SIGKILL)
    except PermissionError as error:
        return f"may still run: process {pid} cannot be killed ({error.strerror})"
    return "was killed"


def _cgroup(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cgroup").read_text()
    except FileNotFoundError as error:
        raise ProcessLookupError(str(error)) from error


@contextmanager
def _process(pid: int) -> Iterator[int]:
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
