"""A YAML document as nodes with their offsets; aliases are leaves, so no tree is larger than its text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from portreeve.edits.errors import EditError
from portreeve.edits.model import Key, Leaf

Kind = Literal["scalar", "mapping", "sequence", "alias"]

_DEEPEST = 64
_MERGE = "<<"


@dataclass(slots=True)
class Node:
    """One node.

    Args:
        kind: what it is.
        start: where it begins, with its anchor and tag.
        end: behind its last content; of a literal or folded text, behind its last line.
        line: of its begin, counted from 1.
        value: the text of a scalar, the name of an alias.
        style: the quote or the sign of a scalar, empty for a plain one; ``{`` for a flow collection.
        marked: anchor and tag.
        keys: of a mapping, one for each child.
        names: the texts of the keys.
        children: the values of a mapping, the elements of a sequence.
    """

    kind: Kind
    start: int
    end: int
    line: int
    value: str = ""
    style: str = ""
    marked: tuple[str | None, str | None] = (None, None)
    keys: list["Node"] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    children: list["Node"] = field(default_factory=list)

    def add(self, node: "Node") -> None:
        """Take the next node of a collection."""
        if self.kind == "mapping" and len(self.keys) == len(self.children):
            if node.kind != "scalar":
                raise EditError("a key that is not a text", node.line)
            if node.value != _MERGE and node.value in self.names:
                raise EditError("a key stands twice in a mapping", node.line)
            self.names.add(node.value)
            self.keys.append(node)
        else:
            self.children.append(node)
            if not self.style:
                self.end = node.end

    def items(self) -> Iterator[tuple[str, "Node"]]:
        """The children by name or index."""
        if self.kind == "mapping":
            for key, child in zip(self.keys, self.children, strict=True):
                yield key.value, child
        else:
            for index, child in enumerate(self.children):
                yield str(index), child


def compose(text: str) -> Node:
    """The one document of a text; an empty one is an empty plain scalar.

    Raises:
        EditError: it is not YAML, or has more than one document, a key twice, or too many levels.
    """
    try:
        return _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise EditError("not YAML", mark.line + 1 if mark else 0) from error
    except yaml.YAMLError as error:
        raise EditError("not YAML") from error


def leaves_of(root: Node) -> list[Leaf]:
    """Every node but its place, in order."""
    leaves: list[Leaf] = []
    waiting: list[tuple[Key, Node]] = [((), root)]
    while waiting:
        key, node = waiting.pop()
        plain = node.kind == "scalar" and not node.style
        leaves.append((key, repr((node.kind, plain, node.marked, node.value))))
        waiting += reversed([((*key, name), child) for name, child in node.items()])
    return leaves


def _compose(text: str) -> Node:
    root: Node | None = None
    open_: list[Node] = []
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            closed = open_.pop()
            if closed.style:
                closed.end = _offset(event.end_mark)
                # What is around it was told of an end that was not known yet.
                for around in reversed(open_):
                    if around.style:
                        break
                    around.end = closed.end
            elif open_ and not open_[-1].style:
                open_[-1].end = closed.end
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        node = _node(event)
        if open_:
            open_[-1].add(node)
        elif root is None:
            root = node
        else:
            raise EditError("more than one document", node.line)
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append(node)
            if len(open_) > _DEEPEST:
                raise EditError("nested too deep", node.line)
    return root or Node("scalar", len(text), len(text), text.count("\n") + 1)


def _node(event: yaml.NodeEvent) -> Node:
    start, end = _offset(event.start_mark), _offset(event.end_mark)
    line = event.start_mark.line + 1 if event.start_mark else 0
    if isinstance(event, yaml.ScalarEvent):
        marked = (event.anchor, event.tag)
        return Node("scalar", start, end, line, event.value, event.style or "", marked)
    if isinstance(event, yaml.CollectionStartEvent):
        kind: Kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence"
        style = "{" if event.flow_style else ""
        return Node(kind, start, end, line, "", style, (event.anchor, event.tag))
    return Node("alias", start, end, line, event.anchor or "")


def _offset(mark: Any) -> int:
    """libyaml counts characters, and tells the place of every event."""
    if mark is None:
        raise EditError("not YAML")
    return int(mark.index)
