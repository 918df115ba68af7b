"""Java's ``.properties`` (java.util.Properties#load): one flat list of names, whose dots mean nothing.

UTF-8, or else Latin-1, as Java reads its resource bundles since version 9. A name that is set twice has its
last value, as in Java. Nothing is expanded: ``${…}`` is Spring's, not the format's.
"""

import re
from collections.abc import Iterator

from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.flat import Flat
from portreeve.sources.formats.text import decode

_BLANK = " \t\f"
_LINE_END = re.compile(r"\r\n|\r|\n")
_NAME = re.compile(r"((?:[^\\=: \t\f]|\\.)*+)[ \t\f]*+[=:]?[ \t\f]*+")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))")
_BAD_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*+\\u(?![0-9A-Fa-f]{4})")
_SPELLED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def parse(data: bytes) -> Flat:
    """``{name: value}``.

    Raises:
        FormatError: there is a NUL in it, or a ``\\u`` without its four digits.
    """
    try:
        data.decode()
    except UnicodeDecodeError:
        data = data.decode("latin-1").encode()
    found = Flat()
    for number, line in _logical_lines(decode(data)):
        if _BAD_ESCAPE.search(line):
            raise FormatError("\\u without four hexadecimal digits", number)
        name = _NAME.match(line)
        assert name is not None  # It matches the empty text.
        found[_unescaped(name[1])] = _unescaped(line[name.end() :])
    return found


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with those that go on joined, each with its number; no comments, no empty ones."""
    parts: list[str] = []
    first = 0
    for number, natural in enumerate(_LINE_END.split(text), start=1):
        line = natural.lstrip(_BLANK)
        if not parts:
            if not line or line[0] in "#!":
                continue
            first = number
        goes_on = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        parts.append(line[:-1] if goes_on else line)
        if not goes_on:
            yield first, "".join(parts)
            parts = []
    if parts:
        yield first, "".join(parts)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _character(found[2]), text)
    # Java's characters are UTF-16: one outside the basic plane is spelled as a pair.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _character(escaped: str) -> str:
    return _SPELLED.get(escaped, escaped)
