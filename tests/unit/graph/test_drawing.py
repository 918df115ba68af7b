"""DOT, Mermaid and SVG: valid whatever the names are, and laid out so that nothing covers anything."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from portreeve.graph.dot import to_dot
from portreeve.graph.drafts import Draft
from portreeve.graph.layout import layout
from portreeve.graph.mermaid import to_mermaid
from portreeve.graph.model import Graph, Kind
from portreeve.graph.svg import to_svg

HOSTILE = 'a"];b->c;//</text><script>&lt;x\n\\N|%%{}#quot;`end`\u202e\x00'
STRING = r'"(?:[^"\\]|\\.)*"'
DOT_LINE = re.compile(
    rf"digraph portreeve {{|}}|  (?:node|edge) \[.*\];|  rankdir=.*;"
    rf"|  n\d+ \[label={STRING}, shape=\w+, fillcolor={STRING}, color={STRING}\];"
    rf"|  n\d+ -> n\d+ \[label={STRING}(?:, style=dashed)?\];"
)
TEXT = r'"[A-Za-z0-9 ._/:,…<>#;-]*"'
MERMAID_LINE = re.compile(
    rf"flowchart LR|  n\d+[(\[{{]+{TEXT}[)\]}}]+:::\w+|  n\d+ (?:-->|-\.->)(?:\|{TEXT}\|)? n\d+"
    r"|  classDef \w+ stroke:#\w+,stroke-width:2px"
)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(*names: str) -> Graph:
    """A source, a sync and files for each name, joined in a chain, and a unit after the first."""
    draft = Draft()
    unit = draft.node(Kind.UNIT, "unit", "app.service")
    before = None
    for number, name in enumerate(names):
        sync = draft.node(Kind.SYNC, str(number), name, [name])
        draft.edge(before or draft.node(Kind.SOURCE, name, name), sync, name)
        before = draft.node(Kind.FILES, str(number), name, ["/etc", name])
        draft.edge(sync, before)
        draft.edge(sync, unit, name, order=True)
    return draft.graph()


NAMES = st.lists(st.text(max_size=20) | st.just(HOSTILE), min_size=1, max_size=4)


@given(NAMES)
def test_dot_has_every_name_inside_of_quotes(names: list[str]) -> None:
    lines = to_dot(drawn(*names)).splitlines()
    assert all(DOT_LINE.fullmatch(line) for line in lines), lines


@given(NAMES)
def test_mermaid_has_only_letters_that_mean_nothing_to_it(names: list[str]) -> None:
    lines = to_mermaid(drawn(*names)).splitlines()
    assert all(MERMAID_LINE.fullmatch(line) for line in lines), lines
    for line in lines:
        for text in re.findall(r'"(.*?)"', line):
            assert re.fullmatch(r"(?:[A-Za-z0-9 ._/:,…-]|#\d+;|<br/>)*", text), line


@given(NAMES)
def test_svg_is_valid_xml_and_shows_every_name_as_it_is(names: list[str]) -> None:
    graph = drawn(*names)
    picture = ElementTree.fromstring(to_svg(graph))
    texts = [element.text or "" for element in picture.iter(f"{SVG}text")]
    assert {node.title for node in graph.nodes} <= set(texts)
    assert {element.tag.removeprefix(SVG) for element in picture.iter()} <= {
        *("svg", "style", "defs", "marker", "path", "rect", "g", "text")
    }


def test_hostile_names_are_shown_letter_by_letter() -> None:
    graph = drawn(HOSTILE)
    (title,) = {node.title for node in graph.nodes if node.kind is Kind.SYNC}
    assert "\n" not in title
    assert title.startswith('a"];b->c;//</text>')
    assert html.escape(title, quote=False) in to_svg(graph)
    assert "<script>" not in to_svg(graph)


def test_a_graph_of_nothing_is_valid_too() -> None:
    nothing = Graph((), ())
    assert to_dot(nothing).endswith("\n}")
    assert to_mermaid(nothing) == "flowchart LR"
    assert ElementTree.fromstring(to_svg(nothing)).tag == f"{SVG}svg"


def test_the_picture_says_its_colours_for_dark_pages_too() -> None:
    assert "@media (prefers-color-scheme: dark)" in to_svg(drawn("a"))


SIZES = st.tuples(st.floats(40, 300), st.floats(30, 120))


@given(
    st.lists(SIZES, min_size=1, max_size=10),
    st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20),
)
def test_no_box_covers_another_and_every_line_goes_to_the_right(
    sizes: list[tuple[float, float]], pairs: set[tuple[int, int]]
) -> None:
    nodes = {f"n{number}": size for number, size in enumerate(sizes)}
    edges = {(f"n{tail}", f"n{head}"): 60.0 for tail, head in sorted(pairs) if tail < head < len(sizes)}
    placed = layout(nodes, edges, 20)
    boxes = list(placed.boxes.values())
    for number, one in enumerate(boxes):
        assert one.x >= 19.9
        assert one.y >= 19.9
        assert one.x + one.width <= placed.width - 19.9
        assert one.y + one.height <= placed.height - 19.9
        for other in boxes[number + 1 :]:
            apart = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert apart or one.y + one.height < other.y or other.y + other.height < one.y
    for (tail, head), line in placed.lines.items():
        assert line[0][0] == placed.boxes[tail].x + placed.boxes[tail].width
        assert line[-1][0] == placed.boxes[head].x
        assert all(left[0] < right[0] for left, right in pairwise(line))
        assert placed.boxes[head].y < line[-1][1] < placed.boxes[head].y + placed.boxes[head].height
