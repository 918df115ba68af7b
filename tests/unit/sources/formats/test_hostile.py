"""Whoever controls a container writes these files: each is read as it stands, or refused by name, at once."""

import contextlib
import os
import time
import tracemalloc
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fuzz.fragments import fragments
from fuzz.reading import read_any
from portreeve.definitions.model import Format
from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.parse import parse

LONG = bool(os.environ.get("PORTREEVE_TEST_LONG"))
MEBIBYTE = 1 << 20
SECONDS = 20.0
"""For a mebibyte of anything, on a slow machine; what is not linear takes minutes."""

STRUCTURED = [each for each in Format if each is not Format.TEXT]


def one(format_: Format, name: str, value: str) -> str:
    """A file with one value in section or table ``s``, where the format has any."""
    return {
        Format.INI: f"[s]\n{name} = {value}\n",
        Format.JSON: f'{{"s": {{"{name}": "{value}"}}}}\n',
        Format.YAML: f"s:\n  {name}: {value}\n",
        Format.TOML: f"[s]\n{name} = '{value}'\n",
        Format.ENV: f"{name}={value}\n",
        Format.PROPERTIES: f"{name}={value}\n",
        Format.XML: f"<s>\n<{name}>{value}</{name}>\n</s>\n",
        Format.UNIT: f"[s]\n{name}={value}\n",
    }[format_]


def found(format_: Format, text: str, name: str) -> Any:
    got = parse(format_, text.encode())
    return got[name] if format_ in (Format.ENV, Format.PROPERTIES) else got["s"][name]


@pytest.mark.parametrize("format_", STRUCTURED)
def test_a_byte_order_mark_and_line_ends_of_windows_are_no_part_of_a_value(format_: Format) -> None:
    text = "\ufeff" + one(format_, "port", "9000").replace("\n", "\r\n")
    assert found(format_, text, "port") == "9000"


@pytest.mark.parametrize("format_", STRUCTURED)
@pytest.mark.parametrize(
    "value", ["50%", "%(port)s", "%h", "$HOME", "${x}", "{{ 7 }}", "{% x %}", "a;b|c", "`id`"]
)
def test_nothing_in_a_value_is_expanded(format_: Format, value: str) -> None:
    # A brace begins a table in YAML and has to be quoted there.
    text = one(format_, "a", f"'{value}'" if format_ is Format.YAML else value)
    assert found(format_, text, "a") == value


@pytest.mark.parametrize("value", ["it's", 'say "x"', "back\\slash"])
@pytest.mark.parametrize("format_", [Format.INI, Format.YAML, Format.XML, Format.UNIT])
def test_quotes_and_backslashes_mean_themselves_where_nothing_is_quoted(format_: Format, value: str) -> None:
    assert found(format_, one(format_, "a", value), "a") == value


def many_keys(format_: Format, count: int) -> str:
    keys = [f"k{number}" for number in range(count)]
    match format_:
        case Format.JSON:
            return '{"s": {' + ", ".join(f'"{key}": "v"' for key in keys) + "}}"
        case Format.XML:
            return "<s>" + "".join(f"<{key}>v</{key}>" for key in keys) + "</s>"
        case _:
            head, _, line = one(format_, "KEY", "v").removesuffix("\n").rpartition("\n")
            return (head + "\n" if head else "") + "".join(line.replace("KEY", key) + "\n" for key in keys)


@pytest.mark.parametrize("format_", STRUCTURED)
def test_ten_thousand_keys_are_read(format_: Format) -> None:
    began = time.process_time()
    assert found(format_, many_keys(format_, 10_000), "k9999") == "v"
    assert time.process_time() - began < SECONDS


TWICE = {
    Format.INI: "option 'a' for the second time in section 's'",
    Format.JSON: "key 'a' for the second time",
    Format.YAML: "key 'a' for the second time",
    Format.TOML: "not TOML",
    Format.ENV: "2",
    Format.PROPERTIES: "2",
    Format.XML: ["1", "2"],
    Format.UNIT: ["1", "2"],
}


@pytest.mark.parametrize("format_", TWICE)
def test_a_key_that_comes_twice_is_what_the_format_says_or_refused(format_: Format) -> None:
    first, second = one(format_, "a", "1"), one(format_, "a", "2")
    if format_ is Format.JSON:
        text = '{"s": {"a": "1", "a": "2"}}'
    elif format_ is Format.XML:
        text = "<s><a>1</a><a>2</a></s>"
    else:
        text = first + second.rpartition("\n")[0].rpartition("\n")[2] + "\n"
    try:
        assert found(format_, text, "a") == TWICE[format_]
    except FormatError as error:
        assert error.message == TWICE[format_]  # noqa: PT017 - the other half of the same table


