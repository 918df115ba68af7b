"""The environment of templates, and the filters that say how a value is written."""

import json
import shlex
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from jinja2 import BaseLoader, Environment, StrictUndefined, Undefined, nodes, pass_environment
from jinja2.filters import make_attrgetter
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from portreeve.render.marks import Rendered, UnfitError, is_plain, marked, own, unmarked
from portreeve.render.syntax import Syntax


def sandbox(loader: BaseLoader | None = None) -> ImmutableSandboxedEnvironment:
    """The one environment in which templates are looked at and rendered.

    Args:
        loader: finds templates by name.
    """
    environment = _Sandbox(
        loader=loader,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
        finalize=_printed,
    )
    for syntax in Syntax:
        environment.filters[syntax.value] = _filter(syntax)
    environment.filters |= {"join": _join, "json": _json, "safe": _safe, "shell": _shell}
    return environment


class _Sandbox(ImmutableSandboxedEnvironment):
    """Knows the template's own text from that of values, also in what macros and blocks give."""

    @staticmethod
    def concat(parts: Iterable[str]) -> Rendered:
        # Only text that went through `_printed` is ever put together by this.
        return own("".join(parts))

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        return super()._generate(_Own().visit(source), name, filename, defer_init)


class _Own(NodeTransformer):
    """Has texts that stand in the template count as its own, and no others."""

    def visit_Const(self, node: nodes.Const) -> nodes.Expr:  # noqa: N802 - jinja2's way to name it
        if not isinstance(node.value, str):
            return node
        return _at(node, nodes.Filter(node, "safe", [], [], None, None))

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> list[nodes.Node]:  # noqa: N802
        """``{% filter %}`` would print what the filter gives; printed by ``{{ }}`` it is looked at."""
        self.generic_visit(node)
        first = node.filter
        while isinstance(first.node, nodes.Filter):
            first = first.node
        if first is node.filter and first.name in _LAYOUT:
            return [node]
        first.node = _at(node, nodes.Name("_filtered", "load"))
        stored = nodes.AssignBlock(nodes.Name("_filtered", "store"), None, node.body)
        return [_at(node, stored), _at(node, nodes.Output([node.filter]))]


_LAYOUT = ("indent", "trim")
"""Filters that change nothing but blanks round lines."""

Made = TypeVar("Made", bound=nodes.Node)


def _at(old: nodes.Node, new: Made) -> Made:
    """A node in the place of another one."""
    new.set_lineno(old.lineno)
    if old.environment is not None:
        new.set_environment(old.environment)
    return new


def _printed(value: Any) -> Any:
    """What ``{{ value }}`` prints."""
    if isinstance(value, Rendered | Undefined | bool | int | float):
        return value
    text = str(value)
    return text if is_plain(text) else marked(text)


def _filter(syntax: Syntax) -> Callable[[Any], Rendered]:
    def write(value: Any) -> Rendered:
        if isinstance(value, list | tuple):
            return own(" ".join(marked(str(part), syntax.value) for part in value))
        return marked(str(value), syntax.value)

    return write


def _safe(value: Any) -> Rendered:
    """Printed as it is."""
    return value if isinstance(value, Rendered) else own(unmarked(str(value)))


def _shell(value: Any) -> str:
    """One word of a shell command, or of each part of a list one."""
    if isinstance(value, list | tuple):
        return shlex.join(unmarked(str(part)) for part in value)
    text = unmarked(str(value))
    if "\0" in text:
        raise UnfitError("has a NUL, which no word of a shell can have", text)
    return shlex.quote(text)


def _json(value: Any) -> str:
    """Any value in JSON, which YAML understands as well; unlike ``tojson`` not made for HTML."""
    return json.dumps(unmarked(value) if isinstance(value, str) else value, default=dict)


@pass_environment
def _join(environment: Environment, value: Any, d: str = "", attribute: str | int | None = None) -> str:
    """As Jinja's own; each item of a list with blanks or commas between is a value by itself."""
    items = value if attribute is None else map(make_attrgetter(environment, attribute), value)
    if d and not d.strip(" ,"):
        return own(d.join(str(_printed(item)) for item in items))
    return d.join(map(str, items))
