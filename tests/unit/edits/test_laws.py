"""What holds for every file and every value: generated files, hostile values."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portreeve.definitions.model import Format
from portreeve.edits.edit import EditError, EditValue, edit, read

from .documents import flat

NAMES = ["port", "host", "x-y", "Long_Name2"]
SECTIONS = ["main", "Second part", "c.d"]
BREAKS = ["a\nb=1", "a\r", "a]\u2028[b]", "\u2029", "\x85", "\x0b", "\x1c", "\x00", "\ufeff", "a\n[x]\ny=1"]
SHELL = [
    "%",
    "%i",
    "$HOME",
    "`id`",
    '"',
    "'",
    "a'b\"c",
    "\\",
    "a\\",
    "#",
    "a #b",
    ";",
    "a ; b",
    " a",
    "a ",
    "",
]
LOOKS = [
    "]",
    "[x]",
    "a: b",
    "- a",
    "{a: b}",
    "*x",
    "&x y",
    "!t",
    "|",
    "? a",
    "---",
    "no",
    "1",
    "~",
    "'''",
    '"""',
]
HOSTILE = st.one_of(st.sampled_from([*BREAKS, *SHELL, *LOOKS]), st.text(max_size=12))
PLAIN = st.from_regex(r"[a-z]{1,8}", fullmatch=True).filter(
    lambda t: t not in {"y", "n", "yes", "no", "on", "off"}
)
VALUES = st.one_of(HOSTILE, st.integers(), st.floats(), st.booleans())
BLANKS = st.sampled_from(["", " ", "  ", "\t"])
ENDINGS = st.sampled_from(["\n", "\r\n"])


GARBAGE = st.one_of(
    st.binary(max_size=60), st.text("[]{}=:#;'\"\\\n\r\t -ab01.,&*!|>?%~é", max_size=60).map(str.encode)
)
"""Bytes of all kinds, and texts of what means something somewhere."""


def finish(draw: st.DrawFn, lines: list[str]) -> bytes:
    """Lines to bytes, with the endings, mark and last ending of somebody's editor."""
    ending = draw(ENDINGS)
    text = ending.join(lines) + draw(st.sampled_from(["", ending]))
    return (draw(st.sampled_from(["", "\ufeff"])) + text).encode()


@st.composite
def sectioned(draw: st.DrawFn, separators: str, quotes: tuple[str, ...], comments: tuple[str, ...]) -> bytes:
    lines = draw(st.lists(st.sampled_from(["# comment", "; key = old", ""]), max_size=2))
    for section in draw(st.lists(st.sampled_from(SECTIONS), unique=True, min_size=1)):
        lines.append(f"[{section}]")
        for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
            sign = draw(BLANKS) + draw(st.sampled_from(separators)) + draw(BLANKS)
            quote = draw(st.sampled_from(quotes))
            lines.append(f"{name}{sign}{quote}{draw(PLAIN)}{quote}{draw(st.sampled_from(comments))}")
            lines += draw(st.lists(st.sampled_from(["# comment", "; old=1", ""]), max_size=1))
    return finish(draw, lines)


@st.composite
def env_files(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.sampled_from(["# comment", ""]), max_size=2))
    for name in draw(st.lists(st.sampled_from(["PORT", "HOST", "X_1"]), unique=True)):
        quote = draw(st.sampled_from(["", "'", '"']))
        start, end = draw(st.sampled_from(["", "export "])), draw(st.sampled_from(["", "  # why"]))
        lines.append(f"{start}{name}={quote}{draw(PLAIN)}{quote}{end}")
    return finish(draw, lines)


SCALARS = st.one_of(PLAIN, st.integers(-99, 99), st.booleans())
TREES = st.dictionaries(
    st.sampled_from(NAMES),
    st.recursive(
        SCALARS,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=3),
        ),
        max_leaves=8,
    ),
    min_size=1,
)


@st.composite
def json_files(draw: st.DrawFn) -> bytes:
    separators = (draw(st.sampled_from([",", ", "])), draw(st.sampled_from([":", ": ", " : "])))
    indent = draw(st.sampled_from([None, 1, 4, "\t"]))
    return json.dumps(draw(TREES), indent=indent, separators=separators).encode()


@st.composite
def yaml_files(draw: st.DrawFn) -> bytes:
    def block(tree: object, column: int) -> list[str]:
        pad = " " * column
        if isinstance(tree, dict):
            lines = draw(st.lists(st.sampled_from([f"{pad}# comment", ""]), max_size=1))
            for name, child in tree.items():
                lines += entry(f"{pad}{name}:", child, column + 2)
            return lines
        assert isinstance(tree, list)
        return [line for child in tree for line in entry(f"{pad}-", child, column + 2)]

    def entry(start: str, child: object, column: int) -> list[str]:
        if isinstance(child, dict | list) and child and draw(st.booleans()):
            return [start, *block(child, column)]
        return [f"{start} {flow(child)}{draw(st.sampled_from(['', '  # why']))}"]

    def flow(child: object) -> str:
        if isinstance(child, dict):
            return "{" + ", ".join(f"{name}: {flow(inner)}" for name, inner in child.items()) + "}"
        if isinstance(child, list):
            return "[" + ", ".join(flow(inner) for inner in child) + "]"
        quote = draw(st.sampled_from(["", "'", '"'])) if isinstance(child, str) else ""
        return f"{quote}{json.dumps(child) if not isinstance(child, str) else child}{quote}"

    return finish(draw, block(draw(TREES), 0))


