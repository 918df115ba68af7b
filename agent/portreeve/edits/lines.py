"""Lines of a text by their offsets; a line ends with a line feed, or a carriage return and a line feed."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Args:
        number: counted from 1.
        start: where it begins.
        end: where its ending begins, which the last line may lack.
        after: where the next line begins.
    """

    number: int
    start: int
    end: int
    after: int


def lines(text: str) -> Iterator[Line]:
    """All lines of a text."""
    start = 0
    number = 1
    while start < len(text):
        found = text.find("\n", start)
        after = len(text) if found < 0 else found + 1
        end = len(text) if found < 0 else found - text.endswith("\r", start, found)
        yield Line(number, start, end, after)
        start = after
        number += 1


def line_number(text: str, at: int) -> int:
    """The line an offset is in, counted from 1."""
    return text.count("\n", 0, at) + 1


def ending(text: str) -> str:
    """How this text ends its lines; the first one tells."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def insert(text: str, at: int, new: str) -> str:
    """The text with whole lines more.

    Args:
        text: the old one; if its last line has no ending, the new last line has none either.
        at: where a line begins, or the end.
        new: the lines, with endings between them and none at the end.
    """
    if at == len(text) and text and not text.endswith("\n"):
        return text + ending(text) + new
    return text[:at] + new + ending(text) + text[at:]


def remove(text: str, start: int, after: int) -> str:
    """The text without whole lines; :func:`insert` undone."""
    if after == len(text) and start > 0 and not text.endswith("\n"):
        return text[: start - len(ending(text))]
    return text[:start] + text[after:]
