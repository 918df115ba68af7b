"""``[[check]]``, ``[[apply]]`` and ``[[verify]]``: the steps of a sync."""

from collections.abc import Mapping, Sequence
from typing import Any

from portreeve.definitions.positions import KeyPath
from portreeve.definitions.report import Report
from portreeve.definitions.schema import ApplyTable, CheckTable, HttpTable, StepTable, VerifyTable
from portreeve.definitions.steps import (
    ApplyStep,
    CheckStep,
    Command,
    Http,
    Listening,
    PortFree,
    Reload,
    Restart,
    Tcp,
    UnitActive,
    Units,
    VerifyStep,
)

_QUALIFIERS = ("timeout", "container")
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
            steps.append(Command(table.command, **given))
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
        if not _one_word(("apply", index), table, raw[index], report):
            continue
        given = _timeout(table)
        if table.restart is not None:
            steps.append(Restart(table.restart, **given))
        elif table.reload is not None:
            steps.append(Reload(table.reload, **given))
    return tuple(steps)


def build_verifies(
    tables: Sequence[VerifyTable], raw: Sequence[Mapping[str, Any]], report: Report
) -> tuple[VerifyStep, ...]:
    """The probes, in order."""
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
        elif table.unit_active is not None:
            steps.append(UnitActive(table.unit_active, **given))
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
    found = [word for word in raw if word in known or (word in table.unbuilt and word not in _QUALIFIERS)]
    if len(found) > 1:
        report.add(
            (*key, found[1]),
            f"a step does one thing, this one has {' and '.join(f'`{word}`' for word in found)}",
            f"begin another step with [[{key[0]}]]",
        )
        return False
    unknown = [word for word in raw if word not in type(table).model_fields and word not in table.unbuilt]
    if not found and not unknown:
        report.add(key, "the step does not say what to do", f"one of {', '.join(known)}")
    return bool(found) and not report.concerns((*key, found[0]))
