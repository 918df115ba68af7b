"""TOML 1.0; a missing table is appended with its header, and a missing key comes to the end of its table.

Below an element of an array of tables, or a table that is made of dotted keys, a missing key is dotted too.
An element of an array can be set, but not added or removed.
"""

import datetime
import re
import tomllib
from collections.abc import Sequence

from portreeve.edits.errors import EditError
from portreeve.edits.lines import ending, insert, line_number, remove
from portreeve.edits.model import EditValue, Key, Leaf, shown
from portreeve.edits.toml_scan import Places, Statement, Table, after_line, scan
from portreeve.edits.trees import Tree, found, leaves_of

_PLACE = re.compile(r" \(at line (?P<line>\d+), column \d+\)$")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_DEEP_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64}""")
"""A key of more parts than anybody needs: tomllib takes a time that grows with their square."""


def same(present: EditValue, wanted: EditValue) -> bool:
    """``1`` and ``1.0`` are of different types here."""
    return type(present) is type(wanted) and present == wanted


def get(text: str, key: Key) -> EditValue | None:
    """A text, number or truth; a date as its text."""
    tree = _parse(text)
    value = found(tree, key)
    if isinstance(value, str) and not isinstance(_at(tree, key), str):
        start, end = _span(scan(text), key)
        return text[start:end]
    return value


def leaves(text: str) -> Sequence[Leaf]:
    """Every value, and every empty table or array."""
    return leaves_of(_parse(text))


def put(text: str, key: Key, value: EditValue) -> str:
    """The value in its place, or a line more."""
    tree, places = _parse(text), scan(text)
    if found(tree, key) is None:
        return _add(text, tree, places, key, value)
    start, end = _span(places, key)
    old = text[start:end]
    if isinstance(_at(tree, key), datetime.date | datetime.time):
        if not isinstance(value, str) or not _is_date(value):
            raise EditError(f"{shown(key)} is a date or a time", line_number(text, start))
        return text[:start] + value + text[end:]
    return text[:start] + _written(value, old) + text[end:]


def drop(text: str, key: Key) -> str:
    """The file without the key's line, or the inline table without it and its comma."""
    places = scan(text)
    for table in places.tables:
        for index, statement in enumerate(table.statements):
            if statement.path == key:
                return _drop(text, table, index)
    raise EditError(f"{shown(key)}: an element of an array cannot be removed")


def _drop(text: str, table: Table, index: int) -> str:
    here = table.statements[index]
    if not table.inline:
        line = text.rfind("\n", 0, here.start) + 1
        return remove(text, line, after_line(text, here.end))
    if index < len(table.statements) - 1:
        return text[: here.start] + text[table.statements[index + 1].start :]
    if index > 0:
        return text[: table.statements[index - 1].end] + text[here.end :]
    return text[: table.start + 1] + text[table.end - 1 :]


def _add(text: str, tree: Tree, places: Places, key: Key, value: EditValue) -> str:
    parents = [table for table in places.tables if table.path == key[: len(table.path)] and table.path != key]
    nearest = max(parents, key=lambda table: len(table.path))
    known = _depth(tree, key)
    if not isinstance(_at(tree, key[:known]), dict):
        raise EditError(f"{shown(key[:known])} is not a table, or has no such element")
    # A table that is made of dotted keys can only go on with them.
    mates = [s for s in nearest.statements if s.path[:known] == key[:known]]
    dotted = bool(mates) and known > len(nearest.path)
    in_element = isinstance(_array_or_end(tree, nearest.path), list)
    if nearest.inline or dotted or in_element or len(nearest.path) == len(key) - 1:
        return _add_to(text, nearest, mates[-1] if mates else None, key, _written(value, ""))
    header = f"[{_dotted(key[:-1])}]"
    blank = ending(text) if text.strip() and not text.endswith(("\n\n", "\n\r\n")) else ""
    line = f"{_dotted(key[-1:])} = {_written(value, '')}"
    return insert(text, len(text), f"{blank}{header}{ending(text)}{line}")


def _add_to(text: str, table: Table, mate: Statement | None, key: Key, written: str) -> str:
    name = _dotted(key[len(table.path) :])
    last = mate or (table.statements[-1] if table.statements else None)
    separator = " = " if last is None or len(last.separator) > 3 else last.separator
    line = f"{name}{separator}{written}"
    if table.inline:
        if not table.statements:
            return f"{text[: table.start]}{{ {line} }}{text[table.end :]}"
        end = table.statements[-1].end
        return f"{text[:end]}, {line}{text[end:]}"
    if last is not None:
        start = text.rfind("\n", 0, last.start) + 1
        return insert(text, after_line(text, last.end), text[start : last.start] + line)
    return insert(text, table.end if table.path else _first_header(text, table), line)


def _first_header(text: str, root: Table) -> int:
    """Where a root without keys ends: before the first header and the comments right above it."""
    at = next((table.start for table in scan(text).tables if table is not root and table.path), len(text))
    if at == len(text):
        return at
    at = text.rfind("\n", 0, at) + 1
    while at > 0:
        previous = text.rfind("\n", 0, at - 1) + 1
        if not text.startswith("#", previous):
            break
        at = previous
    return at


def _depth(tree: Tree, key: Key) -> int:
    """How many parts of the key are there."""
    here = tree
    for depth, part in enumerate(key):
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and part.isdecimal() and int(part) < len(here):
            here = here[int(part)]
        else:
            return depth
    return len(key)


def _at(tree: Tree, key: Key) -> Tree:
    for part in key:
        tree = tree[int(part)] if isinstance(tree, list) else tree[part]
    return tree


def _array_or_end(tree: Tree, path: Key) -> Tree:
    """The first array on the way, or what is at its end."""
    for part in path:
        if isinstance(tree, list):
            return tree
        tree = tree[part]
    return tree


def _span(places: Places, key: Key) -> tuple[int, int]:
    if key in places.elements:
        return places.elements[key]
    for table in places.tables:
        for statement in table.statements:
            if statement.path == key:
                return statement.value, statement.end
    raise EditError(f"{shown(key)} is not a value that stands in one place")


def _dotted(key: Key) -> str:
    return ".".join(part if _BARE_KEY.fullmatch(part) else _basic(part) for part in key)


def _basic(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _written(value: EditValue, old: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    if old.startswith("'") and "'" not in value:
        return f"'''{value}'''" if old.startswith("'''") and "\n" not in old else f"'{value}'"
    if old.startswith('"""') and "\n" not in old:
        return f'""{_basic(value)}""'
    return _basic(value)


def _is_date(text: str) -> bool:
    try:
        return isinstance(tomllib.loads(f"value = {text}")["value"], datetime.date | datetime.time)
    except tomllib.TOMLDecodeError:
        return False


def _parse(text: str) -> Tree:
    deep = _DEEP_KEY.search(text)
    if deep:
        raise EditError("nested too deep", line_number(text, deep.start()))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        # What the message says besides its place may quote the file.
        raise EditError("not TOML", int(place["line"]) if place else 0) from error
    except ValueError as error:
        # A number of more than 4300 digits; Python refuses to spend the time.
        raise EditError("a number that is too long") from error
    except RecursionError as error:
        raise EditError("nested too deep") from error
