"""Containers and services in words, and as rows of tables."""

from collections import Counter
from collections.abc import Sequence

import click

from portreeve.cli.text import ago, ahead, counted, table
from portreeve.errors import Reason
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus

NO_CONTAINERS = "no containers: none in /etc/portreeve/containers.d"
NO_SERVICES = "no services: none in /etc/portreeve/services.d"

_COLOURS = {
    ContainerState.READY: "green",
    ContainerState.UNREADY: "red",
    ContainerState.RESTARTING: "red",
    ContainerState.FAILED_TO_START: "red",
    ContainerState.DEAD: "red",
    ContainerState.UNKNOWN: "magenta",
    ServiceState.ACTIVE: "green",
    ServiceState.UNREADY: "red",
    ServiceState.FAILED: "red",
    ServiceState.UNKNOWN: "magenta",
}

_GOOD = (ContainerState.READY, ServiceState.ACTIVE)

_BY_WHAT = (Reason.CONTAINER_STOPPED, Reason.UNIT_START_LIMIT)
_BY_BOTH = (Reason.DEPENDENCY_NOT_READY, Reason.HELD_BACK)

_STATE_COLUMN = 1


def state_of(status: ContainerStatus | ServiceStatus) -> str:
    """The state as it is said; what was given up, or is overdue, says so besides."""
    words = status.state.value.replace("-", " ")
    if status.gave_up:
        return f"{words}, given up"
    return f"{words}, overdue" if isinstance(status, ContainerStatus) and status.overdue else words


def colour_of(status: ContainerStatus | ServiceStatus) -> str:
    """The colour of its state."""
    return "red" if status.gave_up else _COLOURS.get(status.state, "yellow")


def in_colour(status: ContainerStatus | ServiceStatus) -> str:
    """The state as it is said, in its colour."""
    return click.style(state_of(status), fg=colour_of(status))


def line_of(status: ContainerStatus | ServiceStatus) -> str:
    """How it stands, in one line: ``restarting: it keeps ending …``."""
    why = what_is_wrong(status)
    return in_colour(status) + (f": {why}" if why else "")


def what_is_wrong(status: ContainerStatus | ServiceStatus) -> str:
    """Why it is not as it should be, or what was seen of it; empty when it is well.

    Of a container the state says in general what its reason says; what was seen is what tells one case from
    another.
    """
    trouble = status.trouble
    if trouble is None:
        return "" if status.state in _GOOD else status.evidence
    if status.state is ContainerState.STARTING and trouble.reason is not Reason.NOT_YET:
        # What led to the start is over.
        return status.evidence
    waits = isinstance(status, ServiceStatus) and trouble.reason is Reason.NOT_YET
    if waits or not trouble.evidence or trouble.reason in _BY_WHAT:
        return trouble.what
    if isinstance(status, ServiceStatus) or trouble.reason in _BY_BOTH:
        return f"{trouble.what}: {trouble.evidence}"
    return trouble.evidence


def counts(noun: str, statuses: Sequence[ContainerStatus | ServiceStatus]) -> str:
    """How many there are in which state: ``3 containers: 2 ready, 1 restarting``."""
    found = Counter(state_of(status) for status in sorted(statuses, key=_badness))
    return f"{counted(len(statuses), noun)}: {', '.join(f'{n} {words}' for words, n in found.items())}"


def container_table(statuses: Sequence[ContainerStatus], now: float, *, wide: bool) -> list[str]:
    """Containers as lines.

    Args:
        statuses: in their order.
        now: wall-clock seconds.
        wide: with which container is meant, and when it counts as ready.
    """
    more = ["CONTAINER", "READY WHEN"] if wide else []
    rows = [["NAME" if wide else "CONTAINER", "STATE", "SINCE", "RESTARTS", *more, "WHY / NEXT"]]
    for one in statuses:
        more = [one.container or "-", one.ready or "-"] if wide else []
        restarts = _restarts(one) if one.declared else "-"
        rows.append([one.name, state_of(one), ago(one.since, now), restarts, *more, _why(one, now)])
    return table(rows, _colours(statuses))


def service_table(statuses: Sequence[ServiceStatus], now: float) -> list[str]:
    """Services as lines."""
    rows = [["SERVICE", "STATE", "SINCE", "RESTARTS", "UNIT", "WHY / NEXT"]]
    rows += [
        [one.name, state_of(one), ago(one.since, now), _restarts(one), one.unit, _why(one, now)]
        for one in statuses
    ]
    return table(rows, _colours(statuses))


def waits_for(status: ContainerStatus) -> str:
    """The containers that must come first, where the reason does not name them already."""
    trouble = status.trouble.what if status.trouble else ""
    # Each is told with what it is to be: ``db (ready)``.
    missing = [text for text in status.waits_for if text.partition(" ")[0] not in trouble.split()]
    return f"waits for {', '.join(missing)}" if missing else ""


def _why(status: ContainerStatus | ServiceStatus, now: float) -> str:
    parts = [what_is_wrong(status)]
    if isinstance(status, ContainerStatus):
        parts.append(waits_for(status))
    if status.next_try is not None and not status.gave_up and status.state not in _GOOD:
        parts.append(f"next try {ahead(status.next_try, now)}")
    return " · ".join(part for part in parts if part)


def _restarts(status: ContainerStatus | ServiceStatus) -> str:
    most = status.restarts_most
    if status.restarts > most > 0:
        # Docker's own restarts count too, and nobody held them back.
        return f"over {most}"
    return f"{status.restarts} of {most}" if most else "-"


def _badness(status: ContainerStatus | ServiceStatus) -> int:
    order = ("green", "yellow", "magenta", "red")
    return order.index(colour_of(status)) + status.gave_up


def _colours(statuses: Sequence[ContainerStatus | ServiceStatus]) -> dict[int, dict[int, str]]:
    return {number: {_STATE_COLUMN: colour_of(one)} for number, one in enumerate(statuses, 1)}
