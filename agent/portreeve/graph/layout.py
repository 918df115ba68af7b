"""Where each box and each line goes: the second half of a layered layout, from left to right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from portreeve.graph.columns import Columns, arrange, neighbours

_ROWS = 22.0
"""Between boxes of a column."""

_PASSING = 12.0
"""The height that a line takes where it passes a column."""

_PORTS = 16.0
"""Between lines that end at the same side of a box."""

_SWEEPS = 10


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; x and y are those of its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The y of its middle."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Layout:
    """The picture, without its looks.

    Args:
        boxes: by node.
        lines: by edge: points from tail to head; between the first and the second, the third and the fourth,
            … it bends, between the others it goes straight through a column.
        width: of all.
        height: of all.
    """

    boxes: Mapping[str, Box]
    lines: Mapping[tuple[str, str], tuple[tuple[float, float], ...]]
    width: float
    height: float


def layout(
    sizes: Mapping[str, tuple[float, float]], edges: Mapping[tuple[str, str], float], margin: float
) -> Layout:
    """Place boxes and lines.

    Args:
        sizes: width and height of each node, in their order.
        edges: by tail and head, the room that the label needs between columns.
        margin: round all.
    """
    found = arrange(list(sizes), list(edges))
    heights = {
        name: sizes[name][1] if name in sizes else _PASSING for column in found.columns for name in column
    }
    widths = [max(sizes.get(name, (0.0, 0.0))[0] for name in column) for column in found.columns]
    tops = _tops(found, heights)
    lefts = _lefts(found, widths, edges, margin)
    lowest = min(tops.values(), default=0.0)
    boxes = {
        name: Box(
            lefts[rank], tops[name] - lowest + margin, widths[rank] if name in sizes else 0.0, heights[name]
        )
        for rank, column in enumerate(found.columns)
        for name in column
    }
    lines = _lines(
        found, boxes, {name: rank for rank, c in enumerate(found.columns) for name in c}, lefts, widths
    )
    width = (lefts[-1] + widths[-1] if lefts else 0.0) + margin
    height = max((box.y + box.height for box in boxes.values()), default=0.0) + margin
    return Layout({name: boxes[name] for name in sizes}, lines, width, height)


def _lefts(
    found: Columns, widths: Sequence[float], edges: Mapping[tuple[str, str], float], margin: float
) -> list[float]:
    rooms = [0.0] * max(1, len(widths))
    rank_of = {name: rank for rank, column in enumerate(found.columns) for name in column}
    for (tail, _), room in edges.items():
        rooms[rank_of[tail]] = max(rooms[rank_of[tail]], room)
    steps = [width + room for width, room in zip(widths, rooms, strict=False)]
    return list(accumulate(steps[:-1], initial=margin)) if widths else []


def _tops(found: Columns, heights: Mapping[str, float]) -> dict[str, float]:
    """Boxes near the middle of what they are joined to, without overlap."""
    links = [link for route in found.routes.values() for link in pairwise(route)]
    before, after = neighbours(links)
    tops: dict[str, float] = {}
    for column in found.columns:
        top = 0.0
        for name in column:
            tops[name] = top
            top += heights[name] + _ROWS
    for sweep in range(_SWEEPS):
        last = sweep >= _SWEEPS - 2
        for column in found.columns if sweep % 2 else found.columns[::-1]:
            wanted = []
            for name in column:
                near = before.get(name, []) if sweep % 2 else after.get(name, [])
                near = [*before.get(name, []), *after.get(name, [])] if last or not near else near
                middles = [tops[other] + heights[other] / 2 for other in near]
                middle = sum(middles) / len(middles) if middles else tops[name] + heights[name] / 2
                wanted.append(middle - heights[name] / 2)
            tops |= zip(column, _apart(wanted, [heights[name] for name in column]), strict=True)
    return _without_bands(tops, heights)


def _without_bands(tops: Mapping[str, float], heights: Mapping[str, float]) -> dict[str, float]:
    """Nothing is left empty across all columns that is broader than between boxes."""
    moved: dict[str, float] = {}
    end, shift = 0.0, 0.0
    for name, top in sorted(tops.items(), key=lambda item: item[1]):
        if not moved:
            end = top
        shift += max(0.0, top - end - _ROWS)
        moved[name] = top - shift
        end = max(end, top + heights[name])
    return moved


def _apart(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """The tops nearest to the wanted ones that keep order and distance: isotonic regression."""
    offsets = list(accumulate((height + _ROWS for height in heights[:-1]), initial=0.0))
    blocks: list[tuple[float, int]] = []
    for top, offset in zip(wanted, offsets, strict=False):
        mean, count = top - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, many = blocks.pop()
            mean = (mean * count + other * many) / (count + many)
            count += many
        blocks.append((mean, count))
    moved = [mean for mean, count in blocks for _ in range(count)]
    return [shift + offset for shift, offset in zip(moved, offsets, strict=False)]


def _lines(
    found: Columns,
    boxes: Mapping[str, Box],
    rank_of: Mapping[str, int],
    lefts: Sequence[float],
    widths: Sequence[float],
) -> dict[tuple[str, str], tuple[tuple[float, float], ...]]:
    leaving: dict[str, list[tuple[float, tuple[str, str]]]] = {}
    coming: dict[str, list[tuple[float, tuple[str, str]]]] = {}
    for edge, route in found.routes.items():
        leaving.setdefault(edge[0], []).append((boxes[route[1]].middle, edge))
        coming.setdefault(edge[1], []).append((boxes[route[-2]].middle, edge))
    starts, ends = _ports(leaving, boxes), _ports(coming, boxes)
    lines = {}
    for edge, route in found.routes.items():
        tail, head = boxes[edge[0]], boxes[edge[1]]
        points = [(tail.x + tail.width, starts[edge])]
        for dummy in route[1:-1]:
            left, right = lefts[rank_of[dummy]], lefts[rank_of[dummy]] + widths[rank_of[dummy]]
            points += [(left, boxes[dummy].middle), (right, boxes[dummy].middle)]
        lines[edge] = (*points, (head.x, ends[edge]))
    return lines


def _ports(
    ended: Mapping[str, Sequence[tuple[float, tuple[str, str]]]], boxes: Mapping[str, Box]
) -> dict[tuple[str, str], float]:
    """The y at which each line meets its box: spread round the middle, in the order of the other ends."""
    ports = {}
    for name, lines in ended.items():
        apart = min(_PORTS, (boxes[name].height - 16) / max(1, len(lines) - 1))
        first = boxes[name].middle - apart * (len(lines) - 1) / 2
        for index, (_, edge) in enumerate(sorted(lines)):
            ports[edge] = first + index * apart
    return ports
