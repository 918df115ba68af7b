"""A graph of what was declared, before it is drawn in any form."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a node stands for."""

    SOURCE = "source"
    SYNC = "sync"
    FILES = "files"
    UNIT = "unit"
    CONTAINER = "container"
    HOST = "host"
    DOCKER = "docker"


@dataclass(frozen=True, slots=True)
class Node:
    """One box.

    Args:
        id: ``n1``, ``n2``, … in the order in which they are declared.
        kind: what it stands for.
        title: its name, one line of printable characters.
        details: more about it, such lines too.
    """

    id: str
    kind: Kind
    title: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """One arrow.

    Args:
        tail: the node where it begins.
        head: the node where it ends.
        label: one line; may be empty.
        order: it says only what comes first: nothing flows.
    """

    tail: str
    head: str
    label: str = ""
    order: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by their order of declaration, and edges between them; without a circle."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
