"""The templates of a sync: each exists, can be parsed, and uses only values that are declared."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from portreeve.definitions.model import ValueType
from portreeve.definitions.positions import KeyPath
from portreeve.definitions.report import Report
from portreeve.definitions.suggestions import did_you_mean
from portreeve.definitions.tables import SyncTable, TargetTable
from portreeve.render.lint import (
    Linted,
    find_template,
    lint_file,
    lint_text,
    names_used,
    parts_used,
    template_names,
)

EVERYWHERE = ("values", "sync")
"""What every template may use besides the values: all values by name, and the sync's name."""

IN_COMMANDS = ("staged", "staged_files")
"""What a check's command may use besides: the first staged file, and all of them by target path."""


Lints = dict[tuple[Path, frozenset[str] | None], Linted]
"""What was found in each template file for each set of values: hundreds of syncs may share a template."""


def check_target_templates(
    tables: Sequence[TargetTable],
    values: Collection[str] | None,
    folders: Sequence[Path],
    lints: Lints,
    report: Report,
) -> frozenset[Path]:
    """Look at the templates of all targets.

    Args:
        tables: the targets.
        values: the names of the declared values; ``None`` when they are not known.
        folders: where templates are found.
        lints: of the same loading; looked up, and added to.
        report: where mistakes go.

    Returns:
        The template files that were read.
    """
    files: set[Path] = set()
    for index, table in enumerate(tables):
        if table.template is None:
            continue
        file = find_template(table.template, folders)
        if file is None:
            searched = ", ".join(str(folder) for folder in folders)
            report.add(
                ("targets", index, "template"),
                f"there is no template `{table.template}`",
                did_you_mean(
                    table.template, template_names(folders), otherwise=f"looked for it in {searched}"
                ),
            )
            continue
        key = (file, None if values is None else frozenset(values))
        linted = lints.get(key)
        if linted is None:
            linted = lints[key] = lint_file(file, folders, _names(values, EVERYWHERE), values or ())
        files |= linted.files
        report.extend(linted.problems)
    return frozenset(files)


def check_texts(table: SyncTable, values: Collection[str] | None, report: Report) -> None:
    """Look at the templates in all texts of the definition: steps, keys that are set, computed values.

    A secret may be used in what is written to targets, and to compute another secret, but in no step: steps
    are logged and shown, and the arguments of a program can be read by everybody on the host.
    """
    secrets = {name for name, value in table.values.items() if value.type == ValueType.SECRET}
    listed = {
        name: {each for each, value in source.values.items() if value.type == ValueType.SECRET}
        for name, source in table.sources.items()
    }
    for key, text in (*_steps(table), *_others(table)):
        extra = IN_COMMANDS if key[0] == "check" and "command" in key else ()
        for finding in lint_text(text, _names(values, (*EVERYWHERE, *extra)), values or ()):
            report.add(key, finding.message, finding.hint)
        used = names_used(text)
        for name in sorted(used & {*secrets, *(["values"] if secrets else [])}):
            _refuse_secret(key, name, table, report)
        for name in sorted(used & listed.keys()):
            for each in sorted(listed[name] & parts_used(text)):
                _refuse_secret(key, f"{name}.{each}", table, report)


def _refuse_secret(key: KeyPath, name: str, table: SyncTable, report: Report) -> None:
    if key[0] == "targets":
        return
    if key[0] == "values":
        if table.values[str(key[1])].type != ValueType.SECRET:
            report.add(
                key, f"`{name}` is secret, so what is computed from it is too", 'give it type = "secret"'
            )
        return
    report.add(
        key,
        f"`{name}` is secret, and a step is not: it would be logged, and seen among the processes",
        "write it to a target that the program reads",
    )


def _names(values: Collection[str] | None, others: Collection[str]) -> tuple[str, ...] | None:
    return None if values is None else (*values, *others)


def _steps(table: SyncTable) -> Iterator[tuple[KeyPath, str]]:
    for stage, steps in (("check", table.check), ("apply", table.apply), ("verify", table.verify)):
        for index, step in enumerate(steps):
            for word, content in step.model_dump(exclude_none=True).items():
                yield from _strings((stage, index, word), content)


def _others(table: SyncTable) -> Iterator[tuple[KeyPath, str]]:
    for name, value in table.values.items():
        if value.expr is not None:
            yield ("values", name, "expr"), value.expr
    for index, target in enumerate(table.targets):
        for _, content in target.set or ():
            if isinstance(content, str):
                yield ("targets", index, "set"), content


def _strings(key: KeyPath, content: object) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(content, str):
        yield key, content
    elif isinstance(content, tuple):
        for index, item in enumerate(content):
            yield from _strings((*key, index), item)
    elif isinstance(content, dict):
        for name, item in content.items():
            yield from _strings((*key, name), item)
