"""How long a change takes to reach its target, with 1, 100 and 2,000 syncs, against the alternatives."""

import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from bench import followers, table
from bench.followers import Follower
from bench.places import Place, declare, separate
from bench.waiting import wait_for

REST = 0.05
"""Seconds between two changes: each is to be met at rest, not while the one before it is still remembered."""

SETTLED, SETTLED_EACH = 0.3, 0.003
"""Seconds of rest before the first change, and more for each sync: an agent looks again at what it wrote."""


def measure(
    folder: Path,
    follower: Follower,
    count: int,
    *,
    atomic: bool,
    rounds: int,
    container: bool = False,
    rest: float = REST,
) -> list[float]:
    """Milliseconds from the end of each write until its value is in the target; each time another sync.

    Args:
        folder: on the disk to be measured.
        follower: what is measured.
        count: syncs.
        atomic: replace the source, instead of writing it in place.
        rounds: changes.
        container: the source is in a container's volume.
        rest: seconds between two changes.
    """
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = separate(Path(name), count)
        if follower is followers.agent:
            declare(place, container=container)
        with followers.fake_docker(place) if container else nullcontext(), follower(place):
            time.sleep(SETTLED + SETTLED_EACH * count)
            return [_once(place, number, atomic=atomic, rest=rest) for number in range(rounds)]


def _once(place: Place, number: int, *, atomic: bool, rest: float) -> float:
    time.sleep(rest)
    pair = place.pairs[number * 37 % len(place.pairs)]
    port = 10_000 + number
    pair.change(port, atomic=atomic)
    begun = time.perf_counter()
    return (wait_for(pair.targets[0], f"listen {port}\n") - begun) * 1000


def best(runs: int, once: Callable[[], list[float]]) -> tuple[float, float, float]:
    """The percentiles of the run with the least p50: others may have used the machine during the rest."""
    return min(table.percentiles(once()) for _ in range(runs))


def run(folder: Path, counts: tuple[int, ...], rounds: int, runs: int) -> None:
    """Print the tables."""
    without = followers.lacks("inotifywait", "jq", "sed")
    for atomic in (False, True):
        table.heading(
            f"change → file, ms: {'atomic replace' if atomic else 'write in place'}",
            f"{rounds} rounds, the best of {runs} runs; floor: inotify, write, fsync, rename, fsync folder",
        )
        table.row("", "p50", "p95", "p99", "p50/floor")
        for count in counts:
            _compare(folder, count, atomic=atomic, rounds=rounds, runs=runs, container=False, without=without)
    table.heading(
        "the same with the source in a container's volume, in place",
        "docker is the client of Docker against tests/fakes/dockerd; portreeve asks the same daemon",
    )
    table.row("", "p50", "p95", "p99", "p50/floor")
    without = followers.lacks("inotifywait", "jq", "sed", "docker")
    for count in counts[:2]:
        _compare(folder, count, atomic=False, rounds=rounds, runs=runs, container=True, without=without)


def _compare(
    folder: Path, count: int, *, atomic: bool, rounds: int, runs: int, container: bool, without: str
) -> None:
    loop = followers.loop_with_docker if container else followers.loop
    name = (
        "inotifywait + docker inspect + jq + sed" if container else "inotifywait + sed (no docker, no fsync)"
    )
    contestants: tuple[tuple[str, Follower], ...] = (
        ("floor", followers.floor),
        ("portreeve", followers.agent),
        (name, loop),
    )
    floor = 0.0
    for label, follower in contestants:
        label = f"{count} × {label}"
        if follower is loop and without:
            table.skipped(label, without)
            continue

        def once(follower: Follower = follower) -> list[float]:
            return measure(folder, follower, count, atomic=atomic, rounds=rounds, container=container)

        cut = best(runs, once)
        floor = floor or cut[0]
        table.row(label, *cut, table.ratio(cut[0], floor))
