"""The third stage for ``services.d/NAME.toml``: from merged inputs to a valid service."""

from collections.abc import Collection
from dataclasses import replace

from portreeve.definitions.inputs import Inputs
from portreeve.definitions.readiness import build_budget, build_probe
from portreeve.definitions.report import Report
from portreeve.definitions.schema import parse
from portreeve.definitions.suggestions import did_you_mean, nearest
from portreeve.definitions.supervised import Service
from portreeve.definitions.supervised_tables import ServiceTable

DOCKER = "docker"
_SYNC = "sync:"
_CONTAINER = "container:"
_LIMITS = ("memory_max", "memory_high", "cpu_weight", "tasks_max", "oom_score_adjust")
_BEFORE_US = ("containerd.service", "docker.service", "portreeve.service")
"""Units that a consumer's ordering leads to: ordered behind it they would be a cycle."""


def build_service(
    name: str, inputs: Inputs, syncs: Collection[str], containers: Collection[str], report: Report
) -> Service | None:
    """A service from its inputs, or ``None`` with the reasons in the report.

    Args:
        name: the definition's name.
        inputs: its merged files.
        syncs: the names of all syncs, valid or not.
        containers: the names of all containers that have a definition, valid or not.
        report: where mistakes go.
    """
    table, faults = parse(ServiceTable, inputs.data)
    report.add_faults(faults)
    report.require(("unit",), table.unit, 'the unit that gets the drop-in, such as unit = "app.service"')
    if table.unit is not None:
        _check_unit(table.unit, report)
    if table.requires is not None:
        _check_requires(table.requires, syncs, containers, report)
    probe = build_probe(table.probe, report)
    restart = None if table.restart is None else build_budget(table.restart, report)
    _check_whole(table, inputs, report)
    if report.problems or table.unit is None:
        return None
    service = Service(
        name,
        table.description or "",
        table.unit,
        tuple(table.requires or ()),
        inputs.files,
        restart=restart,
        probe=probe,
        **{limit: getattr(table, limit) for limit in _LIMITS},
    )
    return service if table.start_grace is None else replace(service, start_grace=table.start_grace)


def _check_whole(table: ServiceTable, inputs: Inputs, report: Report) -> None:
    says = ("requires", "restart", "probe", *_LIMITS)
    if not any(word in inputs.data for word in says) and not any(report.has((word,)) for word in says):
        report.add((), "it says nothing about its unit", f"give it one of {', '.join(says)}")
    if table.restart is not None and table.restart.max == 0:
        report.add(
            ("restart", "max"),
            "`max` must be at least 1",
            "without `restart` portreeve does not restart it, and systemd as its unit says",
        )
    if "start_grace" in inputs.data and "probe" not in inputs.data:
        report.add(("start_grace",), "`start_grace` is for a `probe`", "add one, or remove it")
    if table.memory_max and table.memory_high and table.memory_high > table.memory_max:
        report.add(
            ("memory_high",),
            "`memory_high` is more than `memory_max`, so it would never slow anything down",
            "it is usually a little less",
        )


def _check_unit(unit: str, report: Report) -> None:
    if "{" in unit:
        report.add(("unit",), "`unit` is taken as it is written and cannot hold a template")
    elif unit in _BEFORE_US:
        report.add(
            ("unit",),
            f"{unit} cannot wait for Docker or a sync: they wait for it",
            "name the unit that needs them",
        )
    elif not unit.endswith(".service"):
        # Sockets, timers, paths and most targets are started before basic.target, and every service is
        # ordered behind that, Docker too (systemd.socket(5), systemd.special(7)).
        kind = unit.rpartition(".")[2]
        service = f"{unit.rpartition('.')[0]}.service"
        report.add(
            ("unit",),
            f"{unit} cannot be ordered after Docker: a {kind} unit may start before basic.target,"
            " Docker starts after it, and systemd breaks such a cycle by dropping a job",
            f'name the service instead, such as "{service}"; the file that a sync generated is there at boot',
        )


def _check_requires(
    requires: Collection[str], syncs: Collection[str], containers: Collection[str], report: Report
) -> None:
    if not requires:
        report.add(("requires",), "`requires` must name at least one thing", 'such as ["docker"]')
    known = {_SYNC: syncs, _CONTAINER: containers}
    everything = [DOCKER, *(f"{prefix}{name}" for prefix, names in known.items() for name in sorted(names))]
    seen = set()
    for index, word in enumerate(requires):
        key = ("requires", index)
        prefix = next((prefix for prefix in known if word.startswith(prefix)), None)
        if word in seen:
            report.add(key, f'"{word}" stands here twice')
        elif prefix is not None:
            name = word.removeprefix(prefix)
            if name not in known[prefix]:
                # The prefix is no part of what is compared: it would make any name look like any other.
                near = nearest(name, sorted(known[prefix]))
                message, hint = _undeclared(prefix, name)
                report.add(key, message, hint if near is None else f"did you mean `{prefix}{near}`?")
        elif word != DOCKER:
            bare = next((full for full in everything if full.partition(":")[2] == word), word)
            hint = did_you_mean(bare, everything, otherwise='write "docker", "container:NAME" or "sync:NAME"')
            report.add(key, f'"{word}" is nothing that can be required', hint)
        seen.add(word)


def _undeclared(prefix: str, name: str) -> tuple[str, str]:
    """What is said of a name that nobody declared, and what to do when no other is near."""
    if prefix == _SYNC:
        return f"there is no sync `{name}`", "no sync of a name like that is defined"
    return (
        f"there is no definition of a container `{name}`",
        f'declare it: containers.d/{name}.toml with container = "{name}", or compose, or label',
    )
