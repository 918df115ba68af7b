"""Processes of containers as processes of this host: Docker cannot end a command that it started (moby#9098),
and does more than to send a signal when it is asked for that."""

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portreeve.beneath import open_in_root

PROC = Path("/proc")


class ForeignProcessError(Exception):
    """The kernel does not say that the process belongs to the container."""


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
        with _process(pid, container_id) as process:
            # Stopped first: while it is there, nobody else can get its number, nor its group's.
            signal.pidfd_send_signal(process, signal.SIGSTOP)
            if os.getpgid(pid) == pid:
                # Docker's runtime makes each command the leader of a session and a group of its own.
                os.killpg(pid, signal.SIGKILL)
            else:
                signal.pidfd_send_signal(process, signal.SIGKILL)
    except ForeignProcessError:
        return f"may still run: process {pid} is not one of that container's here"
    except PermissionError as error:
        return f"may still run: process {pid} cannot be killed ({error.strerror})"
    return "was killed"


def send(pid: int, container_id: str, number: int) -> bool:
    """Send a signal to a process, if the kernel says that it belongs to the container.

    Args:
        pid: as Docker tells it; 0 for none.
        container_id: all 64 digits.
        number: of the signal.

    Returns:
        Whether it was sent; not where there is no such process here, or it cannot be signalled.
    """
    if not pid:
        return False
    try:
        with _process(pid, container_id) as process:
            signal.pidfd_send_signal(process, number)
    except (ForeignProcessError, ProcessLookupError, PermissionError):
        return False
    return True


def exists_inside(pid: int, container_id: str, path: str) -> bool:
    """Whether a path exists as the process sees it, with all that is mounted there, a tmpfs too.

    Docker's archive was rejected for it: it does not see what is below a tmpfs, and mounts the container's
    file system anew for each question.

    Args:
        pid: as Docker tells it; 0 for none.
        container_id: all 64 digits.
        path: absolute; links are followed as the container would follow them.

    Raises:
        ProcessLookupError: there is no such process here.
        ForeignProcessError: it is not one of that container's.
        OSError: it may not be looked at, or the kernel is older than Linux 5.6.
    """
    if not pid:
        raise ProcessLookupError(errno.ESRCH, "Docker knows no process of it")
    with _process(pid, container_id) as process:
        try:
            root = os.open(PROC / str(pid) / "root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise ProcessLookupError(errno.ESRCH, f"{pid} has ended") from error
        try:
            # It is there even now, so the number was its own when the folder was opened.
            signal.pidfd_send_signal(process, 0)
            os.close(open_in_root(root, path, os.O_PATH))
        except (FileNotFoundError, NotADirectoryError):
            return False
        finally:
            os.close(root)
    return True


def runs(pid: int, container_id: str) -> bool:
    """Whether a process is there and belongs to the container, as far as the kernel lets that be known.

    Args:
        pid: as Docker tells it; 0 for none.
        container_id: all 64 digits.
    """
    if not pid:
        return False
    try:
        with _process(pid, container_id):
            return True
    except (ForeignProcessError, ProcessLookupError):
        return False
    except OSError:
        # It is there, and the kernel does not let it be looked at.
        return True


@contextmanager
def _process(pid: int, container_id: str) -> Iterator[int]:
    """Hold a process by a descriptor: what is met is what was looked at, whatever its number means then."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError as error:
        # The number is a thread's here, and no process's: EINVAL, with newer kernels ENOENT.
        if error.errno in (errno.EINVAL, errno.ENOENT):
            raise ProcessLookupError(errno.ESRCH, f"{pid} is not a process") from error
        raise
    try:
        if container_id not in _cgroup(pid):
            raise ForeignProcessError(pid)
        yield descriptor
    finally:
        os.close(descriptor)


def _cgroup(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cgroup").read_text()
    except FileNotFoundError as error:
        raise ProcessLookupError(str(error)) from error
