"""Names of a sync that would be taken for one another."""

from collections.abc import Collection

from portreeve.definitions.report import Report
from portreeve.definitions.tables import SyncTable
from portreeve.definitions.value_tables import check_name


def check_names(table: SyncTable, mirrored: Collection[str], report: Report) -> None:
    """Templates know a list of containers by its source's name, and a folder gives no values.

    Args:
        table: the sync.
        mirrored: the sources that are mirrored.
        report: where mistakes go.
    """
    for name, source in table.sources.items():
        if source.containers is None:
            continue
        check_name(("sources", name), name, report)
        if name in table.values:
            report.add(
                ("values", name),
                f"`{name}` is in templates the list of the source of that name",
                "rename one",
            )
    for name, value in table.values.items():
        if value.source in mirrored:
            report.add(
                ("values", name, "source"),
                f"`{value.source}` is a folder that is mirrored, and has no values",
                "declare a second source for the file",
            )
