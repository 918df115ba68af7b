"""The third stage for ``services.d/NAME.toml``: from merged inputs to a valid service."""

from collections.abc import Collection

from portreeve.definitions.inputs import Inputs
from portreeve.definitions.report import Report
from portreeve.definitions.schema import parse
from portreeve.definitions.suggestions import did_you_mean
from portreeve.definitions.supervised import Service
from portreeve.definitions.tables import ServiceTable

DOCKER = "docker"
_SYNC = "sync:"
_UNBUILT = ("container:",)
_BEFORE_US = ("containerd.service", "docker.service", "portreeve.service")
"""Units that a consumer's ordering leads to: ordered behind it they would be a cycle."""


def build_service(name: str, inputs: Inputs, syncs: Collection[str], report: Report) -> Service | None:
    """A service from its inputs, or ``None`` with the reasons in the report.

    Args:
        name: the definition's name.
        inputs: its merged files.
        syncs: the names of all syncs, valid or not.
        report: where mistakes go.
    """
    table, faults = parse(ServiceTable, inputs.data)
    report.add_faults(faults)
    report.require(("unit",), table.unit, 'the unit that gets the drop-in, such as unit = "app.service"')
    if table.unit is not None:
        _check_unit(table.unit, report)
    report.require(("requires",), table.requires, 'such as requires = ["docker", "sync:NAME"]')
    if table.requires is not None:
        _check_requires(table.requires, syncs, report)
    if report.problems or table.unit is None or table.requires is None:
        return None
    return Service(name, table.description or "", table.unit, tuple(table.requires), inputs.files)


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


def _check_requires(requires: Collection[str], syncs: Collection[str], report: Report) -> None:
    if not requires:
        report.add(("requires",), "`requires` must name at least one thing", 'such as ["docker"]')
    seen = set()
    for index, word in enumerate(requires):
        key = ("requires", index)
        if word in seen:
            report.add(key, f'"{word}" stands here twice')
        elif word.startswith(_UNBUILT):
            report.add(key, f'"{word}" is not supported by this version', 'supported: "docker", "sync:NAME"')
        elif word.startswith(_SYNC):
            if word.removeprefix(_SYNC) not in syncs:
                known = [f"{_SYNC}{name}" for name in sorted(syncs)]
                report.add(
                    key,
                    f"there is no sync `{word.removeprefix(_SYNC)}`",
                    did_you_mean(word, known, otherwise="no sync is defined"),
                )
        elif word != DOCKER:
            near = [DOCKER, *(f"{_SYNC}{name}" for name in sorted(syncs))]
            hint = 'write "docker" or "sync:NAME"'
            report.add(
                key, f'"{word}" is nothing that can be required', did_you_mean(word, near, otherwise=hint)
            )
        seen.add(word)
