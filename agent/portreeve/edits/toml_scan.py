"""Where the values of a TOML text stand, which :mod:`tomllib` does not tell.

The text has been accepted by tomllib, so the scanner only finds where things begin and end.
"""

import re
import tomllib
from dataclasses import dataclass, field

from portreeve.edits.model import Key

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    _BASIC,
    _LITERAL,
)
_SCALAR = re.compile(r"[^,\]}#\r\n]*[^,\]}#\s]")
_BLANK = re.compile(r"[ \t]*")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


@dataclass(frozen=True, slots=True)
class Statement:
    """``key = value`` in a table or an inline table.

    Args:
        path: of the value.
        table: of the table whose header is above it, or the inline table it is in.
        start: where the key begins.
        value: where the value begins.
        end: behind the value.
        separator: what stands between key and value.
    """

    path: Key
    table: Key
    start: int
    value: int
    end: int
    separator: str


@dataclass(slots=True)
class Table:
    """A table with a header, or the root, or an inline table.

    Args:
        path: of the table; an element of an array of tables has its index.
        start: where its header begins, or its brace.
        end: behind the header's line, or behind the brace that closes it.
        inline: whether it is in braces.
        statements: what is in it, without what is in inline tables below.
    """

    path: Key
    start: int
    end: int
    inline: bool
    statements: list[Statement] = field(default_factory=list)


@dataclass(slots=True)
class Places:
    """All of a document; ``elements`` are the places of what stands in the brackets of arrays."""

    tables: list[Table]
    elements: dict[Key, tuple[int, int]]


def scan(text: str) -> Places:
    """Find everything.

    Args:
        text: valid TOML.
    """
    return _Scanner(text).document()


def after_line(text: str, at: int) -> int:
    """Where the line behind the one that ``at`` is in begins."""
    newline = text.find("\n", at)
    return len(text) if newline < 0 else newline + 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tables = [Table((), 0, 0, False)]
        self.elements: dict[Key, tuple[int, int]] = {}
        self.counts: dict[Key, int] = {}

    def document(self) -> Places:
        table = self.tables[0]
        self.take(_BLANK_LINES)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header(2 if self.text.startswith("[[", self.at) else 1)
                self.tables.append(table)
            else:
                self.pair(table)
            self.take(_BLANK_LINES)
        return Places(self.tables, self.elements)

    def take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        self.at += len(match[0]) if match else 0
        return match[0] if match else ""

    def header(self, brackets: int) -> Table:
        start = self.at
        self.at += brackets
        names = self.key()
        self.take(_BLANK)
        self.at += brackets
        path: Key = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if position == len(names) - 1 and brackets == 2:
                self.counts[path] = self.counts.get(path, 0) + 1
            if path in self.counts:
                # A header that walks through an array of tables means its latest element (TOML 1.0).
                path = (*path, str(self.counts[path] - 1))
        return Table(path, start, after_line(self.text, self.at), False)

    def key(self) -> list[str]:
        parts = []
        while True:
            self.take(_BLANK)
            if self.text[self.at] == '"':
                parts.append(str(tomllib.loads(f"k = {self.take(_BASIC)}")["k"]))
            elif self.text[self.at] == "'":
                parts.append(self.take(_LITERAL)[1:-1])
            else:
                parts.append(self.take(_BARE_KEY))
            end = self.at
            self.take(_BLANK)
            if not self.text.startswith(".", self.at):
                self.at = end
                return parts
            self.at += 1

    def pair(self, table: Table) -> None:
        start = self.at
        path = (*table.path, *self.key())
        key_end = self.at
        self.take(_BLANK)
        self.at += 1  # the equals sign
        self.take(_BLANK)
        value = self.at
        self.value(path)
        separator = self.text[key_end:value]
        table.statements.append(Statement(path, table.path, start, value, self.at, separator))

    def value(self, path: Key) -> None:
        here = self.text[self.at]
        if here == "[":
            self.array(path)
        elif here == "{":
            table = Table(path, self.at, self.at, True)
            self.tables.append(table)
            self.at += 1
            while not self.closes("}"):
                self.pair(table)
            table.end = self.at
        elif not any(self.take(string) for string in _STRINGS):
            self.take(_SCALAR)

    def array(self, path: Key) -> None:
        self.at += 1
        index = 0
        while not self.closes("]"):
            start = self.at
            self.value((*path, str(index)))
            self.elements[(*path, str(index))] = (start, self.at)
            index += 1

    def closes(self, bracket: str) -> bool:
        """Step over separators, and over the closing bracket if it is here."""
        self.take(_BLANK_LINES)
        if self.text.startswith(",", self.at):
            self.at += 1
            self.take(_BLANK_LINES)
        if self.text.startswith(bracket, self.at):
            self.at += 1
            return True
        return False
