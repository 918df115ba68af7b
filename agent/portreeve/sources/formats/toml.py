"""TOML 1.0."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.text import decode

_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


_DEEP_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64}""")
"""A key of more parts than anybody needs: tomllib takes a time that grows with their square [measured]."""

_MOST_TABLES = 10_000
"""Headers; tomllib needs 100 bytes of memory for each byte of them [measured]."""

_LONG_NUMBER = re.compile(r"(?<![0-9_])[0-9_]{5000}")
"""More digits than Python takes of an integer; tomllib needs 140 bytes for each of a float [measured]."""


def parse(data: bytes) -> Mapping[str, Any]:
    """The document.

    Raises:
        FormatError: it is not TOML.
    """
    text = decode(data)
    deep = _DEEP_KEY.search(text)
    if deep:
        raise FormatError("nested too deep", text.count("\n", 0, deep.start()) + 1)
    if text.count("\n[") > _MOST_TABLES:
        raise FormatError("too many tables")
    long = _LONG_NUMBER.search(text)
    if long:
        raise FormatError("a number that is too long", text.count("\n", 0, long.start()) + 1)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        # What the message says besides its place may quote the file.
        line = int(place["line"]) if place and place["line"] else text.count("\n") + 1
        raise FormatError("not TOML", line) from error
    except ValueError as error:
        # A number of more than 4300 digits; Python refuses to spend the time.
        raise FormatError("a number that is too long") from error
    except RecursionError as error:
        raise FormatError("nested too deep") from error
