"""What the kernel tells of a process."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used, or holds, at one moment.

    Args:
        cpu: seconds of all its threads since it began.
        wakeups: how often a thread of it was given a CPU after waiting, since it began.
        memory: resident KiB.
        threads: how many.
        descriptors: open files.
    """

    cpu: float
    wakeups: int
    memory: int
    threads: int
    descriptors: int


def usage(pid: int) -> Usage:
    """Of one process."""
    process = Path(f"/proc/{pid}")
    times = (process / "stat").read_text().rpartition(")")[2].split()
    status = _fields(process)
    return Usage(
        cpu=(int(times[11]) + int(times[12])) / _TICKS,
        wakeups=sum(_fields(task)["voluntary_ctxt_switches"] for task in (process / "task").iterdir()),
        memory=status["VmRSS"],
        threads=status["Threads"],
        descriptors=len(list((process / "fd").iterdir())),
    )


def _fields(process: Path) -> dict[str, int]:
    lines = (line.split() for line in (process / "status").read_text().splitlines())
    return {line[0].rstrip(":"): int(line[1]) for line in lines if len(line) > 1 and line[1].isdigit()}
