"""Properties are read as java.util.Properties reads them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.definitions.model import Format
from portreeve.sources.formats.parse import parse


def parsed(text: str | bytes) -> Any:
    return parse(Format.PROPERTIES, text.encode() if isinstance(text, str) else text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=b", {"a": "b"}),
        ("a : b", {"a": "b"}),
        ("a b c ", {"a": "b c "}),
        ("a\t= b", {"a": "b"}),
        ("a==b", {"a": "=b"}),
        ("a", {"a": ""}),
        ("=b", {"": "b"}),
        ("server.port=80\nserver=x", {"server.port": "80", "server": "x"}),
        ("  # c\n! d\n\n \t\n  a=b # c", {"a": "b # c"}),
        ("a=b\\\n   c\\\r\n\td", {"a": "bcd"}),
        ("a=b\\\n\nc=d", {"a": "b", "c": "d"}),
        ("a=b\\\n# c", {"a": "b# c"}),
        ("# c\\\na=b", {"a": "b"}),
        ("a=b\\\\\nc=d", {"a": "b\\", "c": "d"}),
        ("a=b\\", {"a": "b"}),
        ("a=1\na=2", {"a": "2"}),
        ("a=1\rb=2", {"a": "1", "b": "2"}),
        (r"a\ b\=\:c=d", {"a b=:c": "d"}),
        (r"a=\t\n\r\f\z\"\'\\", {"a": "\t\n\r\fz\"'\\"}),
        (r"a=\u00e9\uD83D\uDE00\\u12", {"a": "é😀\\u12"}),
        ("a=50%${x} `y` $z", {"a": "50%${x} `y` $z"}),
        ("a=größe", {"a": "größe"}),
        ("a=größe".encode("latin-1"), {"a": "größe"}),
        (b"\xef\xbb\xbfa=b", {"a": "b"}),
    ],
)
def test_properties_follow_javas_rules(text: str | bytes, found: dict[str, str]) -> None:
    assert parsed(text) == found


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)


@given(st.dictionaries(NAMES, NAMES, max_size=5))
def test_what_java_stores_is_read_back(values: dict[str, str]) -> None:
    def stored(text: str) -> str:
        plain = "".join("\\" + each if each in "\\=:#! " else each for each in text)
        for spelled, each in (("\\t", "\t"), ("\\n", "\n"), ("\\r", "\r"), ("\\f", "\f")):
            plain = plain.replace(each, spelled)
        return plain

    assert parsed("".join(f"{stored(key)}={stored(value)}\n" for key, value in values.items())) == values
