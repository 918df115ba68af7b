"""What the kernel tells of a unit's main process."""

from pathlib import Path

_STOPPED = "T"
"""Stopped by a signal (proc_pid_stat(5)); ``t``, stopped by a debugger, is somebody at work."""


def is_stopped(pid: int, processes: Path = Path("/proc")) -> bool:
    """Whether a process is frozen by a signal such as SIGSTOP.

    The kernel accepts connections for it until its queue is full, so a probe may not notice for long.

    Args:
        pid: of the process; 0 is none.
        processes: where processes are shown.
    """
    try:
        stat = (processes / str(pid) / "stat").read_text()
    except OSError:
        # It has just ended, which its unit will tell.
        return False
    # The name in front may hold spaces and parentheses itself.
    return stat.rpartition(")")[2].split()[0] == _STOPPED
