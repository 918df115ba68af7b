"""A graph as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""

import string

from portreeve.graph.model import Graph, Kind, Node

_PLAIN = frozenset(string.ascii_letters + string.digits + " ._-/:,…")
"""Letters that mean nothing to Mermaid, to Markdown in it, or to HTML; all others are written by number."""

_SHAPES = {
    Kind.SOURCE: ("(", ")"),
    Kind.SYNC: ("([", "])"),
    Kind.FILES: ("[", "]"),
    Kind.UNIT: ("{{", "}}"),
    Kind.CONTAINER: ("[[", "]]"),
    Kind.HOST: ("[", "]"),
    Kind.DOCKER: ("[[", "]]"),
}
_COLOURS = {
    Kind.SOURCE: "#0969da",
    Kind.SYNC: "#8250df",
    Kind.FILES: "#1a7f37",
    Kind.UNIT: "#bc4c00",
    Kind.CONTAINER: "#0b7285",
    Kind.HOST: "#57606a",
    Kind.DOCKER: "#57606a",
}


def to_mermaid(graph: Graph) -> str:
    """The graph as a flowchart."""
    lines = ["flowchart LR"]
    lines += [f"  {node.id}{_box(node)}:::{node.kind}" for node in graph.nodes]
    for edge in graph.edges:
        arrow = "-.->" if edge.order else "-->"
        label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
        lines.append(f"  {edge.tail} {arrow}{label} {edge.head}")
    for kind in dict.fromkeys(node.kind for node in graph.nodes):
        lines.append(f"  classDef {kind} stroke:{_COLOURS[kind]},stroke-width:2px")
    return "\n".join(lines)


def _box(node: Node) -> str:
    opening, closing = _SHAPES[node.kind]
    text = "<br/>".join(map(_escaped, (node.title, *node.details)))
    return f'{opening}"{text}"{closing}'


def _escaped(text: str) -> str:
    return "".join(letter if letter in _PLAIN else f"#{ord(letter)};" for letter in text)
