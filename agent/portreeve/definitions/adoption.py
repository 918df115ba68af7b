"""``adopt`` of a value: where the host has what is in force before portreeve."""

from portreeve.definitions.format_names import format_of
from portreeve.definitions.model import Adoption, Format
from portreeve.definitions.positions import KeyPath
from portreeve.definitions.report import Report
from portreeve.definitions.tables import AdoptTable


def build_adoption(key: KeyPath, table: AdoptTable | None, report: Report) -> Adoption | None:
    """The place, or ``None`` when none is declared or it is not valid, which is reported.

    Args:
        key: of the value.
        table: its ``adopt``.
        report: where mistakes go.
    """
    if table is None:
        return None
    key = (*key, "adopt")
    report.require((*key, "file"), table.file, "the host's file that has the value now")
    format_ = format_of(key, table.format, str(table.file or ""), report)
    if format_ is Format.TEXT:
        report.require((*key, "match"), table.match, "a regular expression that finds the value")
    elif format_ is not None:
        report.require(
            (*key, "key"), table.key, 'where it is in the file, such as key = "Socket.ListenStream"'
        )
        if table.match is not None:
            report.add((*key, "match"), "`match` is for files of the format text", "name the key")
    if report.concerns(key) or table.file is None or format_ is None:
        return None
    return Adoption(table.file, format_, table.key or (), table.match)
