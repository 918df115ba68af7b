"""``[[check]]``, ``[[apply]]`` and ``[[verify]]``: the steps of a sync."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from portreeve.definitions.container_tables import NAMES, build_container, names_given, require_container
from portreeve.definitions.positions import KeyPath
from portreeve.definitions.report import Report
from portreeve.definitions.steps import (
    UNIT_STEPS,
    ApplyStep,
    CheckStep,
    Command,
    ContainerReady,
    Exec,
    FirewalldPort,
    Http,
    Listening,
    PortFree,
    SelinuxPort,
    Signal,
    Tcp,
    UnitActive,
    Units,
    VerifyStep,
)
from portreeve.definitions.suggestions import did_you_mean
from portreeve.definitions.tables import (
    ApplyTable,
    CheckTable,
    ContainerTable,
    HttpTable,
    StepTable,
    VerifyTable,
)

_QUALIFIERS = ("timeout", *NAMES)
"""Keys of a step that say how, not what."""


def build_checks(
    tables: Sequence[CheckTable], raw: Sequence[Mapping[str, Any]], report: Report
) -> tuple[CheckStep, ...]:
    """The checks, in order. ``raw`` is what the file says, in which words not taken are still there."""
    steps: list[CheckStep] = []
    for index, table in enumerate(tables):
        key = ("check", index)
        if not _one_word(key, table, raw[index], report):
            continue
        given = _timeout(table)
        if table.port_free is not None:
            steps.append(PortFree(table.port_free, **given))
        elif table.command is not None:
            steps.append(Command(table.command, build_container(key, table, report), **given))
        elif table.units:
            steps.append(Units(**given))
        else:
            report.add(
                (*key, "units"), "`units` can only be true", "remove the step: unit files are always checked"
            )
    return tuple(steps)


def build_applies(
    tables: Sequence[ApplyTable], raw: Sequence[Mapping[str, Any]], report: Report
) -> tuple[ApplyStep, ...]:
    """The actions, in order."""
    steps: list[ApplyStep] = []
    for index, table in enumerate(tables):
        key = ("apply", index)
        if _one_word(key, table, raw[index], report):
            step = _apply(key, table, _timeout(table), report)
            steps += [] if step is None else [step]
    return tuple(steps)


def _apply(key: KeyPath, table: ApplyTable, given: dict[str, Any], report: Report) -> ApplyStep | None:
    for word, kind in UNIT_STEPS.items():
        unit = getattr(table, word)
        if unit is not None:
            return kind(unit, **given)
    if table.command is not None:
        return Command(table.command, **given)
    if table.firewalld_port is not None:
        return FirewalldPort(table.firewalld_port, **given)
    if table.selinux_port is not None:
        place, port, type_ = (*key, "selinux_port"), table.selinux_port.port, table.selinux_port.type
        report.require((*place, "port"), port, 'such as "{{ port }}"')
        report.require((*place, "type"), type_, 'the type of the port, such as "websm_port_t"')
        return None if port is None or type_ is None else SelinuxPort(port, type_, **given)
    if table.exec is not None:
        container = require_container((*key, "exec"), table.exec, report)
        command = table.exec.command
        report.require((*key, "exec", "command"), command, 'such as command = ["nginx", "-s", "reload"]')
        return None if container is None or command is None else Exec(container, command, **given)
    if table.signal is not None:
        container, name = require_container((*key, "signal"), table.signal, report), table.signal.signal
        report.require((*key, "signal", "signal"), name, 'such as signal = "HUP"')
        return None if container is None or name is None else Signal(container, name, **given)
    return None


def build_verifies(
    tables: Sequence[VerifyTable],
    raw: Sequence[Mapping[str, Any]],
    containers: Collection[str],
    report: Report,
) -> tuple[VerifyStep, ...]:
    """The probes, in order. ``containers`` are the names of all that have a definition, valid or not."""
    steps: list[VerifyStep] = []
    for index, table in enumerate(tables):
        key = ("verify", index)
        if not _one_word(key, table, raw[index], report):
            continue
        given = _timeout(table)
        if table.listening is not None:
            steps.append(Listening(table.listening, **given))
        elif table.tcp is not None:
            steps.append(Tcp(table.tcp, **given))
        elif table.command is not None:
            steps.append(Command(table.command, build_container(key, table, report), **given))
        elif table.unit_active is not None:
            steps.append(UnitActive(table.unit_active, **given))
        elif table.container_ready is not None:
            name = table.container_ready
            if name not in containers:
                declare = f"declare it: containers.d/{name}.toml"
                hint = did_you_mean(name, sorted(containers), otherwise=declare)
                message = f"there is no definition of a container `{name}`"
                report.add((*key, "container_ready"), message, hint)
            steps.append(ContainerReady(name, **given))
        elif table.http is not None:
            report.require(
                (*key, "http", "url"), table.http.url, 'such as url = "http://127.0.0.1:{{ port }}/"'
            )
            steps.extend(_http(table.http, given))
    return tuple(steps)


def _http(table: HttpTable, given: dict[str, Any]) -> list[Http]:
    if table.url is None:
        return []
    if table.status is not None:
        given["status"] = table.status
    return [Http(table.url, insecure=bool(table.insecure), **given)]


def _timeout(table: StepTable) -> dict[str, Any]:
    return {} if table.timeout is None else {"timeout": table.timeout}


def _one_word(key: KeyPath, table: StepTable, raw: Mapping[str, Any], report: Report) -> bool:
    """Whether the step says one thing to do, and that thing is right."""
    known = [word for word in type(table).model_fields if word not in _QUALIFIERS]
    found = [word for word in raw if word in known]
    if len(found) > 1:
        report.add(
            (*key, found[1]),
            f"a step does one thing, this one has {' and '.join(f'`{word}`' for word in found)}",
            f"begin another step with [[{key[0]}]]",
        )
        return False
    unknown = [word for word in raw if word not in type(table).model_fields]
    if not found and not unknown:
        report.add(key, "the step does not say what to do", f"one of {', '.join(known)}")
    if isinstance(table, ContainerTable) and found and found[0] != "command" and names_given(table):
        report.add((*key, names_given(table)[0]), f"only a `command` is run in a container, not `{found[0]}`")
        return False
    return bool(found) and not report.concerns((*key, found[0]))
