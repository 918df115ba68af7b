"""``NAME=value`` files as systemd's EnvironmentFile= and a shell both read them.

``#`` behind a blank begins a comment after a value. Quotes are kept; a value that cannot stand without them
gets double quotes, and keeps them. What a shell would expand (``$``, a backtick) is escaped in a new value;
an old value that has it is not touched, since systemd and a shell read it differently.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from portreeve.edits import words
from portreeve.edits.errors import EditError
from portreeve.edits.lines import insert, line_number, remove
from portreeve.edits.model import EditValue, Key, Leaf, shown

_NAME = re.compile(r"[ \t]*(?P<export>export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*")
_NO_ASSIGNMENT = re.compile(r"[ \t]*(?:[#;][^\n]*|\r)?(?:\n|\Z)")
_DOUBLE = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SINGLE = re.compile(r"'[^']*'(?:\\''[^']*')*")
_BARE = re.compile(r"(?:[^\s'\"\\#]|(?<=[^\s])#)*(?:[ \t]+(?:[^\s'\"\\#]|(?<=[^\s])#)+)*")
_COMMENT = re.compile(r"[ \t]*(?:\r?(?=\n)|\Z)|[ \t]+#[^\n]*")
_EXPANDED = re.compile(r"(?<!\\)(?:\\\\)*[$`]")
_SHELL = re.compile(r"[$`;&|<>()]|(?:\A|:)~")
"""What a shell would not take as itself in an unquoted value."""
_NEEDS_QUOTES = re.compile(rf"[\s'\"\\]|\A#|{_SHELL.pattern}")
_ESCAPED = re.compile(r'[\\"$`]')

same = words.same


@dataclass(frozen=True, slots=True)
class _Entry:
    """One assignment; ``raw`` is its value as it stands, ``quote`` is ``None`` for one of several styles."""

    name: str
    exported: bool
    start: int
    value_start: int
    raw: str
    quote: str | None
    after: int


def get(text: str, key: Key) -> EditValue | None:
    """A text."""
    entry = _only(text, key)
    return None if entry is None else _value(entry.raw)


def put(text: str, key: Key, value: EditValue) -> str:
    """The value in its place, or a line more at the end."""
    entry = _only(text, key)
    if entry is None:
        entries = _scan(text)
        export = "export " if entries and all(entry.exported for entry in entries) else ""
        return insert(text, len(text), f"{export}{key[0]}={_written(words.text_of(value), '')}")
    line = line_number(text, entry.start)
    if entry.quote is None:
        raise EditError("the value is not in one pair of quotes", line)
    inner = entry.raw[1:-1] if entry.quote == '"' else entry.raw
    if entry.quote != "'" and (_EXPANDED if entry.quote else _SHELL).search(inner):
        raise EditError("the value has characters that a shell would not take as they are", line)
    new = _written(words.text_of(value, _value(entry.raw)), entry.quote)
    return text[: entry.value_start] + new + text[entry.value_start + len(entry.raw) :]


def drop(text: str, key: Key) -> str:
    """The file without the key's lines."""
    entry = _only(text, key)
    return text if entry is None else remove(text, entry.start, entry.after)


def leaves(text: str) -> Sequence[Leaf]:
    """The assignments, in order."""
    return [((entry.name,), repr((entry.exported, entry.raw))) for entry in _scan(text)]


def _only(text: str, key: Key) -> _Entry | None:
    if len(key) != 1:
        raise EditError(f"{shown(key)}: a key has one part here, the name")
    found = [entry for entry in _scan(text) if entry.name == key[0]]
    if len(found) > 1:
        raise EditError(f"{shown(key)} stands here for the second time", line_number(text, found[1].start))
    return found[0] if found else None


def _scan(text: str) -> list[_Entry]:
    entries: list[_Entry] = []
    at = 0
    while at < len(text):
        skipped = _NO_ASSIGNMENT.match(text, at)
        if skipped:
            at = skipped.end()
            continue
        name = _NAME.match(text, at)
        if name is None:
            raise EditError("neither NAME=value, nor a comment", line_number(text, at))
        raw, quote = _raw(text, name.end())
        end = name.end() + len(raw)
        newline = text.find("\n", end)
        after = len(text) if newline < 0 else newline + 1
        entries.append(_Entry(name["name"], bool(name["export"]), at, name.end(), raw, quote, after))
        at = after
    return entries


def _raw(text: str, at: int) -> tuple[str, str | None]:
    """The value as it stands, and in which quotes."""
    for style, quote in ((_DOUBLE, '"'), (_SINGLE, "'"), (_BARE, "")):
        match = style.match(text, at)
        if match and _COMMENT.match(text, match.end()):
            return match[0], quote
    return text[at : _end_of_mixed(text, at)], None


def _end_of_mixed(text: str, at: int) -> int:
    """Where a value ends that is partly quoted, or goes on in the next line."""
    opened, quote = at, ""
    while at < len(text) and (quote or text[at] != "\n"):
        here = text[at]
        if here == "\\" and quote != "'":
            at += 2
            continue
        if here == quote:
            quote = ""
        elif not quote and here in "'\"":
            quote = here
        at += 1
    if quote:
        raise EditError("a quote that is not closed", line_number(text, opened))
    at = min(at, len(text))
    return at - (text[at - 1] == "\r")


def _value(raw: str) -> str:
    """The raw value without quotes and escapes, by the rules of systemd.exec(5)."""
    parts: list[str] = []
    quote = ""
    at = 0
    while at < len(raw):
        here = raw[at]
        following = raw[at + 1 : at + 2]
        if here == "\\" and following and quote != "'":
            kept = "\\" if quote and not _ESCAPED.match(following) and following != "\n" else ""
            parts.append(kept + following.replace("\n", ""))
            at += 2
            continue
        if here == quote:
            quote = ""
        elif not quote and here in "'\"":
            quote = here
        else:
            parts.append(here)
        at += 1
    return "".join(parts)


def _written(value: str, quote: str) -> str:
    if quote == "'":
        return "'" + value.replace("'", "'\\''") + "'"
    if quote == '"' or _NEEDS_QUOTES.search(value):
        return '"' + _ESCAPED.sub(r"\\\g<0>", value) + '"'
    return value
