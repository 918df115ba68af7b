"""A graph in the language of Graphviz (https://graphviz.org/doc/info/lang.html)."""

from portreeve.graph.model import Graph, Kind, Node

_LOOKS = {
    Kind.SOURCE: ("note", "#ddf4ff", "#0969da"),
    Kind.SYNC: ("box", "#fbefff", "#8250df"),
    Kind.FILES: ("folder", "#dafbe1", "#1a7f37"),
    Kind.UNIT: ("component", "#fff1e5", "#bc4c00"),
    Kind.CONTAINER: ("box3d", "#e6fbfb", "#0b7285"),
    Kind.HOST: ("box", "#f6f8fa", "#57606a"),
    Kind.DOCKER: ("box3d", "#f6f8fa", "#57606a"),
}


def to_dot(graph: Graph) -> str:
    """The graph as DOT."""
    lines = [
        "digraph portreeve {",
        "  rankdir=LR; ranksep=1; nodesep=0.3; bgcolor=transparent;",
        '  node [fontname="Helvetica,Arial,sans-serif", fontsize=11, style=filled];',
        '  edge [fontname="Helvetica,Arial,sans-serif", fontsize=9, color="#8c959f", fontcolor="#57606a"];',
    ]
    lines += [f"  {node.id} [{_look(node)}];" for node in graph.nodes]
    for edge in graph.edges:
        dashed = ", style=dashed" if edge.order else ""
        lines.append(f"  {edge.tail} -> {edge.head} [label={_quoted(edge.label)}{dashed}];")
    return "\n".join([*lines, "}"])


def _look(node: Node) -> str:
    shape, fill, colour = _LOOKS[node.kind]
    label = _quoted(node.title, *node.details)
    return f'label={label}, shape={shape}, fillcolor="{fill}", color="{colour}"'


def _quoted(*lines: str) -> str:
    """A label; Graphviz reads ``\\N`` and the like, and entities such as ``&lt;``, even in quotes."""
    escaped = (line.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
