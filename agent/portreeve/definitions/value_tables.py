"""``[values]``: what is read from the sources, and what it must be."""

import math
import re
from collections.abc import Collection, Mapping

from portreeve.definitions.adoption import build_adoption
from portreeve.definitions.container_tables import names_given
from portreeve.definitions.format_names import declared_format
from portreeve.definitions.locations import FIELDS_OF_A_CONTAINER
from portreeve.definitions.model import Adoption, Format, Value, ValueType
from portreeve.definitions.positions import KeyPath
from portreeve.definitions.report import Report
from portreeve.definitions.suggestions import did_you_mean
from portreeve.definitions.tables import RuleTable, SourceTable, ValueTable
from portreeve.definitions.target_tables import EDITABLE
from portreeve.definitions.value_literals import literal_problem
from portreeve.regex import fullmatch

RESERVED = (
    *("values", "sync", "staged", "staged_files"),
    *("self", "loop", "super", "caller", "varargs", "kwargs"),
)
"""Names that templates have besides the values: portreeve's own, and those that Jinja gives a meaning."""

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
_READ = ("key", "match")
_NUMERIC = (ValueType.PORT, ValueType.INT, ValueType.FLOAT)


def build_value(
    name: str,
    table: ValueTable,
    sources: Mapping[str, SourceTable],
    declared: Collection[str],
    report: Report,
) -> Value | None:
    """A value of a sync, or ``None`` with the reasons in the report.

    Args:
        name: what templates call it.
        table: its table.
        sources: the tables of the sources that could be read.
        declared: the names of sources, valid or not.
        report: where mistakes go.
    """
    key = ("values", name)
    adopt = build_adoption(key, table.adopt, report)
    if table.expr is not None:
        foreign = [
            word for word in ("source", *_READ, "default", "adopt") if getattr(table, word) is not None
        ]
        if foreign:
            report.add(
                (*key, foreign[0]),
                f"`expr` and `{foreign[0]}` cannot stand together: the value is computed",
                "keep one of them",
            )
        return _value(key, "", table, report, expr=table.expr)
    _check_source(key, table, declared, report)
    source = sources.get(table.source or "")
    if source is not None:
        _check_address(key, table, source, report)
        _check_adoption(key, table, source, report)
    if table.source is None:
        report.require((*key, "type"), table.type, f"one of {', '.join(ValueType)}")
        return None
    return _value(key, table.source, table, report, adopt=adopt)


def build_value_of_each(source: str, name: str, table: RuleTable, report: Report) -> Value | None:
    """A value that is taken from each container of a list; otherwise as :func:`build_value`.

    Args:
        source: the name of the list.
        name: what templates call it.
        table: its table.
        report: where mistakes go.
    """
    key = ("sources", source, "values", name)
    if table.match is not None:
        report.add((*key, "match"), "`match` is for texts", 'name the key, such as key = "labels.example"')
    report.require((*key, "key"), table.key, 'what to take, such as key = "networks.bridge.ip"')
    _check_field(key, table, report)
    return _value(key, source, table, report)


def _value(
    key: KeyPath,
    source: str,
    table: RuleTable,
    report: Report,
    *,
    expr: str | None = None,
    adopt: Adoption | None = None,
) -> Value | None:
    report.require((*key, "type"), table.type, f"one of {', '.join(ValueType)}")
    if table.type is not None:
        _check_rules(key, ValueType(table.type), table, report)
    name = str(key[-1])
    check_name(key, name, report)
    if report.concerns(key) or table.type is None:
        return None
    return Value(
        name,
        source,
        table.key or (),
        ValueType(table.type),
        table.default,
        table.pattern,
        table.min,
        table.max,
        table.choices or (),
        table.match,
        expr,
        adopt,
    )


def _check_address(key: KeyPath, table: ValueTable, source: SourceTable, report: Report) -> None:
    """Whether the value says where in its source it is, in the way that fits the source."""
    format_ = declared_format(source)
    if source.containers is not None:
        report.add(
            (*key, "source"),
            f"`{table.source}` is a list of containers, which templates use by its name",
            f"declare what is taken from each under [sources.{table.source}.values]",
        )
    elif format_ is Format.TEXT:
        if table.key is not None:
            report.add((*key, "key"), "a text has no keys", "find it with match = '…', or take all of it")
        return
    elif table.match is not None:
        report.add((*key, "match"), "`match` is for sources of the format text", "name the key")
    report.require((*key, "key"), table.key, 'where it is in the source, such as key = "section.name"')
    if source.inspect and source.path is None:
        _check_field(key, table, report)
    environment = source.environment and not names_given(source)
    if (format_ is Format.ENV or environment) and table.key and len(table.key) > 1:
        what = "the environment" if environment else "an env file"
        report.add(
            (*key, "key"),
            f'"{".".join(table.key)}" cannot be in {what}, which has no sections',
            f'write the name of the variable alone, such as "{table.key[-1]}"',
        )


def _check_field(key: KeyPath, table: RuleTable, report: Report) -> None:
    """Whether Docker tells of such a thing: all of these are there, always, and no others."""
    if table.key and table.key[0] not in FIELDS_OF_A_CONTAINER:
        report.add(
            (*key, "key"),
            f"nothing called `{table.key[0]}` is told of a container",
            did_you_mean(table.key[0], FIELDS_OF_A_CONTAINER, otherwise=", ".join(FIELDS_OF_A_CONTAINER)),
        )


def _check_adoption(key: KeyPath, table: ValueTable, source: SourceTable, report: Report) -> None:
    """Whether the value can be written to its source."""
    if table.adopt is None:
        return
    others = ("inspect", "command", "containers", "environment", "credential")
    place = next((word for word in others if getattr(source, word) is not None), None)
    format_ = declared_format(source)
    if place is not None:
        report.add((*key, "adopt"), f"nothing can be adopted into a source with `{place}`", "name a file")
    elif format_ is not None and format_ not in EDITABLE:
        report.add(
            (*key, "adopt"), f"no key of {format_} can be written", f"supported: {', '.join(EDITABLE)}"
        )
    elif table.type == ValueType.LIST:
        report.add((*key, "adopt"), "lists are not adopted")


def check_name(key: KeyPath, name: str, report: Report) -> None:
    """Whether templates can use a name, and know nothing else by it.

    Args:
        key: where it is declared.
        name: what templates would call it.
        report: where mistakes go.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name in _WORDS_OF_JINJA:
        better = re.sub(r"[^A-Za-z0-9_]", "_", name)
        hint = f"did you mean `{better}`?" if better != name else ""
        report.add(key, f'"{name}" cannot be a name in a template', hint or "letters, digits and `_`")
    elif name in RESERVED:
        report.add(key, f"`{name}` is the name of something else in templates", "choose another name")


def _check_source(key: KeyPath, table: ValueTable, declared: Collection[str], report: Report) -> None:
    report.require((*key, "source"), table.source, f"declared here: {', '.join(declared) or 'no source'}")
    if table.source is not None and table.source not in declared and not report.has(("sources",)):
        report.add(
            (*key, "source"),
            f"there is no source `{table.source}`",
            did_you_mean(table.source, declared, otherwise=f"declare it under [sources.{table.source}]"),
        )


def _check_rules(key: KeyPath, type_: ValueType, table: RuleTable, report: Report) -> None:
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


def _rule_broken(table: RuleTable) -> str:
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
