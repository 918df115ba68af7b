"""YAML: PyYAML's parser tells where scalars stand, and only their text is replaced.

Not edited are: what has an anchor or a tag, or is under one; aliases and what is behind them; texts of
several lines behind ``|`` or ``>``. An element of a sequence can be set, but not added or removed.
"""

from collections.abc import Sequence

from portreeve.edits import yaml_scalars
from portreeve.edits.errors import EditError
from portreeve.edits.lines import ending, insert, remove
from portreeve.edits.model import EditValue, Key, Leaf, shown
from portreeve.edits.yaml_nodes import Node, compose, leaves_of
from portreeve.edits.yaml_scalars import ambiguous, resolve, written

same = yaml_scalars.same


def get(text: str, key: Key) -> EditValue | None:
    """A text, number or truth, where all versions of YAML agree; otherwise the text."""
    way = _way(compose(text), key)
    if len(way) <= len(key):
        return None
    node = way[-1]
    if node.kind != "scalar":
        raise EditError(f"{shown(key)} is a table, an array or an alias, not a value", node.line)
    return node.value if node.marked[1] else resolve(node.value, node.style)


def leaves(text: str) -> Sequence[Leaf]:
    """Every node, with anchor, tag, and whether it has quotes."""
    return leaves_of(compose(text))


def put(text: str, key: Key, value: EditValue) -> str:
    """The value in its place, or a line more."""
    root = compose(text)
    way = _way(root, key)
    _refuse_marked(way, key)
    if len(way) <= len(key):
        return _add(text, root, way, key, value)
    node = way[-1]
    if node.style in ("|", ">"):
        raise EditError(f"{shown(key)} is a text of several lines", node.line)
    if ambiguous(node.value, node.style):
        raise EditError(
            f"{shown(key)} has a value that versions of YAML read differently; quote it", node.line
        )
    flow = any(around.style == "{" for around in way[:-1])
    new = written(value, node.value, node.style, flow)
    blank = " " if node.start == node.end and text[node.start - 1 : node.start] in (":", "-") else ""
    return text[: node.start] + blank + new + text[node.end :]


def drop(text: str, key: Key) -> str:
    """The mapping without the key's line, or without it and its comma."""
    way = _way(compose(text), key)
    _refuse_marked(way, key)
    mapping, value = way[-2:]
    if mapping.kind != "mapping":
        raise EditError(f"{shown(key)}: an element of a sequence cannot be removed", value.line)
    index = [name.value for name in mapping.keys].index(key[-1])
    name = mapping.keys[index]
    following = mapping.keys[index + 1] if index + 1 < len(mapping.keys) else None
    if mapping.style:
        if following:
            return text[: name.start] + text[following.start :]
        if index:
            return text[: mapping.children[index - 1].end] + text[value.end :]
        return text[: mapping.start + 1] + text[mapping.end - 1 :]
    line = _line_start(text, name.start)
    if text[line : name.start].strip(" ") == "":
        return remove(text, line, _after(text, value))
    if following and text[value.end : following.start].strip() == "":
        return text[: name.start] + text[following.start :]
    raise EditError(f"{shown(key)} shares its line with what is around it", name.line)


def _way(root: Node, key: Key) -> list[Node]:
    """The nodes from the root to the key, as far as they are there."""
    way = [root]
    for depth, part in enumerate(key):
        here = way[-1]
        if _empty(here):
            break
        if here.kind not in ("mapping", "sequence"):
            raise EditError(f"{shown(key[:depth]) or 'the document'} is not a table", here.line)
        child = dict(here.items()).get(part)
        if child is None:
            if here.kind == "sequence":
                raise EditError(f"{shown(key[:depth])} is a sequence without an element {part!r}", here.line)
            break
        way.append(child)
    return way


def _empty(node: Node) -> bool:
    return node.kind == "scalar" and not node.style and not node.value and node.marked == (None, None)


def _refuse_marked(way: Sequence[Node], key: Key) -> None:
    for node in way:
        if node.marked != (None, None):
            raise EditError(f"{shown(key)} has an anchor or a tag, or is under one", node.line)


def _add(text: str, root: Node, way: Sequence[Node], key: Key, value: EditValue) -> str:
    parent, rest = way[-1], key[len(way) - 1 :]
    if any(node.style == "{" for node in way):
        return _add_in_braces(text, parent, rest, value)
    unit = _unit(text, root)
    if parent.kind == "mapping":
        column = parent.start - _line_start(text, parent.start)
        return insert(text, _after(text, parent), _block(text, rest, value, column, unit))
    if len(way) == 1:
        at = len(text) if parent.start >= len(text.rstrip()) else _after(text, parent)
        return insert(text, at, _block(text, rest, value, 0, unit))
    around = way[-2]
    if around.kind != "mapping":
        raise EditError(f"{shown(key[: len(way) - 1])} is empty, and not a table", parent.line)
    column = around.start - _line_start(text, around.start) + unit
    return insert(text, _after(text, parent), _block(text, rest, value, column, unit))


def _add_in_braces(text: str, parent: Node, rest: Key, value: EditValue) -> str:
    if parent.kind != "mapping":
        raise EditError("a value in braces that is empty, and not a table", parent.line)
    new = written(value, flow=True)
    for depth, part in reversed(list(enumerate(rest))):
        new = f"{written(part, flow=True)}: {new}"
        new = f"{{{new}}}" if depth else new
    if not parent.children:
        return text[: parent.start + 1] + new + text[parent.end - 1 :]
    end = parent.children[-1].end
    begin = parent.children[-2].end + 1 if len(parent.children) > 1 else parent.start + 1
    blanks = text[begin : parent.keys[-1].start]
    blanks = blanks if "\n" in blanks and not blanks.strip() else " "
    return f"{text[:end]},{blanks}{new}{text[end:]}"


def _block(text: str, rest: Key, value: EditValue, column: int, unit: int) -> str:
    lines = [
        " " * (column + depth * unit)
        + written(part)
        + (":" if depth < len(rest) - 1 else f": {written(value)}")
        for depth, part in enumerate(rest)
    ]
    return ending(text).join(lines)


def _unit(text: str, root: Node) -> int:
    """By how many blanks this file indents."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for child in node.children:
            if node.kind == child.kind == "mapping" and not node.style and not child.style:
                inner = child.start - _line_start(text, child.start)
                return inner - (node.start - _line_start(text, node.start))
            waiting.append(child)
    return 2


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _after(text: str, node: Node) -> int:
    """Where the line behind a node begins."""
    if node.end and text[node.end - 1 : node.end] == "\n":
        return node.end
    newline = text.find("\n", node.end)
    return len(text) if newline < 0 else newline + 1
