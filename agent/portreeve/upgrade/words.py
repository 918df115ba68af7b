"""What is said of a package: why something is left alone for it, and what was kept in the end."""

from collections.abc import Mapping
from datetime import datetime

from portreeve.errors import Reason, Waiting
from portreeve.reconcile.status import State, SyncStatus
from portreeve.upgrade.mark import Event, Mark
from portreeve.upgrade.plan import NOTHING_RUNS
from portreeve.upgrade.status import title

_MOST = 8
"""So many syncs are named in one line."""

_DOING = {
    Event.PRE_INSTALL: "installed",
    Event.PRE_UPGRADE: "upgraded",
    Event.PRE_REMOVE: "removed",
}


def changing(mark: Mark, sync: str | None) -> Waiting:
    """Why something is left alone while a package is being changed.

    Args:
        mark: of the package.
        sync: the name of the sync; ``None`` for a service, which nobody can have go on.
    """
    version = f" to {mark.version}" if mark.version and mark.event is Event.PRE_UPGRADE else ""
    return Waiting(
        Reason.PACKAGE_CHANGING,
        f"{mark.package} is being {_DOING.get(mark.event, 'changed')}{version}",
        evidence=f"{mark.event} since {_clock(mark.since)}, until {_clock(mark.until)} at the latest",
        hint=f"`portreeve sync {sync}` goes on at once"
        if sync is not None
        else "nothing; it is guarded again then",
        step="package",
    )


def kept(mark: Mark, syncs: tuple[str, ...], statuses: Mapping[str, SyncStatus]) -> str:
    """One line: what the change of a package has left in force.

    Args:
        mark: of the package.
        syncs: those that it touches; each has proved itself, or has nothing to prove.
        statuses: of syncs, as people may see them.
    """
    told = [_kept(statuses[name]) for name in syncs if name in statuses]
    more = f"; {len(told) - _MOST} more" if len(told) > _MOST else ""
    return f"{title(mark.package, mark.version)}: {'; '.join(told[:_MOST]) or 'nothing is touched'}{more}"


def _kept(status: SyncStatus) -> str:
    why = f" ({status.trouble.what})" if status.trouble is not None else ""
    match status.state:
        case State.IN_STEP:
            values = ", ".join(f"{name} = {text}" for name, text in status.values.items())
            return f"{status.name} keeps {values or f'generation {status.generation}'}, verified"
        case State.HELD:
            return f"{status.name} stays {status.trouble.what if status.trouble else 'held'}"
        case _ if status.generation is None:
            return f"{status.name} has nothing in force yet{why}"
        case _ if status.trouble is not None and status.trouble.reason in NOTHING_RUNS:
            return f"{status.name} keeps generation {status.generation}{why}"
    return f"{status.name} keeps generation {status.generation}, verified{why}"


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds).astimezone():%H:%M:%S}"
