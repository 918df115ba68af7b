"""``[values]``: what is read from the sources, and what it must be."""

import math
import re
from collections.abc import Collection, Mapping

from portreeve.definitions.model import Format, Source, Value, ValueType
from portreeve.definitions.report import Report
from portreeve.definitions.schema import ValueTable
from portreeve.definitions.suggestions import did_you_mean
from portreeve.definitions.value_literals import literal_problem
from portreeve.regex import fullmatch

RESERVED = ("values", "sync", "staged", "staged_files")
"""Names that templates have besides the values."""

_WORDS_OF_JINJA = (
    "and",
    "else",
    "false",
    "False",
    "if",
    "in",
    "is",
    "none",
    "None",
    "not",
    "or",
    "true",
    "True",
)
_NUMERIC = (ValueType.PORT, ValueType.INT, ValueType.FLOAT)


def build_value(
    name: str,
    table: ValueTable,
    sources: Mapping[str, Source | None],
    declared: Collection[str],
    report: Report,
) -> Value | None:
    """A value, or ``None`` with the reasons in the report.

    Args:
        name: what templates call it.
        table: its table.
        sources: the sources by name; ``None`` for one that is not valid.
        declared: the names of sources, valid or not.
        report: where mistakes go.
    """
    key = ("values", name)
    _check_source(key, table, declared, report)
    report.require((*key, "key"), table.key, 'where it is in the source, such as key = "section.name"')
    report.require((*key, "type"), table.type, f"one of {', '.join(ValueType)}")
    source = sources.get(table.source or "")
    if source is not None and source.format is Format.ENV and table.key and len(table.key) > 1:
        report.add(
            (*key, "key"),
            f'"{".".join(table.key)}" cannot be in an env file, which has no sections',
            f'write the name of the variable alone, such as "{table.key[-1]}"',
        )
    if table.type is not None:
        _check_rules(key, ValueType(table.type), table, report)
    _check_name(key, name, report)
    if report.concerns(key) or table.source is None or table.key is None or table.type is None:
        return None
    return Value(
        name,
        table.source,
        table.key,
        ValueType(table.type),
        table.default,
        table.pattern,
        table.min,
        table.max,
        table.choices or (),
    )


def _check_name(key: tuple[str, str], name: str, report: Report) -> None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name in _WORDS_OF_JINJA:
        better = re.sub(r"[^A-Za-z0-9_]", "_", name)
        hint = f"did you mean `{better}`?" if better != name else ""
        report.add(key, f'"{name}" cannot be a name in a template', hint or "letters, digits and `_`")
    elif name in RESERVED:
        report.add(key, f"`{name}` is the name of something else in templates", "choose another name")


def _check_source(key: tuple[str, str], table: ValueTable, declared: Collection[str], report: Report) -> None:
    report.require((*key, "source"), table.source, f"declared here: {', '.join(declared) or 'no source'}")
    if table.source is not None and table.source not in declared and not report.has(("sources",)):
        report.add(
            (*key, "source"),
            f"there is no source `{table.source}`",
            did_you_mean(table.source, declared, otherwise=f"declare it under [sources.{table.source}]"),
        )


def _check_rules(key: tuple[str, str], type_: ValueType, table: ValueTable, report: Report) -> None:
    if type_ is ValueType.ENUM and table.choices is None and not report.concerns((*key, "choices")):
        report.add((*key, "choices"), "an enum needs `choices`", 'such as choices = ["on", "off"]')
    for word in ("min", "max"):
        if getattr(table, word) is not None and type_ not in _NUMERIC:
            report.add((*key, word), f"`{word}` is for numbers and ports, not for the type {type_}")
    if table.min is not None and table.max is not None and table.min > table.max:
        report.add((*key, "min"), f"`min` ({table.min:g}) is larger than `max` ({table.max:g})")
        return
    for choice in table.choices or ():
        problem = literal_problem(type_, choice)
        if problem:
            report.add((*key, "choices"), f"the choice {choice!r} {problem}")
    if table.default is not None:
        problem = literal_problem(type_, table.default) or _rule_broken(table)
        if problem:
            report.add((*key, "default"), f"`default` {problem}")


def _rule_broken(table: ValueTable) -> str:
    """Which of the value's own rules its default breaks; empty when none."""
    default = table.default
    if table.choices is not None and default not in table.choices:
        return f"must be one of the choices, not {default!r}"
    if isinstance(default, int | float):
        low = -math.inf if table.min is None else table.min
        high = math.inf if table.max is None else table.max
        if not low <= default <= high:
            return f"must be from {low:g} to {high:g}, not {default}"
    textual = table.pattern is not None and not isinstance(default, tuple)
    if textual and not fullmatch(str(table.pattern), str(default)):
        return f"does not match `pattern`: {default!r}"
    return ""
