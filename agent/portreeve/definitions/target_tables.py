"""``[[targets]]``: the files that a sync generates."""

import os.path
from collections.abc import Sequence

from portreeve.definitions.model import Target
from portreeve.definitions.report import Report
from portreeve.definitions.schema import TargetTable


def build_targets(tables: Sequence[TargetTable], report: Report) -> tuple[tuple[int, Target], ...]:
    """The valid targets with the number each has in the file; what is wrong with others is reported."""
    if not tables and not report.concerns(("targets",)):
        report.add(
            ("targets",), "the sync has no targets", 'add [[targets]] with path = "/…" and template = "…"'
        )
    targets = []
    first: dict[str, int] = {}
    for index, table in enumerate(tables):
        key = ("targets", index)
        report.require((*key, "path"), table.path, 'the file to generate: path = "/…"')
        report.require(
            (*key, "template"), table.template, 'a file of the folder templates: template = "….j2"'
        )
        if table.path is None:
            continue
        path = os.path.normpath(table.path)
        if path in first:
            report.add((*key, "path"), f"{path} is the path of two targets of this sync")
        first.setdefault(path, index)
        if table.template is not None:
            target = Target(table.path, table.template, table.mode, table.owner, table.group)
            targets.append((index, target))
    return tuple(targets)
