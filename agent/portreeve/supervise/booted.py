"""When this host was booted."""

import os
import time
from pathlib import Path

from portreeve.clock import SYSTEM_CLOCK, Clock

_FIRST_PROCESS = Path("/proc/1/stat")
_START_TIME = 19
"""Where its start stands behind its name: clock ticks since the start of the kernel (proc_pid_stat(5))."""


def booted_at(clock: Clock = SYSTEM_CLOCK) -> float:
    """Wall-clock seconds when this host was booted.

    It is the start of its process 1: a host that is itself a container has the kernel of another one, which
    was booted long before. Asked each time, since the wall clock may be set.

    Args:
        clock: for the time now.
    """
    # The name may hold blanks and parentheses.
    fields = _FIRST_PROCESS.read_text().rpartition(")")[2].split()
    ticks = int(fields[_START_TIME])
    running = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return clock.wall() - running
