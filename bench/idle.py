"""What an agent with nothing to do costs, and whether anything grows while it has much to do."""

import tempfile
import time
from pathlib import Path

from bench import followers, table
from bench.followers import Follower
from bench.places import declare, separate
from bench.process import usage
from bench.waiting import wait_for

SETTLED = 2.0


def idle(folder: Path, count: int, seconds: float) -> None:
    """CPU, wake-ups, memory, descriptors and threads over some time without a change."""
    table.heading(
        f"idle with {count} syncs for {seconds:g} s",
        "goal: under 0.1 % of a CPU, nothing grows; the floor waits in one read of inotify",
    )
    table.row("", "CPU, %", "wakes/min", "KiB first", "KiB last", "of floor", "fds", "threads")
    floor = 0
    cases: tuple[tuple[str, Follower], ...] = (("floor", followers.floor), ("portreeve", followers.agent))
    for name, follower in cases:
        with tempfile.TemporaryDirectory(dir=folder) as where:
            place = separate(Path(where), count)
            if follower is followers.agent:
                declare(place)
            with follower(place) as running:
                time.sleep(SETTLED)
                first = usage(running.pid)
                time.sleep(seconds)
                last = usage(running.pid)
        floor = floor or last.memory
        table.row(
            name,
            f"{(last.cpu - first.cpu) / seconds * 100:.3f}",
            (last.wakeups - first.wakeups) / seconds * 60,
            first.memory,
            last.memory,
            table.ratio(last.memory, floor),
            f"{first.descriptors}→{last.descriptors}",
            f"{first.threads}→{last.threads}",
        )


def soak(folder: Path, changes: int) -> None:
    """Memory under many changes, one after the other."""
    table.heading(
        f"{changes} changes, one after the other, of 10 syncs",
        "memory after a tenth of them, and after all; 8,640 are a day with one each 10 s",
    )
    table.row("", "seconds", "KiB first", "KiB last", "ratio", "fds", "threads")
    with tempfile.TemporaryDirectory(dir=folder) as where:
        place = separate(Path(where), 10)
        declare(place)
        with followers.agent(place) as running:
            begun = time.perf_counter()
            early = usage(running.pid)
            for number in range(changes):
                pair = place.pairs[number % len(place.pairs)]
                port = 10_000 + number % 50_000
                pair.change(port, atomic=number % 2 == 0)
                wait_for(pair.targets[0], f"listen {port}\n")
                if number == changes // 10:
                    early = usage(running.pid)
            late = usage(running.pid)
            table.row(
                "portreeve",
                time.perf_counter() - begun,
                early.memory,
                late.memory,
                table.ratio(late.memory, early.memory),
                f"{early.descriptors}→{late.descriptors}",
                f"{early.threads}→{late.threads}",
            )
