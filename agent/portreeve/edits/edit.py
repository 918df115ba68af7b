"""Sets, removes and reads single keys of a file; every other byte stays as it is.

A result is proved before it is given: it is read again, and must say what was wanted of the edited key and
what it said before of every other one.
"""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import cast

from portreeve.definitions.model import Format
from portreeve.edits.errors import EditError
from portreeve.edits.model import Editor, EditValue, Key, Leaf, shown

__all__ = ["EditError", "EditValue", "edit", "read"]

_BOM = "\ufeff"
_LINE_BREAKS = re.compile("[\u2028\u2029]")
_DIGITS = 4300
"""Python refuses to write an integer of more digits, since the time grows with their square."""

_EDITABLE = (Format.INI, Format.JSON, Format.YAML, Format.TOML, Format.ENV, Format.UNIT)
"""A module of the same name for each; it is imported when the first file needs it."""


def edit(format_: Format, data: bytes, edits: Mapping[tuple[str, ...], EditValue | None]) -> bytes:
    """The file with each key set or removed, in the order given; everything else stays byte for byte.

    A key that has its value already, or is absent and to be removed, changes nothing. Quotes, blanks round
    the separator, comments, line endings, a byte order mark and a missing last line ending stay.

    Args:
        format_: how the file is written.
        data: all of it.
        edits: the value of each key; ``None`` removes the key with its line.

    Raises:
        EditError: the file is not valid in its format, the place of a key is not a table or is ambiguous, or
            a value cannot be written there. Nothing half-right is ever returned.
    """
    for key, value in edits.items():
        _refuse_unwritable(key, value)
    editor, text, bom = _open(format_, data)
    for key, value in edits.items():
        changed = _step(editor, text, key, value)
        if changed != text:
            _prove(editor, text, changed, key, value)
            text = changed
    try:
        return (bom + text).encode()
    except UnicodeEncodeError as error:
        raise EditError("a value is not text that UTF-8 can write") from error


def read(format_: Format, data: bytes, key: tuple[str, ...]) -> EditValue | None:
    """A key's value as :func:`edit` sees it; ``None`` when it is absent, or null.

    INI, unit and env files give texts. A key of a unit file with several values gives them one a line; a
    date of TOML is given as its text.

    Args:
        format_: how the file is written.
        data: all of it.
        key: which one.

    Raises:
        EditError: the file is not valid, or a table stands there.
    """
    editor, text, _ = _open(format_, data)
    return editor.get(text, key)


def _open(format_: Format, data: bytes) -> tuple[Editor, str, str]:
    if format_ not in _EDITABLE:
        raise EditError(f"files of the format {format_.value} cannot be edited in place")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EditError("not UTF-8", data.count(b"\n", 0, error.start) + 1) from error
    if "\0" in text:
        raise EditError("a NUL byte", text.count("\n", 0, text.index("\0")) + 1)
    bom = _BOM if text.startswith(_BOM) else ""
    return cast(Editor, import_module(f"portreeve.edits.{format_.value}")), text[len(bom) :], bom


def _step(editor: Editor, text: str, key: Key, value: EditValue | None) -> str:
    # Also an edit that changes nothing says so only of a file that is valid.
    found = editor.get(text, key)
    if value is None:
        present = found is not None or any(path == key for path, _ in editor.leaves(text))
        return editor.drop(text, key) if present else text
    if found is not None and editor.same(found, value):
        return text
    return editor.put(text, key, value)


def _prove(editor: Editor, before: str, after: str, key: Key, value: EditValue | None) -> None:
    """Raise unless exactly the wanted key changed."""
    try:
        others_kept = _others(editor.leaves(before), key) == _others(editor.leaves(after), key)
        found = editor.get(after, key)
    except EditError as error:
        raise EditError(f"{shown(key)} cannot be set so that the file stays valid") from error
    if value is None:
        there = found is not None or any(path == key for path, _ in editor.leaves(after))
        if there:
            raise EditError(f"{shown(key)} cannot be removed")
    elif found is None or not editor.same(found, value):
        raise EditError(f"the value of {shown(key)} cannot be written in this format")
    if not others_kept:
        raise EditError(f"{shown(key)} cannot be set without a change to another key")


def _others(leaves: Sequence[Leaf], key: Key) -> list[Leaf]:
    """All but the key itself, and that the tables round it are there."""
    return [leaf for leaf in leaves if leaf[0] != key[: len(leaf[0])]]


def _refuse_unwritable(key: Key, value: EditValue | None) -> None:
    if not key or not all(key):
        raise EditError("a key has no empty part")
    for part in key:
        if _controls(part):
            raise EditError("a key with a line break or another control character")
    if isinstance(value, str) and _controls(value):
        raise EditError(f"the value of {shown(key)} has a line break or another control character")
    if isinstance(value, float) and not math.isfinite(value):
        raise EditError(f"the value of {shown(key)} is not a finite number")
    if isinstance(value, int) and abs(value) >= 10**_DIGITS:
        raise EditError(f"the value of {shown(key)} is a number that is too long")


def _controls(text: str) -> bool:
    return bool(_LINE_BREAKS.search(text)) or any(unicodedata.category(c) in ("Cc", "Cs") for c in text)