@st.composite
def toml_files(draw: st.DrawFn) -> bytes:
    def inline(child: object) -> str:
        if isinstance(child, dict):
            return "{ " + ", ".join(f"{name} = {inline(inner)}" for name, inner in child.items()) + " }"
        if isinstance(child, list):
            return "[" + draw(st.sampled_from([", ", ","])).join(inline(inner) for inner in child) + "]"
        if isinstance(child, str):
            quote = draw(st.sampled_from(["'", '"']))
            return f"{quote}{child}{quote}"
        return json.dumps(child)

    lines: list[str] = []
    headed: list[str] = []
    for name, child in draw(TREES).items():
        if isinstance(child, dict) and draw(st.booleans()):
            headed += ["", f"[{name}]", *(f"{key} = {inline(inner)}  # why" for key, inner in child.items())]
        else:
            lines.append(f"{name}{draw(st.sampled_from([' = ', '=']))}{inline(child)}")
    return finish(draw, [*lines, *draw(st.lists(st.just("# comment"), max_size=1)), *headed])


FILES: dict[Format, st.SearchStrategy[bytes]] = {
    Format.INI: sectioned("=:", ("", '"', "'"), ("", " ; why", "\t# why")),
    Format.UNIT: sectioned("=", ("",), ("",)),
    Format.ENV: env_files(),
    Format.JSON: json_files(),
    Format.YAML: yaml_files(),
    Format.TOML: toml_files(),
}
EVERY_FORMAT = pytest.mark.parametrize("format_", list(FILES))


def keys(format_: Format, data: bytes) -> list[tuple[str, ...]]:
    """The keys with a value; an empty table or array has none."""
    return [key for key, value in flat(format_, data).items() if isinstance(value, str | int | float)]


def new_keys(format_: Format) -> st.SearchStrategy[tuple[str, ...]]:
    name = st.sampled_from([*NAMES, "new", "Neu"])
    if format_ is Format.ENV:
        return st.tuples(st.sampled_from(["PORT", "NEW", "new2"]))
    if format_ in (Format.INI, Format.UNIT):
        return st.tuples(st.sampled_from([*SECTIONS, "fresh"]), name)
    return st.lists(name, min_size=1, max_size=3).map(tuple)


def other(value: EditValue) -> EditValue:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else value + "x"


def tried(work: Callable[[], bytes]) -> bytes | None:
    try:
        return work()
    except EditError:
        return None


@EVERY_FORMAT
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_changed_and_changed_back_is_the_same_bytes(format_: Format, data: st.DataObject) -> None:
    before = data.draw(FILES[format_])
    for key in keys(format_, before):
        value = read(format_, before, key)
        assert value is not None
        after = edit(format_, before, {key: other(value)})
        assert after != before
        assert edit(format_, after, {key: value}) == before


@EVERY_FORMAT
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_any_value_is_written_as_itself_or_refused_and_no_other_key_changes(
    format_: Format, data: st.DataObject
) -> None:
    before = data.draw(FILES[format_])
    key = data.draw(st.one_of(st.sampled_from(keys(format_, before) or [("a",)]), new_keys(format_)))
    value = data.draw(VALUES)
    after = tried(lambda: edit(format_, before, {key: value}))
    if after is None:
        return
    said, says = flat(format_, before), flat(format_, after)
    changed = {name for name in said.keys() | says.keys() if said.get(name) != says.get(name)}
    # An empty table that got its first key is one no more.
    assert {name for name in changed if name != key[: len(name)]} == set()
    found = read(format_, after, key)
    assert found == value or str(found) == str(value) or isinstance(value, bool)
    assert edit(format_, after, {key: value}) == after


@EVERY_FORMAT
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_an_added_key_that_is_removed_leaves_the_values_of_before(
    format_: Format, data: st.DataObject
) -> None:
    before = data.draw(FILES[format_])
    key = data.draw(new_keys(format_))
    if tried(lambda: str(read(format_, before, key)).encode()) != b"None":
        return
    after = tried(lambda: edit(format_, before, {key: "new"}))
    if after is not None:
        back = edit(format_, after, {key: None})
        assert {k: v for k, v in flat(format_, back).items() if v is not None} == flat(format_, before)
        assert edit(format_, back, {key: None}) == back


@EVERY_FORMAT
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_the_order_of_edits_of_different_keys_does_not_matter(format_: Format, data: st.DataObject) -> None:
    before = data.draw(FILES[format_])
    edits = {key: other(read(format_, before, key) or "x") for key in keys(format_, before)[:4]}
    forwards = edit(format_, before, edits)
    backwards = edit(format_, before, dict(reversed(edits.items())))
    one_by_one = before
    for key in sorted(edits):
        one_by_one = edit(format_, one_by_one, {key: edits[key]})
    assert forwards == backwards == one_by_one


@EVERY_FORMAT
@given(garbage=GARBAGE, key=st.lists(st.text("ab0", max_size=2), max_size=3).map(tuple), value=VALUES)
@settings(max_examples=100, deadline=None)
def test_whatever_the_file_is_it_is_edited_or_refused(
    format_: Format, garbage: bytes, key: tuple[str, ...], value: EditValue
) -> None:
    after = tried(lambda: edit(format_, garbage, {key: value}))
    assert after is None or edit(format_, after, {key: value}) == after