def filled(piece: str, before: str = "", after: str = "") -> bytes:
    return (before + piece * ((MEBIBYTE - len(before) - len(after)) // len(piece)) + after).encode()


WORST = {
    "ini: blanks in an option": (Format.INI, filled(" ", "[a]\nb", "x")),
    "ini: sections times defaults": (Format.INI, "".join([
        "[DEFAULT]\n", many_keys(Format.ENV, 20_000), *(f"[{n}]\n" for n in range(9_990))
    ]).encode()),
    "ini: a line that goes on": (Format.INI, filled(" x\n", "[a]\nb = 1\n")),
    "json: deep lists": (Format.JSON, filled("[")),
    "json: deep objects": (Format.JSON, filled('{"a":')),
    "json: long numbers": (Format.JSON, filled("9" * 4000 + ",", '{"a": [', "1]}")),
    "yaml: deep lists": (Format.YAML, filled("[")),
    "yaml: deep lists of lines": (Format.YAML, filled("- ")),
    "yaml: merges of merges": (Format.YAML, "".join([
        "a0: &a0 {k: 1}\n", *(f"a{n + 1}: &a{n + 1}\n  <<: *a{n}\n  k{n}: 1\n" for n in range(20_000))
    ]).encode()),
    "yaml: many aliases": (Format.YAML, filled("*a,", "a: &a x\nb: [", "*a]")),
    "toml: deep inline tables": (Format.TOML, filled("{a=", "a=")),
    "toml: deep keys": (Format.TOML, filled("a.", "", "a = 1")),
    "toml: many deep keys": (
        Format.TOML, "".join(f"{'.'.join(['a'] * 62)}.k{n} = 1\n" for n in range(7_500)).encode()
    ),
    "toml: a number without end": (Format.TOML, filled("1", "a = 0.")),
    "env: a quote that is not closed": (Format.ENV, filled("'b'", "A=", "'")),
    "env: lines that go on": (Format.ENV, filled("\\\n", "A=")),
    "properties: lines that go on": (Format.PROPERTIES, filled("\\\n", "a=")),
    "properties: backslashes": (Format.PROPERTIES, filled("\\\\", "a=", "\\u")),
    "properties: one long name": (Format.PROPERTIES, filled("\\=")),
    "xml: deep": (Format.XML, filled("<a>")),
    "xml: wide": (Format.XML, filled("<a/>", "<r>", "</r>")),
    "xml: attributes": (Format.XML, "".join([
        "<r ", *(f"a{n}='' " for n in range(90_000)), "/>"
    ]).encode()),
    "xml: comments before a document type": (Format.XML, filled("<!-- -->", "", "<!DOCTYPE a>")),
    "unit: lines that go on": (Format.UNIT, filled("\\\n", "[a]\nb=")),
    "unit: sections": (Format.UNIT, filled("[a]\n")),
    "text: lines of another system": (Format.TEXT, filled("\r")),
}  # fmt: skip


@pytest.mark.parametrize("name", WORST)
def test_a_mebibyte_of_the_worst_is_over_at_once(name: str) -> None:
    began = time.process_time()
    try:
        assert isinstance(parse(*WORST[name]), Mapping)
    except FormatError as error:
        assert str(error)  # noqa: PT017 - both are right; what counts is the time
    assert time.process_time() - began < SECONDS


HEAVY = (
    "toml: a number without end",
    "unit: lines that go on",
    "yaml: merges of merges",
    "xml: attributes",
)
"""Those that took, or could take, most."""


@pytest.mark.parametrize("name", HEAVY)
def test_a_mebibyte_takes_less_than_a_hundred_of_memory(name: str) -> None:
    tracemalloc.start()
    try:
        with contextlib.suppress(FormatError):
            parse(*WORST[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * MEBIBYTE


@pytest.mark.timeout(1800 if LONG else 120)
@pytest.mark.parametrize("format_", Format)
@settings(max_examples=5_000 if LONG else 50, deadline=None)
@given(data=st.binary(max_size=300))
@example(data=b"")
def test_any_bytes_are_values_or_refused(format_: Format, data: bytes) -> None:
    read_any(format_, data)


@pytest.mark.timeout(1800 if LONG else 120)
@pytest.mark.parametrize("format_", Format)
@settings(max_examples=5_000 if LONG else 100, deadline=None)
@given(data=st.data())
def test_pieces_of_the_format_in_any_order_are_values_or_refused(
    format_: Format, data: st.DataObject
) -> None:
    read_any(format_, b"".join(data.draw(st.lists(st.sampled_from(fragments(format_)), max_size=40))))
