"""``ready`` of a container and ``probe`` of a service: what must hold, and how often that is asked."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from portreeve.definitions.container_tables import listed
from portreeve.definitions.locations import FIELDS_OF_A_CONTAINER
from portreeve.definitions.positions import KeyPath
from portreeve.definitions.quantities import format_duration
from portreeve.definitions.report import Report
from portreeve.definitions.supervised import (
    Budget,
    CommandSucceeds,
    Condition,
    FileExists,
    HasExited,
    HttpAnswers,
    IsHealthy,
    IsRunning,
    LogSays,
    Probe,
    TcpConnects,
)
from portreeve.definitions.supervised_tables import HostProbeTable, ProbeTable, ReadyTable, RestartTable
from portreeve.definitions.tables import HttpTable
from portreeve.render.lint import lint_text, names_used

_QUALIFIERS = tuple(ProbeTable.model_fields)


def build_ready(table: ReadyTable | None, report: Report) -> Probe:
    """When a container counts as ready; the default where nothing or a mistake is said.

    Args:
        table: its ``ready``; ``None`` when there is none.
        report: where mistakes go.
    """
    key = ("ready",)
    if table is None:
        return Probe()
    for word in ("running", "healthy"):
        if getattr(table, word) is False:
            report.add((*key, word), f"`{word}` can only be true", f"remove it, or write {word} = true")
    found = _words(key, table, report)
    condition: Condition | None = None
    match found:
        case "running":
            condition = IsRunning()
        case "healthy":
            condition = IsHealthy()
        case "file":
            condition = FileExists(str(table.file))
        case "log":
            condition = LogSays(str(table.log))
        case "exec":
            condition = CommandSucceeds(table.exec or ())
        case "exited":
            condition = HasExited(table.exited or 0)
        case "tcp" | "http":
            condition = _over_the_network(key, table, report)
    for number, argument in enumerate(table.exec or ()):
        if names_used(argument) & {*FIELDS_OF_A_CONTAINER}:
            report.add(
                (*key, "exec", number),
                "`exec` is taken as it is written and cannot hold a template",
                "the command runs inside the container, which knows itself as localhost",
            )
    for place, text in _texts(key, table):
        fields = f"a container has {', '.join(FIELDS_OF_A_CONTAINER)}"
        for finding in lint_text(text, FIELDS_OF_A_CONTAINER, undeclared=fields):
            report.add(place, finding.message, finding.hint)
    return replace(_probe(table), condition=condition)


def build_probe(table: HostProbeTable | None, report: Report) -> Probe | None:
    """The heartbeat of a service; ``None`` when none is declared, or it is not valid, which is reported."""
    key = ("probe",)
    if table is None:
        return None
    for place, text in _texts(key, table):
        if "{{" in text or "{%" in text:
            report.add(place, f"`{place[-1]}` is taken as it is written and cannot hold a template")
    found = _words(key, table, report)
    if found is None:
        if not report.concerns(key):
            report.add(key, "the probe does not say what must hold", "one of tcp, http, command")
        return None
    condition = CommandSucceeds(table.command) if table.command else _over_the_network(key, table, report)
    return replace(_probe(table), condition=condition)


def build_budget(table: RestartTable | None, report: Report) -> Budget:
    """How often something may be restarted.

    A budget that can never be used up is told: the waits between the restarts are longer than its window.
    """
    if table is None:
        return Budget()
    budget = replace(Budget(), **_given(table))
    first, most = budget.backoff
    waits = sum(min(first * 2.0 ** min(number, 60), most) for number in range(budget.max))
    if budget.max and waits >= budget.window and not report.concerns(("restart",)):
        given = next((word for word in ("max", "backoff", "window") if word in _given(table)), "max")
        report.add(
            ("restart", given),
            f"{budget.max} restarts never come within {format_duration(budget.window)}:"
            f" the waits between them alone take {format_duration(waits)}, so it would never be given up",
            "a longer `window`, a smaller `max`, or a shorter `backoff`",
        )
    return budget


def _words(key: KeyPath, table: ProbeTable, report: Report) -> str | None:
    """The one word that says what must hold; ``None`` when there is none, or more than one."""
    words = [word for word in type(table).model_fields if word not in _QUALIFIERS]
    found = [word for word in words if getattr(table, word) is not None]
    if len(found) > 1:
        report.add(
            (*key, found[1]), f"{listed(found)} cannot stand together: one thing is asked", "keep one of them"
        )
        return None
    return found[0] if found else None


def _over_the_network(key: KeyPath, table: ReadyTable | HostProbeTable, report: Report) -> Condition | None:
    if table.tcp is not None:
        return TcpConnects(table.tcp)
    http = table.http or HttpTable()
    report.require((*key, "http", "url"), http.url, 'such as url = "http://127.0.0.1:8080/health"')
    return None if http.url is None else HttpAnswers(http.url, http.status, bool(http.insecure))


def _texts(key: KeyPath, table: ReadyTable | HostProbeTable) -> Iterator[tuple[KeyPath, str]]:
    """What goes over the network, and where it stands, also of a table that says too much."""
    if table.tcp is not None:
        yield (*key, "tcp"), table.tcp
    if table.http is not None and table.http.url is not None:
        yield (*key, "http"), table.http.url


def _probe(table: ProbeTable) -> Probe:
    return replace(Probe(), **{name: value for name, value in _given(table).items() if name in _QUALIFIERS})


def _given(table: ProbeTable | RestartTable) -> dict[str, Any]:
    return {name: value for name, value in table if value is not None}
