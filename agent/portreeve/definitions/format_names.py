"""The format of a file: as declared, or told from its name."""

from portreeve.definitions.lexical_steps import UNIT_SUFFIXES
from portreeve.definitions.model import Format
from portreeve.definitions.positions import KeyPath
from portreeve.definitions.report import Report
from portreeve.definitions.tables import SourceTable

_FORMAT_OF_SUFFIX = {
    ".env": Format.ENV,
    ".ini": Format.INI,
    ".json": Format.JSON,
    ".properties": Format.PROPERTIES,
    ".toml": Format.TOML,
    ".xml": Format.XML,
    ".yaml": Format.YAML,
    ".yml": Format.YAML,
    **{f".{suffix}": Format.UNIT for suffix in UNIT_SUFFIXES},
}


def declared_format(source: SourceTable) -> Format | None:
    """The format of a source's bytes, as far as it is known without a report."""
    if source.format is not None:
        return Format(source.format)
    if source.command is not None or source.credential is not None:
        return Format.TEXT
    return _from_name(str(source.file or source.path or ""))


def format_of(key: KeyPath, declared: str | None, file: str, report: Report) -> Format | None:
    """The format, or ``None`` with the reason in the report.

    Args:
        key: of the table that may have ``format``.
        declared: its ``format``.
        file: the path of the file; empty when it is not known.
        report: where mistakes go.
    """
    if declared is not None:
        return Format(declared)
    format_ = _from_name(file)
    if file and format_ is None and not report.concerns((*key, "format")):
        report.add(
            (*key, "format"),
            f'the format of "{file.rpartition("/")[2]}" cannot be told from its name',
            f'add format = "…", one of {", ".join(Format)}',
        )
    return format_


def _from_name(file: str) -> Format | None:
    name = file.rpartition("/")[2]
    # ".env" is a name without a suffix to most, and the usual name of an env file.
    return _FORMAT_OF_SUFFIX.get(name[name.rfind(".") :] if "." in name else "")
