"""The third stage for ``containers.d/NAME.toml``: from merged inputs to a container that is watched."""

from dataclasses import replace

from portreeve.definitions import lexical_supervised
from portreeve.definitions.container_tables import require_container
from portreeve.definitions.inputs import Inputs
from portreeve.definitions.readiness import build_budget, build_ready
from portreeve.definitions.rejection import Rejected
from portreeve.definitions.report import Report
from portreeve.definitions.schema import parse
from portreeve.definitions.supervised import ManagedContainer, OnUnready
from portreeve.definitions.supervised_tables import ManagedTable


def build_managed(name: str, inputs: Inputs, report: Report) -> ManagedContainer | None:
    """A container from its inputs, or ``None`` with the reasons in the report.

    Args:
        name: the definition's name.
        inputs: its merged files.
        report: where mistakes go.
    """
    table, faults = parse(ManagedTable, inputs.data)
    report.add_faults(faults)
    container = require_container((), table, report)
    if table.container is not None and not report.has(("container",)):
        try:
            lexical_supervised.container_name(table.container)
        except Rejected as error:
            report.add(("container",), f"`container` {error.message}", error.hint)
    for itself in (name, table.container):
        if itself is not None and itself in (table.after or ()):
            report.add(("after",), f"`after` names {itself}, which is this container itself", "remove it")
            break
    ready = build_ready(table.ready, report)
    restart = build_budget(table.restart, report)
    if report.problems or container is None:
        return None
    managed = ManagedContainer(
        name=name,
        description=table.description or "",
        container=container,
        autostart=bool(table.autostart),
        after=table.after or (),
        ready=ready,
        stop_timeout=table.stop_timeout,
        restart=restart,
        unpause=bool(table.unpause),
        networks=table.networks or (),
        origin=inputs.files,
    )
    if table.start_timeout is not None:
        managed = replace(managed, start_timeout=table.start_timeout)
    return managed if table.on_unready is None else replace(managed, on_unready=OnUnready(table.on_unready))
