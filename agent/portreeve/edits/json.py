"""JSON (RFC 8259): :mod:`json` finds where values end; comments and doubled keys are refused as it reads.

A missing key is written after its last sibling, with the blanks that the sibling has; a missing table is
written with it. An element of an array can be set, but not added or removed: a second run would find other
indices.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from portreeve.edits.errors import EditError
from portreeve.edits.lines import ending, line_number
from portreeve.edits.model import EditValue, Key, Leaf, shown
from portreeve.edits.trees import Tree, found, leaves_of

_BLANK = re.compile(r"[ \t\r\n]*")
_INDENTATION = re.compile(r"^([ \t]+)\S", re.MULTILINE)
_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}")


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of an object, or an element of an array, and where it stands."""

    name: str
    start: int
    value: int
    end: int


def same(present: EditValue, wanted: EditValue) -> bool:
    """JSON has one kind of number; a truth is none."""
    if isinstance(present, bool) or isinstance(wanted, bool):
        return present is wanted
    return present == wanted


def get(text: str, key: Key) -> EditValue | None:
    """A text, number or truth."""
    return found(_parse(text), key)


def leaves(text: str) -> Sequence[Leaf]:
    """Every value, and every empty table or array."""
    return leaves_of(_parse(text))


def put(text: str, key: Key, value: EditValue) -> str:
    """The value in its place, or a member more."""
    at = _start(text)
    for depth, part in enumerate(key):
        members = _members(text, at)
        member = next((member for member in members if member.name == part), None)
        if member is None:
            return _add(text, at, members, key[depth:], value)
        at = member.value
        if depth == len(key) - 1:
            return text[:at] + _written(value, text) + text[member.end :]
    raise EditError(f"{shown(key)} is a table")


def drop(text: str, key: Key) -> str:
    """The object without the member, and without the comma that it needed."""
    at = _start(text)
    for part in key[:-1]:
        at = next(member.value for member in _members(text, at) if member.name == part)
    if text[at] == "[":
        raise EditError(f"{shown(key)}: an element of an array cannot be removed", line_number(text, at))
    members = _members(text, at)
    index = [member.name for member in members].index(key[-1])
    if index > 0 and index == len(members) - 1:
        return text[: members[index - 1].end] + text[members[index].end :]
    if index < len(members) - 1:
        return text[: members[index].start] + text[members[index + 1].start :]
    closing = text.index("}", members[index].end)
    return text[: at + 1] + text[closing:]


def _start(text: str) -> int:
    return _skip(text, 0)


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _members(text: str, at: int) -> list[_Member]:
    """What is in the object or array that begins here; the text is known to be valid."""
    if text[at] not in "{[":
        raise EditError("the key goes on below a value that is not a table", line_number(text, at))
    members: list[_Member] = []
    decoder = json.JSONDecoder()
    keyed = text[at] == "{"
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        start, name = at, str(len(members))
        if keyed:
            name, at = decoder.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)  # behind the colon
        _, end = decoder.raw_decode(text, at)
        members.append(_Member(name, start, at, end))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return members


def _add(text: str, at: int, members: Sequence[_Member], rest: Key, value: EditValue) -> str:
    if text[at] == "[":
        raise EditError("an array has no element of this index", line_number(text, at))
    written = _written(value, text)
    if members:
        last = members[-1]
        before = at + 1 if len(members) == 1 else text.index(",", members[-2].end) + 1
        blanks = text[before : last.start]
        colon = text[last.start : last.value][len(_key_text(text, last)) :]
        new = _nested(rest, written, blanks, colon, text)
        return f"{text[: last.end]},{blanks}{new}{text[last.end :]}"
    closing = text.index("}", at)
    unit = _INDENTATION.search(text)
    if unit is None and "\n" not in text.strip():
        return f"{text[: at + 1]}{_nested(rest, written, '', ': ', text)}{text[closing:]}"
    line = text.rfind("\n", 0, at) + 1
    outer = ending(text) + text[line : _skip_blanks(text, line)]
    inner = outer + (unit[1] if unit else "  ")
    return f"{text[: at + 1]}{inner}{_nested(rest, written, inner, ': ', text)}{outer}{text[closing:]}"


def _key_text(text: str, member: _Member) -> str:
    _, end = json.JSONDecoder().raw_decode(text, member.start)
    return text[member.start : end]


def _skip_blanks(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    return at


def _nested(rest: Key, written: str, blanks: str, colon: str, text: str) -> str:
    """``"key": value``, or the tables round it as well, with braces placed as the siblings' blanks are."""
    name = json.dumps(rest[0], ensure_ascii=_ascii(text)) + colon
    if len(rest) == 1:
        return name + written
    found_unit = _INDENTATION.search(text)
    unit = found_unit[1] if found_unit else "  "
    inner = blanks + unit if "\n" in blanks else ""
    outer = blanks if "\n" in blanks else ""
    return f"{name}{{{inner}{_nested(rest[1:], written, inner, colon, text)}{outer}}}"


def _written(value: EditValue, text: str) -> str:
    return json.dumps(value, ensure_ascii=_ascii(text))


def _ascii(text: str) -> bool:
    """Whether the file writes what is not ASCII as escapes."""
    return text.isascii() and bool(_ESCAPED.search(text))


def _parse(text: str) -> Tree:
    try:
        parsed: Tree = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise EditError(f"not JSON: {error.msg.lower()}", error.lineno) from error
    except RecursionError as error:
        raise EditError("nested too deep") from error
    except EditError:
        raise
    except ValueError as error:
        # A number of more than 4300 digits; Python refuses to spend the time.
        raise EditError("a number that is too long") from error
    return parsed


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise EditError("a key stands twice in an object")
        members[key] = value
    return members


def _constant(name: str) -> NoReturn:
    raise EditError(f"{name} is not JSON")
