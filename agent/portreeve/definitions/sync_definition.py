"""The third stage for ``syncs.d/NAME.toml``: from merged inputs to a valid sync."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from portreeve.definitions.computed_values import in_order
from portreeve.definitions.inputs import Inputs
from portreeve.definitions.model import Sync, Target
from portreeve.definitions.report import Report
from portreeve.definitions.schema import parse
from portreeve.definitions.settings import ReconcileSettings
from portreeve.definitions.source_tables import build_source
from portreeve.definitions.step_tables import build_applies, build_checks, build_verifies
from portreeve.definitions.tables import SyncTable
from portreeve.definitions.target_tables import build_targets
from portreeve.definitions.template_rules import Lints, check_target_templates, check_texts
from portreeve.definitions.value_names import check_names
from portreeve.definitions.value_tables import build_value, build_value_of_each


@dataclass(frozen=True, slots=True)
class SyncDraft:
    """A sync that was looked at alone, before it is known whether it gets along with the others.

    Args:
        sync: the sync; ``None`` when it is not valid.
        targets: its valid targets with the number each has in the file, even when the sync is not valid.
        templates: the template files that were read.
    """

    sync: Sync | None
    targets: tuple[tuple[int, Target], ...]
    templates: frozenset[Path]


def build_sync(
    name: str,
    inputs: Inputs,
    folders: Sequence[Path],
    reconcile: ReconcileSettings,
    report: Report,
    lints: Lints | None = None,
    containers: Collection[str] = (),
) -> SyncDraft:
    """A sync from its inputs.

    Args:
        name: the definition's name.
        inputs: its merged files.
        folders: where templates are found.
        reconcile: gives the deadline of a sync that names none.
        report: where mistakes go; without any, the sync is valid.
        lints: what was found in templates by the same loading.
        containers: the names of all containers that have a definition, valid or not.
    """
    table, faults = parse(SyncTable, inputs.data)
    report.add_faults(faults)
    declared = _names(inputs, "sources")
    mirrored = {target.mirror for target in table.targets if target.mirror is not None}
    of_each = {
        name: {each: build_value_of_each(name, each, value, report) for each, value in source.values.items()}
        for name, source in table.sources.items()
    }
    sources = {
        name: build_source(name, source, of_each[name], mirrored=name in mirrored, report=report)
        for name, source in table.sources.items()
    }
    values = {
        name: build_value(name, value, table.sources, declared, report)
        for name, value in table.values.items()
    }
    check_names(table, mirrored, report)
    targets = build_targets(table.targets, declared, report)
    raw = inputs.data
    checks = build_checks(table.check, raw.get("check", []), report)
    applies = build_applies(table.apply, raw.get("apply", []), report)
    verifies = build_verifies(table.verify, raw.get("verify", []), containers, report)
    # A value that is declared and wrong is known all the same: templates that use it are right.
    unknown = report.has(("values",)) or report.has(("sources",))
    lists = [name for name, source in table.sources.items() if source.containers is not None]
    known = None if unknown else (*_names(inputs, "values"), *lists)
    templates = check_target_templates(table.targets, known, folders, {} if lints is None else lints, report)
    check_texts(table, known, report)
    ordered = in_order({name: value for name, value in values.items() if value is not None}, report)
    if report.problems:
        return SyncDraft(None, targets, templates)
    sync = Sync(
        name=name,
        description=table.description or "",
        sources={name: source for name, source in sources.items() if source is not None},
        values=ordered,
        targets=tuple(target for _, target in targets),
        check=checks,
        apply=applies,
        verify=verifies,
        deadline=table.deadline or reconcile.deadline,
        origin=inputs.files,
    )
    return SyncDraft(sync, targets, templates)


def _names(inputs: Inputs, key: str) -> tuple[str, ...]:
    """The names that a file declares under a key, valid or not."""
    tables = inputs.data.get(key)
    return tuple(tables) if isinstance(tables, dict) else ()
