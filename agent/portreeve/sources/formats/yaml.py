"""YAML: one document, a mapping at the top, no key twice, every scalar as the text it was written as.

YAML 1.1 would make ``no`` a boolean, ``22:22`` a number and ``1.10`` another one; a value's type is declared
by the administrator, so the parser does not guess. Only null is told from a text.
"""

import re
from collections.abc import Hashable, Mapping
from typing import Any

import yaml

from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.text import decode

_DEEPEST = 64
_MOST_NODES = 100_000
"""Nodes of a document with every alias written out: ten lines of aliases can stand for a billion."""


class _Loader(yaml.CSafeLoader):
    # Nothing is resolved by its looks but null and the merge key.
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as the base has it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise FormatError("a key that is not a text", key.start_mark.line + 1)
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise FormatError(f"key {key.value!r} for the second time", key.start_mark.line + 1)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<\Z"), ["<"])


def parse(data: bytes) -> Mapping[str, Any]:
    """The document.

    Raises:
        FormatError: it is not YAML, not a mapping, or too much of it.
    """
    text = decode(data)
    try:
        _bound(text)
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FormatError("not YAML", mark.line + 1 if mark else 0) from error
    except yaml.YAMLError as error:
        raise FormatError("not YAML") from error
    except RecursionError as error:
        raise FormatError("nested too deep") from error
    if not isinstance(found, dict):
        raise FormatError("not a mapping at the top")
    return found


def _bound(text: str) -> None:
    """Refuse what is nested too deep or stands for too much, before anything is built from it."""
    weights: dict[str, int] = {}
    anchors: list[tuple[str | None, int]] = []
    nodes = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            anchors.append((event.anchor, nodes))
        if isinstance(event, yaml.NodeEvent):
            # An alias to what is still open would be a circle.
            nodes += weights.get(event.anchor or "", _MOST_NODES) if isinstance(event, yaml.AliasEvent) else 1
        if isinstance(event, yaml.ScalarEvent) and event.anchor:
            weights[event.anchor] = 1
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = anchors.pop()
            if anchor:
                weights[anchor] = nodes - before
        if len(anchors) > _DEEPEST:
            raise FormatError("nested too deep", _line(event))
        if nodes > _MOST_NODES:
            raise FormatError("too much of it, aliases counted as often as they are used", _line(event))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
