"""What is said of a package: why something is left alone for it, and what was kept in the end."""

from collections.abc import Callable, Mapping
from datetime import datetime

from portreeve.errors import Reason, Waiting
from portreeve.reconcile.status import State, SyncStatus
from portreeve.upgrade.mark import Event, Mark
from portreeve.upgrade.plan import NOTHING_RUNS
from portreeve.upgrade.status import title

ValuesOf = Callable[[str, int], Mapping[str, str]]
"""The values of a generation of a sync, as people may see them; none where they are not known."""

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


def kept(mark: Mark, syncs: tuple[str, ...], statuses: Mapping[str, SyncStatus], in_force: ValuesOf) -> str:
    """One line: what the change of a package has left in force.

    Args:
        mark: of the package.
        syncs: those that it touches; each has proved itself, or has nothing to prove.
        statuses: of syncs, as people may see them.
        in_force: asked for the values of a sync that is not in step: those last read may be others.
    """
    told = [_kept(statuses[name], in_force) for name in syncs if name in statuses]
    more = f"; {len(told) - _MOST} more" if len(told) > _MOST else ""
    return f"{title(mark.package, mark.version)}: {'; '.join(told[:_MOST]) or 'nothing is touched'}{more}"


def _kept(status: SyncStatus, in_force: ValuesOf) -> str:
    why = f" ({status.trouble.what})" if status.trouble is not None else ""
    if status.state is State.HELD:
        return f"{status.name} stays {status.trouble.what if status.trouble else 'held'}"
    if status.generation is None:
        return f"{status.name} has nothing in force{why}"
    values = status.values if status.state is State.IN_STEP else in_force(status.name, status.generation)
    text = ", ".join(f"{name} = {value}" for name, value in values.items())
    is_down = status.trouble is not None and status.trouble.reason in NOTHING_RUNS
    verified = "" if is_down else ", verified"
    return f"{status.name} keeps {text or f'generation {status.generation}'}{verified}{why}"


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds).astimezone():%H:%M:%S}"
