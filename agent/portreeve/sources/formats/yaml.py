"""YAML: one document, a mapping at the top, no key twice, every scalar as the text it was written as.

YAML 1.1 would make ``no`` a boolean, ``22:22`` a number and ``1.10`` another one; a value's type is declared
by the administrator, so the parser does not guess. Only null is told from a text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from portreeve.sources.formats.errors import FormatError, quoted
from portreeve.sources.formats.text import decode

_DEEPEST = 64
_MOST_NODES = 100_000
"""Nodes of a document with every alias written out: ten lines of aliases can stand for a billion."""


_STRUCTURE = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map", "!")
"""The tags that may be written: those that change nothing."""


class _Loader(yaml.CSafeLoader):
    # Nothing is resolved by its looks but null and the merge key.
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as the base has it


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<\Z"), ["<"])


def parse(data: bytes) -> Mapping[str, Any]:
    """The document.

    Raises:
        FormatError: it is not YAML, not a mapping, has tags, or is too much or too deep.
    """
    text = decode(data)
    try:
        _Examination().examine(text)
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


@dataclass(slots=True)
class _Collection:
    """One that is open.

    Args:
        anchor: its name.
        before: nodes before it.
        keys: those that it had so far; ``None`` for a list.
        at_key: whether the next node of it is a key.
    """

    anchor: str | None
    before: int
    keys: set[str] | None
    at_key: bool = True


class _Examination:
    """Refuses by its events what is not to be built, before anything is built from it."""

    def __init__(self) -> None:
        self._open: list[_Collection] = []
        self._weights: dict[str, int] = {}
        self._nodes = 0

    def examine(self, text: str) -> None:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.NodeEvent):
                self._node(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                closed = self._open.pop()
                if closed.anchor:
                    self._weights[closed.anchor] = self._nodes - closed.before
            if len(self._open) > _DEEPEST:
                raise FormatError("nested too deep", _line(event))
            if self._nodes > _MOST_NODES:
                raise FormatError("too much of it, aliases counted as often as they are used", _line(event))

    def _node(self, event: yaml.NodeEvent) -> None:
        if self._open and self._open[-1].keys is not None:
            if self._open[-1].at_key:
                _key(event, self._open[-1].keys)
            self._open[-1].at_key = not self._open[-1].at_key
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._weights:
                raise FormatError("an alias of nothing, or of what it stands in", _line(event))
            self._nodes += self._weights[event.anchor]
            return
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag not in (
            None,
            *_STRUCTURE,
        ):
            raise FormatError("a tag", _line(event))
        if isinstance(event, yaml.CollectionStartEvent):
            keys: set[str] | None = set() if isinstance(event, yaml.MappingStartEvent) else None
            # What stood under the anchor before is not meant any more.
            self._weights.pop(event.anchor or "", None)
            self._open.append(_Collection(event.anchor, self._nodes, keys))
        elif event.anchor:
            self._weights[event.anchor] = 1
        self._nodes += 1


def _key(event: yaml.NodeEvent, keys: set[str]) -> None:
    if not isinstance(event, yaml.ScalarEvent):
        raise FormatError("a key that is not a text", _line(event))
    is_merge = event.value == "<<" and event.implicit[0]
    if event.value in keys and not is_merge:
        raise FormatError(f"key {quoted(event.value)} for the second time", _line(event))
    keys.add(event.value)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
