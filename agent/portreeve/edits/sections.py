"""Lines of ``[section]`` and ``key = value``: what INI and unit files have in common."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from portreeve.edits.errors import EditError
from portreeve.edits.lines import ending, insert, line_number
from portreeve.edits.model import Key, shown


@dataclass(frozen=True, slots=True)
class Entry:
    """One assignment.

    Args:
        section: the name of its section.
        key: its own name.
        value: what it says; ``None`` if it has no separator.
        separator: what stands between key and value: the sign with the blanks round it.
        start: where its first line begins.
        key_start: where the key begins, behind the indentation.
        value_start: where the value begins.
        value_end: behind the value; a comment may follow.
        after: where the line behind its last one begins.
        interrupted: whether comments or blank lines stand between its lines.
    """

    section: str
    key: str
    value: str | None
    separator: str
    start: int
    key_start: int
    value_start: int
    value_end: int
    after: int
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Header:
    """One ``[section]`` line, and where the next line begins."""

    name: str
    after: int


@dataclass(frozen=True, slots=True)
class Sections:
    """A whole file, in order."""

    headers: Sequence[Header]
    entries: Sequence[Entry]

    def of(self, key: Key) -> list[Entry]:
        """All assignments of a key."""
        section, name = pair(key)
        return [entry for entry in self.entries if (entry.section, entry.key) == (section, name)]


def pair(key: Key) -> tuple[str, str]:
    """Section and key.

    Raises:
        EditError: it has not two parts.
    """
    if len(key) != 2:
        raise EditError(f"{shown(key)}: a key has two parts here, section and key")
    return key[0], key[1]


def replace(text: str, entry: Entry, value: str) -> str:
    """The text with another value in an assignment.

    Raises:
        EditError: comments would be lost.
    """
    if entry.interrupted:
        line = line_number(text, entry.start)
        raise EditError("comments or blank lines stand between the lines of the value", line)
    return text[: entry.value_start] + value + text[entry.value_end :]


def add(text: str, found: Sections, key: Key, value: str, separator: str | None) -> str:
    """The text with one assignment more, at the end of its section, which is appended if it is missing.

    Args:
        text: the old one.
        found: what is in it.
        key: which one.
        value: as it is written.
        separator: what stands between key and value; ``None`` takes what the file does.

    Raises:
        EditError: the section begins more than once, so that its end is ambiguous.
    """
    section, name = pair(key)
    headers = [header for header in found.headers if header.name == section]
    mates = [entry for entry in found.entries if entry.section == section]
    line = name + (_separator(mates or found.entries) if separator is None else separator) + value
    if not headers:
        if "]" in section or "[" in section:
            raise EditError(f"[{section}] is not the name of a section")
        blank = ending(text) if text.strip() and not text.endswith(("\n\n", "\n\r\n")) else ""
        return insert(text, len(text), f"{blank}[{section}]{ending(text)}{line}")
    if len(headers) > 1:
        raise EditError(f"section [{section}] begins {len(headers)} times")
    at = mates[-1].after if mates else headers[0].after
    indentation = text[mates[-1].start : mates[-1].key_start] if mates else ""
    return insert(text, at, indentation + line)


def _separator(entries: Sequence[Entry]) -> str:
    """How most assignments are written; blanks that align columns count as one."""
    written: Counter[str] = Counter()
    for entry in entries:
        if entry.value and entry.separator.strip():
            sign = entry.separator.strip()
            before, _, behind = entry.separator.partition(sign)
            written[f"{' ' if before else ''}{sign}{' ' if behind else ''}"] += 1
    return written.most_common(1)[0][0] if written else " = "
