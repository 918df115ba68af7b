"""Finds what is wrong with a template before it is rendered: syntax, includes, names nobody declared."""

import os
import re
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from jinja2 import TemplateSyntaxError, meta, nodes

from portreeve.definitions.problems import Problem
from portreeve.definitions.suggestions import did_you_mean
from portreeve.render.sandbox import sandbox

_ENVIRONMENT = sandbox()
_VALUES = "values"
_DECLARE = "declare it under [values]"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake in a template's text.

    Args:
        line: counted from 1.
        message: one sentence, lower case, no full stop.
        hint: what to write instead; empty when that cannot be said.
    """

    line: int
    message: str
    hint: str = ""


@dataclass(slots=True)
class Linted:
    """What was found in a template and in all that it includes.

    Args:
        problems: the mistakes, with file and line.
        files: every template file that was read.
    """

    problems: list[Problem] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)


def find_template(name: str, folders: Sequence[Path], kept: Collection[Path] = ()) -> Path | None:
    """The file that a template's name stands for; the first folder that has it wins.

    A link to ``/dev/null`` masks: the template is then as good as missing.

    Args:
        name: of the template.
        folders: where it is looked for.
        kept: files that count as there, whatever has become of them.
    """
    if ".." in PurePosixPath(name).parts or name.startswith("/"):
        return None
    for folder in folders:
        if folder / name in kept:
            return folder / name
        try:
            mode = (folder / name).stat().st_mode
        except (OSError, ValueError):
            # Absent, out of reach, or not even a file name: as far as we can see it is not there.
            continue
        if stat.S_ISREG(mode):
            return folder / name
        if stat.S_ISCHR(mode):
            return None
    return None


def template_names(folders: Sequence[Path]) -> list[str]:
    """The names of all templates that the folders have."""
    return sorted(
        {
            os.path.relpath(Path(place, file), folder)
            for folder in folders
            for place, _, files in os.walk(folder)
            for file in files
        }
    )


def lint_text(
    text: str,
    names: Collection[str] | None,
    values: Collection[str] = (),
    undeclared: str = _DECLARE,
) -> list[Finding]:
    """What is wrong with a template that stands in a definition.

    Args:
        text: the template.
        names: every name it may use; ``None`` when that is not known, then names are not judged.
        values: the names that ``values`` holds.
        undeclared: the hint for a name that is like none of them.
    """
    tree, findings = _parse(text)
    return findings if tree is None else [*_undeclared(tree, names, values, undeclared), *_others(tree)]


def _others(tree: nodes.Template) -> Iterator[Finding]:
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield Finding(node.lineno, "a text in a definition cannot bring in a template", "write it out")


def names_used(text: str) -> frozenset[str]:
    """The names that a template in a definition uses, also as ``values.NAME``; none if it is not valid.

    ``values`` itself is among them only where it is used as a whole.
    """
    tree, _ = _parse(text)
    if tree is None:
        return frozenset()
    found = [_value_accessed(node) for node in tree.find_all((nodes.Getattr, nodes.Getitem))]
    accessed = [name for name in found if name is not None]
    names = meta.find_undeclared_variables(tree)
    whole = sum(node.name == _VALUES for node in tree.find_all(nodes.Name)) > len(accessed)
    return frozenset({*(names if whole else names - {_VALUES}), *accessed})


def parts_used(text: str) -> frozenset[str]:
    """The parts that a template in a definition may take of anything: each ``.NAME``, and each text in it."""
    tree, _ = _parse(text)
    if tree is None:
        return frozenset()
    texts = {node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str)}
    return frozenset(texts | {node.attr for node in tree.find_all(nodes.Getattr)})


def lint_file(
    file: Path, folders: Sequence[Path], names: Collection[str] | None, values: Collection[str] = ()
) -> Linted:
    """What is wrong with a template file and with the templates that it includes, imports or extends.

    Args:
        file: the template.
        folders: where the others are found.
        names: every name it may use; ``None`` when that is not known.
        values: the names that ``values`` holds.
    """
    linted = Linted()
    _lint_file(file, folders, names, values, linted)
    return linted


def _lint_file(
    file: Path,
    folders: Sequence[Path],
    names: Collection[str] | None,
    values: Collection[str],
    linted: Linted,
) -> None:
    if file in linted.files:
        return
    linted.files.add(file)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        linted.problems.append(Problem(file, 0, f"the template cannot be read: {error.strerror}".lower()))
        return
    except UnicodeDecodeError:
        linted.problems.append(Problem(file, 0, "the template is not UTF-8"))
        return
    lines = text.split("\n")
    tree, findings = _parse(text)
    if tree is not None:
        findings = [*_undeclared(tree, names, values), *_missing(tree, folders)]
    for finding in findings:
        shown = lines[finding.line - 1].strip("\r") if finding.line <= len(lines) else ""
        linted.problems.append(Problem(file, finding.line, finding.message, shown, finding.hint))
    if tree is None:
        return
    local = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
    for node, name in _referenced(tree):
        other = find_template(name, folders)
        if other is not None:
            # An import does not see the names of its importer unless it says `with context`.
            alone = isinstance(node, nodes.Import | nodes.FromImport) and not node.with_context
            inner = None if names is None else (() if alone else {*names, *local})
            _lint_file(other, folders, inner, values, linted)


def _parse(text: str) -> tuple[nodes.Template | None, list[Finding]]:
    """The syntax tree, or why there is none."""
    try:
        tree = _ENVIRONMENT.parse(text)
        # Unknown filters and tests come to light only when code is generated.
        meta.find_undeclared_variables(tree)
    except TemplateSyntaxError as error:
        message = re.sub(r"\.$", "", str(error.message or "syntax error"))
        hint = ""
        unknown = re.fullmatch(r"No (filter|test) named '(\w+)'", message)
        if unknown:
            known = _ENVIRONMENT.filters if unknown[1] == "filter" else _ENVIRONMENT.tests
            message = f"there is no {unknown[1]} `{unknown[2]}`"
            hint = did_you_mean(unknown[2], known, otherwise="see the list in Jinja's template documentation")
        else:
            message = f"the template is not valid: {message[:1].lower()}{message[1:]}"
        return None, [Finding(error.lineno, message, hint)]
    except RecursionError:
        return None, [Finding(1, "the template is nested too deeply")]
    return tree, []


def _undeclared(
    tree: nodes.Template, names: Collection[str] | None, values: Collection[str], otherwise: str = _DECLARE
) -> Iterator[Finding]:
    if names is None:
        return
    unknown = meta.find_undeclared_variables(tree) - set(names) - set(_ENVIRONMENT.globals)
    for node in tree.find_all(nodes.Name):
        if node.ctx == "load" and node.name in unknown:
            yield Finding(
                node.lineno,
                f"there is no value `{node.name}`",
                did_you_mean(node.name, names, otherwise=otherwise),
            )
    for access in tree.find_all((nodes.Getattr, nodes.Getitem)):
        name = _value_accessed(access)
        if name is not None and name not in values and not hasattr(dict, name):
            yield Finding(
                access.lineno, f"there is no value `{name}`", did_you_mean(name, values, otherwise=otherwise)
            )


def _value_accessed(access: nodes.Expr) -> str | None:
    """The NAME of ``values.NAME`` or ``values["NAME"]``."""
    holder = access.node if isinstance(access, nodes.Getattr | nodes.Getitem) else None
    if not isinstance(holder, nodes.Name) or holder.name != _VALUES:
        return None
    if isinstance(access, nodes.Getattr):
        return access.attr
    argument = access.arg if isinstance(access, nodes.Getitem) else None
    return argument.value if isinstance(argument, nodes.Const) and isinstance(argument.value, str) else None


def _referenced(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str]]:
    """The templates that this one names literally."""
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        template = getattr(node, "template", None)
        if isinstance(template, nodes.Const) and isinstance(template.value, str):
            yield node, template.value


def _missing(tree: nodes.Template, folders: Sequence[Path]) -> Iterator[Finding]:
    for node, name in _referenced(tree):
        optional = isinstance(node, nodes.Include) and node.ignore_missing
        if not optional and find_template(name, folders) is None:
            yield Finding(
                node.lineno,
                f"there is no template `{name}`",
                did_you_mean(name, template_names(folders), otherwise=""),
            )
