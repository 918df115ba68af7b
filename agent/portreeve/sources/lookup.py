"""Finds a key, or a regular expression's match, in what a format gave, and says what is there instead."""

import difflib
from collections.abc import Mapping
from typing import Any

from portreeve.definitions.model import Value
from portreeve.errors import Reason, Waiting
from portreeve.regex import match
from portreeve.sources.formats.flat import Flat
from portreeve.sources.formats.lines import TEXT

_SHOWN = 8
"""Keys that are shown of a table."""

_LONGEST = 40
"""Characters that are shown of a key."""


def lookup(value: Value, data: Mapping[str, Any]) -> Any:
    """What stands at the value's key.

    Args:
        value: whose key it is: section and option for INI, a whole name for properties, table after table
            elsewhere; an item of a list by its number, from 0.
        data: the parsed source.

    Raises:
        Waiting: the key is not there.
    """
    here: Any = data
    path = (".".join(value.key),) if isinstance(data, Flat) else value.key
    for depth, part in enumerate(path):
        if isinstance(here, list) and _is_index(part) and int(part) < len(here):
            here = here[int(part)]
        elif isinstance(here, Mapping) and part in here:
            here = here[part]
        else:
            raise _absent(value, path, depth, here)
    return here


def find_text(value: Value, pattern: str, data: Mapping[str, str]) -> str:
    """What the pattern finds in the source's text: the group of its first match, or all of that match.

    Args:
        value: whose pattern it is.
        pattern: in RE2's syntax, with at most one group; ``^`` and ``$`` are a line's.
        data: the parsed source of the format ``text``.

    Raises:
        Waiting: nothing matches.
    """
    found = match(pattern, data[TEXT])
    if found is None:
        raise Waiting(
            Reason.KEY_ABSENT,
            f"value {value.name} is not in source {value.source}",
            evidence=f"nothing matches {pattern}",
        )
    return found


def pick(value: Value, data: Mapping[str, Any]) -> Any:
    """What a source has for a value: by its key, by its pattern, or all of a text.

    Args:
        value: where it is.
        data: the parsed source.

    Raises:
        Waiting: it is not there.
    """
    if value.match is not None:
        return find_text(value, value.match, data)
    return lookup(value, data) if value.key else data[TEXT].strip()


def has(value: Value, data: Mapping[str, Any]) -> bool:
    """Whether the source has something for the value."""
    try:
        pick(value, data)
    except Waiting:
        return False
    return True


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) <= 9


def _absent(value: Value, path: tuple[str, ...], depth: int, here: Any) -> Waiting:
    wanted, place = path[depth], ".".join(path[:depth]) or "the source"
    what = f"key {'.'.join(value.key)} is not in source {value.source}"
    if isinstance(here, list):
        items = f"its items are {place}.0 to {place}.{len(here) - 1}" if here else "it is empty"
        return Waiting(Reason.KEY_ABSENT, what, evidence=f"{place} is a list; {items}")
    if not isinstance(here, Mapping):
        return Waiting(Reason.KEY_ABSENT, what, evidence=f"{place} is a value, not a table")
    keys = sorted(str(key) for key in here)
    shown = ", ".join(_cut(key) for key in keys[:_SHOWN])
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return Waiting(
        Reason.KEY_ABSENT,
        what,
        evidence=f"{place} has {shown}{more}" if keys else f"{place} is empty",
        hint=_did_you_mean(wanted, keys),
    )


def _did_you_mean(wanted: str, keys: list[str]) -> str:
    for key in keys:
        if key.lower() == wanted.lower():
            return f"did you mean `{_cut(key)}`? Keys are case-sensitive"
    # Comparing is quadratic in the length of a key, and the keys are the container's.
    short = [key for key in keys[:1000] if len(key) <= _LONGEST]
    near = difflib.get_close_matches(wanted, short, n=1)
    return f"did you mean `{_cut(near[0])}`?" if near else ""


def _cut(key: str) -> str:
    key = key if key.isprintable() else repr(key)
    return key if len(key) <= _LONGEST else key[:_LONGEST] + "…"
