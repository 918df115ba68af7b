"""JSON, TOML and YAML: nested keys, types, and where a missing key goes."""

import pytest

from portreeve.definitions.model import Format
from portreeve.edits.edit import edit, read
from portreeve.edits.errors import EditError

JSON = b'{\n    "a": {"x": 1, "y": [1, "z"]},\n    "b" : true\n}\n'
TOML = b"# c\na.b = 1\n\n[s]\nx = 'lit'  # c\nd = 2020-01-01\ni = { p = 1 }\n\n[[t]]\nk=1\n"
YAML = b"# c\na:\n    b: 'x'   # c\n    l:\n    - one\n    - k: 1\n      m: yes\nf: {p: 1}\ne:\n"


@pytest.mark.parametrize(
    ("format_", "file", "key", "value", "old", "new"),
    [
        (Format.JSON, JSON, ("a", "x"), 2, b'x": 1', b'x": 2'),
        (Format.JSON, JSON, ("a", "y", "1"), 'q"', b'"z"', b'"q\\""'),
        (Format.JSON, JSON, ("b",), False, b"true", b"false"),
        (Format.TOML, TOML, ("a", "b"), 2, b"b = 1", b"b = 2"),
        (Format.TOML, TOML, ("s", "x"), "new", b"'lit'", b"'new'"),
        (Format.TOML, TOML, ("s", "x"), "it's", b"'lit'", b'"it\'s"'),
        (Format.TOML, TOML, ("s", "d"), "2021-02-03", b"2020-01-01", b"2021-02-03"),
        (Format.TOML, TOML, ("s", "i", "p"), 1.5, b"p = 1", b"p = 1.5"),
        (Format.TOML, TOML, ("t", "0", "k"), 2, b"k=1", b"k=2"),
        (Format.YAML, YAML, ("a", "b"), "it's", b"'x'", b"'it''s'"),
        (Format.YAML, YAML, ("a", "l", "0"), "two", b"one", b"two"),
        (Format.YAML, YAML, ("a", "l", "0"), "no", b"one", b'"no"'),
        (Format.YAML, YAML, ("a", "l", "1", "m"), False, b"yes", b"no"),
        (Format.YAML, YAML, ("f", "p"), "a, b", b"p: 1", b'p: "a, b"'),
        (Format.YAML, YAML, ("e",), 1, b"e:", b"e: 1"),
    ],
)
def test_only_the_bytes_of_the_value_change(
    format_: Format, file: bytes, key: tuple[str, ...], value: str | int, old: bytes, new: bytes
) -> None:
    assert file.count(old) == 1
    after = edit(format_, file, {key: value})
    assert after == file.replace(old, new)
    assert read(format_, after, key) == value


@pytest.mark.parametrize(
    ("format_", "file", "key", "after"),
    [
        (Format.JSON, JSON, ("c",), JSON.replace(b"true", b'true,\n    "c" : 1')),
        (Format.JSON, JSON, ("a", "z"), JSON.replace(b'"z"]', b'"z"], "z": 1')),
        (Format.JSON, JSON, ("c", "d"), JSON.replace(b"true", b'true,\n    "c" : {\n        "d" : 1\n    }')),
        (Format.JSON, b"{}", ("c",), b'{"c": 1}'),
        (Format.JSON, b"{\n}\n", ("c",), b'{\n  "c": 1\n}\n'),
        (Format.TOML, TOML, ("a", "c"), TOML.replace(b"a.b = 1\n", b"a.b = 1\na.c = 1\n")),
        (Format.TOML, TOML, ("s", "n"), TOML.replace(b"1 }\n", b"1 }\nn = 1\n")),
        (Format.TOML, TOML, ("s", "i", "n"), TOML.replace(b"1 }", b"1, n = 1 }")),
        (Format.TOML, TOML, ("t", "0", "n"), TOML + b"n=1\n"),
        (Format.TOML, TOML, ("n", "o"), TOML + b"\n[n]\no = 1\n"),
        (Format.TOML, b"# c\n\n# d\n[a]\n", ("r",), b"# c\n\nr = 1\n# d\n[a]\n"),
        (Format.YAML, YAML, ("a", "c"), YAML.replace(b"m: yes\n", b"m: yes\n    c: 1\n")),
        (Format.YAML, YAML, ("a", "l", "1", "c"), YAML.replace(b"m: yes\n", b"m: yes\n      c: 1\n")),
        (Format.YAML, YAML, ("f", "q"), YAML.replace(b"p: 1", b"p: 1, q: 1")),
        (Format.YAML, YAML, ("e", "z"), YAML + b"    z: 1\n"),
        (Format.YAML, YAML, ("g", "z"), YAML + b"g:\n    z: 1\n"),
        (Format.YAML, b"# only a comment\n", ("a",), b"# only a comment\na: 1\n"),
    ],
)
def test_a_missing_key_is_written_as_its_siblings_are_and_removed_without_a_trace(
    format_: Format, file: bytes, key: tuple[str, ...], after: bytes
) -> None:
    assert edit(format_, file, {key: 1}) == after
    if len(file) > 4 and key not in {("c", "d"), ("n", "o"), ("g", "z")}:
        assert edit(format_, after, {key: None}) == file


