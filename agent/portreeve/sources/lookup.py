"""Finds a key in what a format gave, and says what is there instead."""

import difflib
from collections.abc import Mapping
from typing import Any

from portreeve.definitions.model import Value
from portreeve.errors import Reason, Waiting

_SHOWN = 8
"""Keys that are shown of a table."""

_LONGEST = 40
"""Characters that are shown of a key."""


def lookup(value: Value, data: Mapping[str, Any]) -> Any:
    """What stands at the value's key.

    Args:
        value: whose key it is: section and option for INI, table after table elsewhere.
        data: the parsed source.

    Raises:
        Waiting: the key is not there.
    """
    here: Any = data
    for depth, part in enumerate(value.key):
        if not isinstance(here, Mapping) or part not in here:
            raise _absent(value, depth, here)
        here = here[part]
    return here


def has(value: Value, data: Mapping[str, Any]) -> bool:
    """Whether the value's key is there."""
    try:
        lookup(value, data)
    except Waiting:
        return False
    return True


def _absent(value: Value, depth: int, here: Any) -> Waiting:
    wanted, place = value.key[depth], ".".join(value.key[:depth]) or "the source"
    what = f"key {'.'.join(value.key)} is not in source {value.source}"
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
