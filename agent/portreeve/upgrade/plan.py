"""What is done about marks, decided from what is known of them; nothing here looks or acts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portreeve.errors import Reason
from portreeve.reconcile.status import State, SyncStatus
from portreeve.upgrade.mark import Mark
from portreeve.upgrade.touched import Touched

NOTHING_RUNS = frozenset({Reason.UNIT_ABSENT, Reason.UNIT_MASKED, Reason.UNIT_STOPPED})
"""A unit is down and is left so; whoever starts it starts it with the files that are in place."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is known of a mark while it is worked off.

    Args:
        mark: as it was read last.
        touched: what is held, or is to be proved.
        go_on: syncs that an administrator wants to be worked on although the package is being changed.
        asked: for each sync that was told to prove itself, the number that its runs must exceed.
        settled: syncs of which nothing is left to prove.
        unproved: syncs that were looked at since they were asked, and are not settled.
    """

    mark: Mark
    touched: Touched = field(default_factory=Touched)
    go_on: frozenset[str] = frozenset()
    asked: Mapping[str, int] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    unproved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided.

    Args:
        held_syncs: by sync, the package that it is held for; of several, the one whose hold lasts longest.
        held_services: the same of services.
        to_prove: by package, the syncs that are to prove themselves from now on.
        done: packages whose marks have served.
    """

    held_syncs: Mapping[str, str] = field(default_factory=dict)
    held_services: Mapping[str, str] = field(default_factory=dict)
    to_prove: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    done: tuple[str, ...] = ()


def decide(tasks: Mapping[str, Task], now: float, boot: str) -> Plan:
    """Who is held, who is to prove itself, and which marks are done.

    Args:
        tasks: by package.
        now: wall-clock seconds.
        boot: which boot this is.
    """
    holding = {package: task for package, task in tasks.items() if task.mark.holds(now, boot)}
    held_syncs: dict[str, str] = {}
    held_services: dict[str, str] = {}
    for package, task in sorted(holding.items(), key=lambda each: each[1].mark.until):
        held_syncs.update((name, package) for name in task.touched.syncs if name not in task.go_on)
        held_services.update((name, package) for name in task.touched.services)
    to_prove: dict[str, tuple[str, ...]] = {}
    done = []
    for package, task in tasks.items():
        if package in holding:
            continue
        unasked = tuple(name for name in task.touched.syncs if name not in task.asked)
        if unasked:
            to_prove[package] = unasked
        elif task.settled.issuperset(task.touched.syncs):
            done.append(package)
    return Plan(held_syncs, held_services, to_prove, tuple(done))


def is_settled(status: SyncStatus | None, asked: int, proved: int) -> bool:
    """Nothing is left to prove of a sync: what is in force works, or nothing is in force that could.

    A sync whose container is away is settled by what is in force, which its source is not needed for.

    Args:
        status: how it stands.
        asked: the number that its runs must exceed.
        proved: the number of its last run in which what is in force was seen to work.
    """
    if status is None or status.runs <= asked or status.state is State.PENDING:
        return False
    if status.state in (State.IN_STEP, State.HELD) or proved > asked:
        return True
    waits = status.state in (State.WAITING, State.OVERDUE)
    reason = None if status.trouble is None else status.trouble.reason
    return waits and (status.generation is None or reason in NOTHING_RUNS)
