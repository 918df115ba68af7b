import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portreeve.definitions.fragments import Fragment
from portreeve.definitions.inputs import merge
from portreeve.definitions.positions import scan

NAMES = st.sampled_from("abc")
LEAVES = st.one_of(st.integers(), st.lists(st.integers(), max_size=2))
TREES = st.dictionaries(
    NAMES,
    st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=5),
    max_size=3,
)


def fragment(name: str, text: str) -> Fragment:
    return Fragment(Path(name), tomllib.loads(text), tuple(text.split("\n")), scan(text))


def written(tree: dict[str, Any]) -> str:
    return "".join(f"{name} = {spelled(value)}\n" for name, value in tree.items())


def spelled(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {spelled(inner)}" for name, inner in value.items()) + "}"
    return str(value)


def leaves(tree: dict[str, Any], prefix: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for name, value in tree.items():
        inner = leaves(value, (*prefix, name)) if isinstance(value, dict) else {(*prefix, name): value}
        found |= inner
    return found


@given(st.lists(TREES, min_size=1, max_size=4))
def test_the_last_file_that_sets_a_key_has_the_last_word_and_is_named(trees: list[dict[str, Any]]) -> None:
    merged = merge(fragment(f"{number}.toml", written(tree)) for number, tree in enumerate(trees))
    for number, tree in enumerate(trees):
        later = [key for after in trees[number + 1 :] for key in keys(after)]
        for key, value in leaves(tree).items():
            if not any(overrides(other, key) for other in later):
                assert leaves(merged.data)[key] == value
                assert merged.place(key).file == Path(f"{number}.toml")


def keys(tree: dict[str, Any], prefix: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], bool]]:
    """Every key, and whether it is a table."""
    found = []
    for name, value in tree.items():
        found.append(((*prefix, name), isinstance(value, dict)))
        if isinstance(value, dict):
            found += keys(value, (*prefix, name))
    return found


def overrides(other: tuple[tuple[str, ...], bool], key: tuple[str, ...]) -> bool:
    path, is_table = other
    return path == key or (key[: len(path)] == path and not is_table)


@given(TREES, TREES, TREES)
def test_merging_step_by_step_gives_the_same(a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]) -> None:
    def merged(*trees: dict[str, Any]) -> dict[str, Any]:
        return merge(fragment("f", written(tree)) for tree in trees).data

    assert merged(merged(a, b), c) == merged(a, b, c)
    assert merged(a, a) == merged(a)


def test_an_array_of_tables_is_replaced_as_a_whole() -> None:
    base = fragment("base", "[[targets]]\npath = '/a'\nmode = '0600'\n[[targets]]\npath = '/b'\n")
    change = fragment("change", "\n[[targets]]\npath = '/c'\n")
    merged = merge([base, change])
    assert merged.data == {"targets": [{"path": "/c"}]}
    assert (merged.place(("targets", 0, "path")).file, merged.place(("targets", 0, "path")).line) == (
        Path("change"),
        3,
    )
    assert ("targets", 1) not in merged.places


def test_a_missing_key_is_placed_where_its_table_begins() -> None:
    merged = merge([fragment("base", "\n[sources.app]\nfile = '/a'\n")])
    assert merged.place(("sources", "app", "path")).text == "[sources.app]"
