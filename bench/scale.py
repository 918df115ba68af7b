"""What 2,000 syncs cost: one source that feeds them all, the start, and memory."""

import tempfile
import time
from pathlib import Path

from bench import followers, table
from bench.followers import Follower
from bench.places import declare, one_source, separate
from bench.process import Usage, usage
from bench.waiting import wait_for_all

ROUNDS = 3
SETTLED = 1.0


def fan_out(folder: Path, count: int) -> None:
    """One changed source: seconds until the last target has it."""
    table.heading(
        f"one changed source that feeds {count} targets, s",
        f"the best of {ROUNDS} changes; goal: under 2 s; the floor makes each file durable by itself",
    )
    table.row("", "seconds", "ms/target", "of floor")
    floor = 0.0
    cases: tuple[tuple[str, Follower, bool], ...] = (
        ("floor", followers.floor, False),
        (f"portreeve, one sync with {count} targets", followers.agent, True),
        (f"portreeve, {count} syncs", followers.agent, False),
    )
    for name, follower, together in cases:
        taken = _fan_out_once(folder, follower, count, together=together)
        floor = floor or taken
        table.row(name, taken, taken / count * 1000, table.ratio(taken, floor))


def _fan_out_once(folder: Path, follower: Follower, count: int, *, together: bool) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = one_source(Path(name), count)
        if follower is followers.agent:
            declare(place, together=together)
        with follower(place):
            taken = []
            for port in range(10_000, 10_000 + ROUNDS):
                time.sleep(SETTLED)
                place.pairs[0].change(port, atomic=False)
                begun = time.perf_counter()
                taken.append(wait_for_all(place.pairs[0].targets, f"listen {port}\n") - begun)
            return min(taken)


def start(folder: Path, counts: tuple[int, ...], runs: int) -> None:
    """Seconds until READY, and memory then."""
    table.heading(
        "start to READY, and memory",
        f"the least of {runs} starts; first: nothing is written yet; again: everything is in step",
        "goals: 2,000 syncs ready in under 3 s, and under 8 KiB of memory a sync; each sync its own folder",
    )
    table.row("", "first, s", "again, s", "of 1 sync", "MiB", "KiB/sync", "threads")
    base: tuple[float, Usage] | None = None
    for count in counts:
        first, again, used = _start_once(folder, count, runs)
        base = base or (again, used)
        each = (used.memory - base[1].memory) / (count - 1) if count > 1 else "-"
        table.row(
            f"{count} syncs" if count > 1 else "1 sync",
            first,
            again,
            table.ratio(again, base[0]),
            used.memory / 1024,
            each,
            used.threads,
        )


def _start_once(folder: Path, count: int, runs: int) -> tuple[float, float, Usage]:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = separate(Path(name), count)
        declare(place)
        with followers.agent(place) as running:
            first = running.start
        again = []
        for _ in range(runs):
            with followers.agent(place) as running:
                again.append(running.start)
                time.sleep(SETTLED)
                used = usage(running.pid)
        return first, min(again), used
