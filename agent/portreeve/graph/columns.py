"""Which column each box stands in, and in which order: the first half of a layered layout.

After Sugiyama: a rank for each node, dummies where an edge passes a column, then an order with few crossings.
"""

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise

_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """Where everything stands.

    Args:
        columns: from left to right; in each the nodes and dummies from top to bottom.
        routes: by edge, the nodes and dummies it passes, one in each column from tail to head.
    """

    columns: tuple[tuple[str, ...], ...]
    routes: Mapping[tuple[str, str], tuple[str, ...]]


def arrange(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> Columns:
    """Columns for a graph without a circle; the same input always gives the same.

    Args:
        nodes: in the order that is kept where nothing speaks against it.
        edges: tail and head of each, no pair twice.
    """
    ranks = _ranks(nodes, edges)
    columns: list[list[str]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for node in nodes:
        columns[ranks[node]].append(node)
    routes = {}
    for tail, head in edges:
        # No node is called so: a blank is not part of an identifier.
        passed = [f"{tail} {head} {rank}" for rank in range(ranks[tail] + 1, ranks[head])]
        for rank, dummy in enumerate(passed, start=ranks[tail] + 1):
            columns[rank].append(dummy)
        routes[tail, head] = (tail, *passed, head)
    links = [link for route in routes.values() for link in pairwise(route)]
    return Columns(tuple(map(tuple, _ordered(columns, links))), routes)


def neighbours(links: Sequence[tuple[str, str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """By node, those before it and those after it."""
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for tail, head in links:
        after.setdefault(tail, []).append(head)
        before.setdefault(head, []).append(tail)
    return before, after


def _ranks(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The longest way to each node; what nothing leads to stands right before what it leads to."""
    before, after = neighbours(edges)
    ranks: dict[str, int] = {}
    for node in TopologicalSorter({node: before.get(node, []) for node in nodes}).static_order():
        ranks[node] = max((ranks[other] + 1 for other in before.get(node, [])), default=0)
    for node in nodes:
        if node in after and node not in before:
            ranks[node] = min(ranks[other] for other in after[node]) - 1
    return ranks


def _ordered(columns: list[list[str]], links: Sequence[tuple[str, str]]) -> list[list[str]]:
    before, after = neighbours(links)
    best, fewest = [list(column) for column in columns], _crossings(columns, after)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        forward = sweep % 2 == 0
        rest = columns[1:] if forward else columns[-2::-1]
        fixed = columns[0] if forward else columns[-1]
        for column in rest:
            _sort(column, fixed, before if forward else after)
            fixed = column
        crossings = _crossings(columns, after)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    return best


def _sort(column: list[str], fixed: Sequence[str], others: Mapping[str, Sequence[str]]) -> None:
    """By the mean place of the neighbours; what has none keeps its place."""
    place = {node: index for index, node in enumerate(fixed)}
    wanted = {}
    for index, node in enumerate(column):
        places = [place[other] for other in others.get(node, ())]
        wanted[node] = sum(places) / len(places) if places else float(index)
    column.sort(key=wanted.__getitem__)


def _crossings(columns: Sequence[Sequence[str]], after: Mapping[str, Sequence[str]]) -> int:
    count = 0
    for left, right in pairwise(columns):
        place = {node: index for index, node in enumerate(right)}
        heads: list[int] = []
        for node in left:
            reached = sorted(place[head] for head in after.get(node, ()))
            count += sum(len(heads) - bisect_right(heads, head) for head in reached)
            for head in reached:
                insort(heads, head)
    return count
