"""Nested tables and arrays, as JSON and TOML give them."""

from typing import Any

from portreeve.edits.errors import EditError
from portreeve.edits.model import EditValue, Key, Leaf, shown

Tree = Any
"""Mappings, lists and scalars."""


def found(tree: Tree, key: Key) -> EditValue | None:
    """The scalar at a key; ``None`` if nothing or null is there.

    Raises:
        EditError: a table or an array is there, or the way goes on below a scalar.
    """
    here = tree
    for depth, part in enumerate(key):
        if isinstance(here, dict):
            if part not in here:
                return None
            here = here[part]
        elif isinstance(here, list):
            if not part.isascii() or not part.isdecimal() or str(int(part)) != part:
                raise EditError(f"{shown(key[:depth])} is an array: {part!r} is not an index")
            if int(part) >= len(here):
                return None
            here = here[int(part)]
        else:
            raise EditError(f"{shown(key[:depth])} is not a table")
    if isinstance(here, dict | list):
        raise EditError(f"{shown(key)} is a table or an array, not a value")
    if here is None or isinstance(here, str | int | float):
        return here
    return str(here)


def leaves_of(tree: Tree) -> list[Leaf]:
    """Every scalar, and every empty table or array, with its key."""
    leaves: list[Leaf] = []
    waiting: list[tuple[Key, Tree]] = [((), tree)]
    while waiting:
        key, here = waiting.pop()
        children: list[tuple[Key, Tree]] = []
        if isinstance(here, dict):
            children = [((*key, name), child) for name, child in here.items()]
        elif isinstance(here, list):
            children = [((*key, str(index)), child) for index, child in enumerate(here)]
        if children:
            waiting += reversed(children)
        else:
            leaves.append((key, f"{type(here).__name__} {here!r}"))
    return leaves
