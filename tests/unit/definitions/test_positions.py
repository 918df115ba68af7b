import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.definitions.positions import KeyPath, render_key, scan

KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=6),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
SCALARS = st.one_of(
    st.integers(-(2**40), 2**40),
    st.booleans(),
    TEXTS,
    st.text("ab\n#[]{}=,.'", min_size=1, max_size=12).map(lambda text: f"\n{text}\n"),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
DOCUMENTS = st.dictionaries(
    KEYS,
    st.one_of(
        VALUES,
        st.dictionaries(KEYS, VALUES, max_size=3).map(lambda table: ("table", table)),
        st.lists(st.dictionaries(KEYS, VALUES, max_size=3), min_size=1, max_size=3).map(
            lambda tables: ("tables", tables)
        ),
    ),
    max_size=5,
)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def spelled(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str() if "\n" in value:
            return f'"""\n{value}"""'
        case str():
            return quoted(value)
        case list():
            inner = "".join(f"  {spelled(item)},\n" for item in value)
            return f"[ # a comment with ] and }}\n{inner}]"
        case dict():
            return f"{{ {', '.join(f'{quoted(k)} = {spelled(v)}' for k, v in value.items())} }}"
    raise AssertionError(value)


def all_keys(data: Any, prefix: KeyPath = ()) -> set[KeyPath]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return {key for name, value in items for key in {(*prefix, name)} | all_keys(value, (*prefix, name))}


@given(DOCUMENTS)
def test_every_key_of_a_text_has_a_line_and_nothing_else_has(document: dict[str, Any]) -> None:
    text = written(document)[0]
    assert set(scan(text)) == all_keys(tomllib.loads(text))


@given(DOCUMENTS)
def test_a_key_is_on_the_line_on_which_it_was_written(document: dict[str, Any]) -> None:
    text, lines = written(document)
    scanned = scan(text)
    assert {key: scanned[key] for key in lines} == lines


def written(document: dict[str, Any]) -> tuple[str, dict[KeyPath, int]]:
    """The document as TOML, and the lines of its tables and of their keys."""
    text = ""
    lines: dict[KeyPath, int] = {}

    def pair(prefix: KeyPath, name: str, value: Any) -> None:
        nonlocal text
        lines[*prefix, name] = text.count("\n") + 1
        text += f"{quoted(name)} = {spelled(value)} # {name!r} = 1\n"

    for name, value in document.items():
        if not isinstance(value, tuple):
            pair((), name, value)
    for name, value in document.items():
        if isinstance(value, tuple) and value[0] == "table":
            text += f"\n# [{name!a}]\n[ {quoted(name)} ]\n"
            lines[name,] = text.count("\n")
            for key, inner in value[1].items():
                pair((name,), key, inner)
        elif isinstance(value, tuple):
            for index, table in enumerate(value[1]):
                text += f"[[{quoted(name)}]]\n"
                lines[name, index] = text.count("\n")
                for key, inner in table.items():
                    pair((name, index), key, inner)
    return text, lines


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("\n\na.b.c = 1\n", ("a", "b"), 3),
        ("a.'b.c' = 1\n", ("a", "b.c"), 1),
        ('"a\\u0062" = 1\n', ("ab",), 1),
        ("[x]\n[x.y]\nz = 1\n", ("x", "y", "z"), 3),
        ("[[x]]\na=1\n[[x]]\n[x.y]\nb=1\n", ("x", 1, "y", "b"), 5),
        ("[[x]]\n[[x.y]]\n[[x.y]]\nb=1\n", ("x", 0, "y", 1, "b"), 4),
        ('a = """\nb = 1\n"""\nc = 2\n', ("c",), 4),
        ("a = '''\n[b]\n''''\nc = 2\n", ("c",), 4),
        ('a = """ \\""" " "" \\\\"""""\nc = 2\n', ("c",), 2),
        ("a = [\n 1, # ]\n {b = [\n2]},\n]\nc = 1979-05-27T07:32:00Z\n", ("a", 1, "b", 0), 4),
        ("a = {x.y = 1, z = 'q'} # c\nb = 1", ("b",), 2),
        ("[a]\r\nb = 1\r\nc = 2\r\n", ("a", "c"), 3),
    ],
)
def test_each_spelling_of_toml_is_followed(text: str, key: KeyPath, line: int) -> None:
    assert set(scan(text)) == all_keys(tomllib.loads(text))
    assert scan(text)[key] == line


def test_a_key_is_shown_as_it_would_be_written() -> None:
    assert render_key(("targets", 0, "path")) == "targets[0].path"
    assert render_key(("sources", "a.b")) == 'sources."a.b"'
