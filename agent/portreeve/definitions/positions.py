"""Where each key of a TOML text stands, which :mod:`tomllib` does not tell.

The scanner walks a text that tomllib has already accepted, so it may believe what it sees: it only has to
find where keys and values begin and end, never whether they are right.
"""

import re
import tomllib
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""The way to a value: names of tables and keys, and the index of an element of an array."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BASIC_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_LITERAL_STRING = re.compile(r"'[^']*'")
_MULTILINE_BASIC = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL)
_MULTILINE_LITERAL = re.compile(r"'''.*?'{3,5}", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\n]*")
_BLANK = re.compile(r"[ \t]*")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


def scan(text: str) -> Mapping[KeyPath, int]:
    """The line, counted from 1, on which each table, key and array element first stands.

    Args:
        text: valid TOML.
    """
    return _Scanner(text).document()


def render_key(path: KeyPath) -> str:
    """A key path for people: ``targets[0].path``."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            name = part if _BARE_KEY.fullmatch(part) else f'"{part}"'
            shown += f".{name}" if shown else name
    return shown


class _Scanner:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[KeyPath, int] = {}
        self.elements: dict[KeyPath, int] = {}

    def document(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self.take(_BLANK_LINES)
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self.header(2)
            elif self.text.startswith("[", self.at):
                table = self.header(1)
            else:
                self.pair(table)
            self.take(_BLANK_LINES)
        return self.lines

    def take(self, pattern: re.Pattern[str]) -> str:
        """Step over what matches here, counting lines."""
        match = pattern.match(self.text, self.at)
        taken = match[0] if match else ""
        self.at += len(taken)
        self.line += taken.count("\n")
        return taken

    def header(self, brackets: int) -> KeyPath:
        """``[a.b]`` or ``[[a.b]]``: the path of the table that begins here."""
        self.at += brackets
        names = self.key()
        self.take(_BLANK)
        self.at += brackets
        path: KeyPath = ()
        for position, name in enumerate(names):
            path = (*path, name)
            self.lines.setdefault(path, self.line)
            last = position == len(names) - 1
            if last and brackets == 2:
                self.elements[path] = self.elements.get(path, 0) + 1
            if path in self.elements:
                # A header that walks through an array of tables means its latest element (TOML 1.0).
                path = (*path, self.elements[path] - 1)
                self.lines.setdefault(path, self.line)
        return path

    def key(self) -> list[str]:
        """A dotted key; leaves off behind its last part."""
        parts = []
        while True:
            self.take(_BLANK)
            if self.text[self.at] == '"':
                parts.append(str(tomllib.loads(f"k = {self.take(_BASIC_STRING)}")["k"]))
            elif self.text[self.at] == "'":
                parts.append(self.take(_LITERAL_STRING)[1:-1])
            else:
                parts.append(self.take(_BARE_KEY))
            self.take(_BLANK)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def pair(self, table: KeyPath) -> None:
        """``key = value``, in a table or an inline table."""
        path = table
        for name in self.key():
            path = (*path, name)
            self.lines.setdefault(path, self.line)
        self.at += 1  # the equals sign
        self.take(_BLANK)
        self.value(path)

    def value(self, path: KeyPath) -> None:
        here = self.text[self.at]
        if here == "[":
            self.array(path)
        elif here == "{":
            self.inline_table(path)
        elif self.text.startswith('"""', self.at):
            self.take(_MULTILINE_BASIC)
        elif self.text.startswith("'''", self.at):
            self.take(_MULTILINE_LITERAL)
        elif here == '"':
            self.take(_BASIC_STRING)
        elif here == "'":
            self.take(_LITERAL_STRING)
        else:
            self.take(_SCALAR)

    def array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while not self.closes("]"):
            element = (*path, index)
            self.lines[element] = self.line
            self.value(element)
            index += 1

    def inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while not self.closes("}"):
            self.pair(path)

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
