"""What is told of the agent as a whole, and of syncs that nobody works on."""

from collections.abc import Iterable, Sequence

from portreeve.definitions.model import Definitions
from portreeve.definitions.problems import Problem
from portreeve.errors import Reason
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import Stage, State, SyncStatus, Trouble
from portreeve.reconcile.store import Store


def status_line(statuses: Iterable[SyncStatus]) -> str:
    """One line for ``systemctl status``: how many syncs there are, and the first that is not in step."""
    listed = sorted(statuses, key=lambda status: status.name)
    if not listed:
        return "no syncs are declared"
    counts: dict[str, int] = {}
    for status in listed:
        words = status.state.replace("-", " ")
        counts[words] = counts.get(words, 0) + 1
    syncs = "1 sync" if len(listed) == 1 else f"{len(listed)} syncs"
    line = f"{syncs}: " + ", ".join(f"{count} {words}" for words, count in counts.items())
    for status in listed:
        if status.state not in (State.IN_STEP, State.HELD) and status.trouble is not None:
            return f"{line} ({status.name}: {status.trouble.what})"
    return line


def statuses_of_others(definitions: Definitions, store: Store, now: float) -> tuple[SyncStatus, ...]:
    """Statuses of what nobody works on: broken definitions, and files whose definition is gone.

    Args:
        definitions: those in use.
        store: knows whose files are in place.
        now: wall-clock seconds.
    """
    others = [
        broken_status(key.removeprefix("syncs.d/"), problems, now)
        for key, problems in definitions.broken.items()
        if key.startswith("syncs.d/") and key.removeprefix("syncs.d/") not in definitions.syncs
    ]
    known = {*definitions.syncs, *(status.name for status in others)}
    records = [store.record(name) for name in store.names() if name not in known]
    return (*others, *(undeclared_status(record) for record in records if record.in_place))


def broken_status(name: str, problems: Sequence[Problem], now: float) -> SyncStatus:
    """Of a sync whose definition has problems and never was good since the agent started."""
    first = problems[0]
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    trouble = Trouble(
        Reason.DEFINITION_INVALID,
        f"its definition has {count}",
        evidence=f"{first.file}:{first.line}: {first.message}",
        hint="`portreeve check` shows all of them",
        step="definition",
    )
    return SyncStatus(name, state=State.BROKEN, since=now, trouble=trouble)


def undeclared_status(record: Record) -> SyncStatus:
    """Of a sync whose definition is gone and whose files are still there."""
    trouble = Trouble(
        Reason.UNDECLARED,
        "its definition is gone; its files stay as they are",
        hint=f"`portreeve rollback {record.name} --to 0` puts back what was there before portreeve",
    )
    return SyncStatus(
        record.name,
        state=State.UNDECLARED,
        stage=Stage.VERIFIED,
        since=record.since,
        trouble=trouble,
        generation=record.good.number if record.good else None,
    )
