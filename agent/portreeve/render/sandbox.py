"""The environment of templates, and the filters that say how a value is written."""

import json
import shlex
from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, Undefined, nodes, pass_environment
from jinja2.filters import make_attrgetter
from jinja2.sandbox import ImmutableSandboxedEnvironment

from portreeve.render.marks import Rendered, UnfitError, is_plain, marked, unmarked
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
        return Rendered("".join(parts))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for output in tree.find_all(nodes.Output):
            output.nodes = [_own(each) for each in output.nodes]
        return tree


def _own(node: nodes.Expr) -> nodes.Expr:
    """A text that stands in the template, as in ``{{ ", " if not loop.last }}``, is the template's own."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return nodes.Filter(
            node, "safe", [], [], None, None, lineno=node.lineno, environment=node.environment
        )
    if isinstance(node, nodes.CondExpr):
        node.expr1 = _own(node.expr1)
        node.expr2 = None if node.expr2 is None else _own(node.expr2)
    return node


def _printed(value: Any) -> Any:
    """What ``{{ value }}`` prints."""
    if isinstance(value, Rendered | Undefined | bool | int | float):
        return value
    text = str(value)
    return text if is_plain(text) else marked(text)


def _filter(syntax: Syntax) -> Callable[[Any], Rendered]:
    def write(value: Any) -> Rendered:
        if isinstance(value, list | tuple):
            return Rendered(" ".join(marked(str(part), syntax.value) for part in value))
        return marked(str(value), syntax.value)

    return write


def _safe(value: Any) -> Rendered:
    """Printed as it is."""
    return value if isinstance(value, Rendered) else Rendered(unmarked(str(value)))


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
        return Rendered(d.join(str(_printed(item)) for item in items))
    return d.join(map(str, items))