@pytest.mark.parametrize(
    ("format_", "file", "key"),
    [
        (Format.JSON, JSON, ("a",)),
        (Format.JSON, JSON, ("b", "c")),
        (Format.JSON, JSON, ("a", "y", "2")),
        (Format.JSON, JSON, ("a", "y", "-1")),
        (Format.JSON, b'{"a": 1, "a": 2}', ("a",)),
        (Format.JSON, b'{"a": 1} // comment', ("a",)),
        (Format.JSON, b'{"a": NaN}', ("a",)),
        (Format.JSON, b"[" * 100_000, ("a",)),
        (Format.TOML, TOML, ("s",)),
        (Format.TOML, TOML, ("s", "x", "y")),
        (Format.TOML, TOML, ("t", "1", "k")),
        (Format.TOML, b"a = 1\na = 2\n", ("a",)),
        (Format.TOML, b"a." * 5000 + b"a = 1\n", ("a",)),
        (Format.YAML, YAML, ("a",)),
        (Format.YAML, YAML, ("a", "b", "c")),
        (Format.YAML, YAML, ("a", "l", "2")),
        (Format.YAML, b"a: &x 1\nb: *x\n", ("a",)),
        (Format.YAML, b"a: &x 1\nb: *x\n", ("b",)),
        (Format.YAML, b"a: &x {y: 1}\nb: *x\n", ("a", "y")),
        (Format.YAML, b"a: &x {y: 1}\nb: *x\n", ("b", "y")),
        (Format.YAML, b"a: !!str 1\n", ("a",)),
        (Format.YAML, b"a: |\n  text\n", ("a",)),
        (Format.YAML, b"a: 22:22\n", ("a",)),
        (Format.YAML, b"a: 010\n", ("a",)),
        (Format.YAML, b"a: 2020-01-01\n", ("a",)),
        (Format.YAML, b"a: 1\na: 2\n", ("a",)),
        (Format.YAML, b"a: 1\n---\na: 2\n", ("a",)),
        (Format.YAML, b"? [a]\n: 1\n", ("a",)),
        (Format.YAML, b"{a: " * 100_000, ("a",)),
        (Format.YAML, b"a: 1\n\tb: 2\n", ("a",)),
    ],
)
def test_a_place_that_is_not_one_plain_value_is_refused(
    format_: Format, file: bytes, key: tuple[str, ...]
) -> None:
    with pytest.raises(EditError):
        edit(format_, file, {key: "new"})


@pytest.mark.parametrize("format_", [Format.JSON, Format.TOML, Format.YAML])
def test_an_element_of_an_array_is_not_removed_since_a_second_run_would_remove_the_next(
    format_: Format,
) -> None:
    file = {Format.JSON: b'{"a": [1, 2]}', Format.TOML: b"a = [1, 2]", Format.YAML: b"a:\n- 1\n- 2\n"}[
        format_
    ]
    with pytest.raises(EditError, match="cannot be removed"):
        edit(format_, file, {("a", "0"): None})


def test_a_text_that_looks_like_another_type_stays_a_text_in_every_version_of_yaml() -> None:
    for value in [
        "no",
        "1",
        "1.0",
        "1e3",
        "0o17",
        "010",
        "22:22",
        "~",
        "null",
        "true",
        "2020-01-01",
        "=",
        "<<",
        "y",
    ]:
        after = edit(Format.YAML, b"a: x\n", {("a",): value})
        assert after == f'a: "{value}"\n'.encode()
        assert read(Format.YAML, after, ("a",)) == value


def test_other_texts_of_yaml_need_no_quotes() -> None:
    for value in ["10.0.0.1", "nginx:1.25", "http://x/y", "/srv/a b", "a, b", "-x", "${A}"]:
        assert edit(Format.YAML, b"a: x\n", {("a",): value}) == f"a: {value}\n".encode()


def test_bombs_of_aliases_are_not_expanded() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    file = "\n".join([*lines, "port: 1\n"]).encode()
    assert edit(Format.YAML, file, {("port",): 2}) == file.replace(b"port: 1", b"port: 2")
