"""A graph as a picture: SVG with text that can be read and searched, for light and dark pages."""

from itertools import pairwise
from xml.sax.saxutils import escape

from portreeve.graph.layout import Box, layout
from portreeve.graph.measure import width
from portreeve.graph.model import Edge, Graph, Kind, Node

_CAPTION, _TITLE, _DETAIL, _LABEL = 9.5, 14.0, 11.5, 11.0
_PADDING = 14.0
_MARGIN = 24.0
_NARROWEST = 96.0
_GAP = 40.0
_CAPTION_LINE, _TITLE_LINE, _DETAIL_LINE = 15.0, 19.0, 16.0

_COLOURS = {
    Kind.SOURCE: ("#0969da", "#f1f8ff", "#58a6ff", "#0f1c2e"),
    Kind.SYNC: ("#8250df", "#faf5ff", "#bc8cff", "#1d1630"),
    Kind.FILES: ("#1a7f37", "#f0fbf3", "#3fb950", "#0f2117"),
    Kind.UNIT: ("#bc4c00", "#fff7f0", "#f0883e", "#2a1a0d"),
    Kind.CONTAINER: ("#0b7285", "#effafb", "#39c5cf", "#0c2226"),
    Kind.HOST: ("#57606a", "#f6f8fa", "#8b949e", "#161b22"),
    Kind.DOCKER: ("#57606a", "#f6f8fa", "#8b949e", "#161b22"),
}
"""By kind: line and ground on a light page, line and ground on a dark one."""


def to_svg(graph: Graph) -> str:
    """The graph as an SVG document."""
    rooms = {(edge.tail, edge.head): _GAP + width(edge.label, _LABEL) for edge in graph.edges}
    placed = layout({node.id: _size(node) for node in graph.nodes}, rooms, _MARGIN)
    across, down = max(placed.width, 2 * _MARGIN), max(placed.height, 2 * _MARGIN)
    size = f'width="{across:.0f}" height="{down:.0f}" viewBox="0 0 {across:.0f} {down:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="How values flow">',
        _style(),
        *(_marker(name) for name in ("flow", "order")),
        f'<rect class="page" x="0.5" y="0.5" width="{across - 1:.0f}" height="{down - 1:.0f}" rx="10"/>',
    ]
    lines += [_line(edge, placed.lines[edge.tail, edge.head]) for edge in graph.edges]
    lines += [_box(node, placed.boxes[node.id]) for node in graph.nodes]
    # Last, so that no line and no box covers them.
    lines += [_label(edge, placed.lines[edge.tail, edge.head]) for edge in graph.edges if edge.label]
    return "\n".join([*lines, "</svg>"])


def _size(node: Node) -> tuple[float, float]:
    texts = [width(node.title, _TITLE, bold=True), *(width(line, _DETAIL) for line in node.details)]
    down = _CAPTION_LINE + _TITLE_LINE + _DETAIL_LINE * len(node.details) + 1.2 * _PADDING
    return max(_NARROWEST, *texts) + 2 * _PADDING, down


def _box(node: Node, box: Box) -> str:
    x, y = box.x + _PADDING, box.y + 0.6 * _PADDING
    baseline = y + _CAPTION_LINE - 4
    texts = [_text("caption", x, baseline, node.kind.upper())]
    baseline += _TITLE_LINE
    texts.append(_text("title", x, baseline, node.title))
    for line in node.details:
        baseline += _DETAIL_LINE
        texts.append(_text("detail", x, baseline, line))
    place = f'x="{box.x:.1f}" y="{box.y:.1f}" height="{box.height:.1f}"'
    return (
        f'<g class="{node.kind}"><rect class="box" {place} width="{box.width:.1f}" rx="7"/>'
        f'<rect class="bar" {place} width="5" rx="2.5"/>{"".join(texts)}</g>'
    )


def _line(edge: Edge, points: tuple[tuple[float, float], ...]) -> str:
    kind = "order" if edge.order else "flow"
    path = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for index, ((x, y), (to_x, to_y)) in enumerate(pairwise(points)):
        if index % 2:
            path.append(f"H{to_x:.1f}")
            continue
        bend = (to_x - x) / 2
        path.append(f"C{x + bend:.1f},{y:.1f} {to_x - bend:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}")
    return f'<path class="{kind}" d="{" ".join(path)}" marker-end="url(#{kind})"/>'


def _label(edge: Edge, points: tuple[tuple[float, float], ...]) -> str:
    (x, y), (to_x, to_y) = points[:2]
    return _text("label", (x + to_x) / 2, (y + to_y) / 2 - 5, edge.label)


def _text(name: str, x: float, y: float, text: str) -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _marker(name: str) -> str:
    return (
        f'<defs><marker id="{name}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" '
        'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        '<path class="tip" d="M0,0.5 L8,4 L0,7.5 z"/></marker></defs>'
    )


def _style() -> str:
    light = [
        'text { font-family: -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif }',
        f".caption {{ font-size: {_CAPTION}px; font-weight: 600; letter-spacing: 0.08em }}",
        f".title {{ font-size: {_TITLE}px; font-weight: 600; fill: #1f2328 }}",
        f".detail {{ font-size: {_DETAIL}px; fill: #57606a }}",
        f".label {{ font-size: {_LABEL}px; text-anchor: middle; fill: #424a53; stroke: #ffffff }}",
        ".label { stroke-width: 4px; stroke-linejoin: round; paint-order: stroke }",
        ".page { fill: #ffffff; stroke: #d0d7de }",
        ".box { stroke-width: 1.2 }",
        ".flow, .order { fill: none; stroke: #8c959f; stroke-width: 1.6 }",
        ".order { stroke-dasharray: 5 4 }",
        ".tip { fill: #8c959f }",
    ]
    dark = [
        ".title { fill: #f0f6fc }",
        ".detail { fill: #9da7b3 }",
        ".label { fill: #c9d1d9; stroke: #0d1117 }",
        ".page { fill: #0d1117; stroke: #30363d }",
        ".flow, .order { stroke: #6e7681 }",
        ".tip { fill: #6e7681 }",
    ]
    for kind, (line, ground, dark_line, dark_ground) in _COLOURS.items():
        light += _coloured(kind, line, ground)
        dark += _coloured(kind, dark_line, dark_ground)
    return "\n".join(["<style>", *light, "@media (prefers-color-scheme: dark) {", *dark, "}", "</style>"])


def _coloured(kind: Kind, line: str, ground: str) -> tuple[str, str]:
    return (
        f".{kind} .box {{ fill: {ground}; stroke: {line} }}",
        f".{kind} .bar, .{kind} .caption {{ fill: {line} }}",
    )
