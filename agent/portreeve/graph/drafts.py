"""Collects nodes and edges, each once."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from portreeve.graph.model import Edge, Graph, Kind, Node

LONGEST = 44
"""Characters of a line; what is longer is cut in its middle, since paths differ at both ends."""


def clean(text: str) -> str:
    """One line of printable characters: names of containers and paths may hold anything."""
    shown = "".join(letter if _printable(letter) else f"\\x{ord(letter):02x}" for letter in text)
    if len(shown) <= LONGEST:
        return shown
    half = (LONGEST - 1) // 2
    return f"{shown[:half]}…{shown[-half:]}"


def _printable(letter: str) -> bool:
    # Marks that turn the direction of writing are format characters (Cf), and would lie about a name.
    return letter.isprintable() and unicodedata.category(letter) != "Cf"


@dataclass(slots=True)
class Draft:
    """A graph in the making."""

    nodes: dict[tuple[Kind, str], Node] = field(default_factory=dict)
    edges: dict[tuple[str, str, bool], list[str]] = field(default_factory=dict)

    def node(self, kind: Kind, key: str, title: str, details: Iterable[str] = ()) -> str:
        """The id of a node, which is made when it is named for the first time.

        Args:
            kind: what it stands for.
            key: what is the same for the same thing.
            title: its name.
            details: more lines.
        """
        made = Node(f"n{len(self.nodes) + 1}", kind, clean(title), tuple(map(clean, details)))
        return self.nodes.setdefault((kind, key), made).id

    def edge(self, tail: str, head: str, label: str = "", *, order: bool = False) -> None:
        """An arrow; the labels of several between the same nodes are joined."""
        labels = self.edges.setdefault((tail, head, order), [])
        if label and label not in labels:
            labels.append(label)

    def graph(self) -> Graph:
        """What was collected."""
        edges = tuple(
            Edge(tail, head, clean(", ".join(labels)), order)
            for (tail, head, order), labels in self.edges.items()
        )
        return Graph(tuple(self.nodes.values()), edges)
