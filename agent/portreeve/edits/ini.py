"""INI as Python's configparser reads it, without interpolation, and with two things that other readers know:

quotes round a whole value are not part of it, and ``;`` or ``#`` with blanks on both sides begins a comment
behind a value. A key may be doubled, as long as it is not the edited one.
"""

import configparser
import dataclasses
import re
from collections.abc import Sequence

from portreeve.edits import words
from portreeve.edits.errors import EditError
from portreeve.edits.lines import Line, line_number, lines, remove
from portreeve.edits.model import EditValue, Key, Leaf, shown
from portreeve.edits.sections import Entry, Header, Sections, add, replace

_SECTION = re.compile(r"\[(?P<name>.+)\]")
_OPTION = re.compile(r"(?P<key>[^=:]*?)(?P<separator>\s*[=:]\s*)(?P<value>.*)")
_BLANKS = re.compile(r"[^\S\n]{1000}")
"""More than anybody aligns with: configparser takes a time that grows with their square."""
_COMMENT = re.compile(r"(?:^|[ \t]+)[;#](?:[ \t].*)?$")
_QUOTED = re.compile(r"""(?P<value>"[^"]*"|'[^']*')(?:[ \t]+[;#](?:[ \t].*)?)?$""")

same = words.same


def get(text: str, key: Key) -> EditValue | None:
    """A text; empty for a key without a separator."""
    entry = _only(text, _scan(text), key)
    return None if entry is None else _bare(entry)[0]


def put(text: str, key: Key, value: EditValue) -> str:
    """One value in its place, or a line more."""
    found = _scan(text)
    entry = _only(text, found, key)
    old, quote = _bare(entry) if entry else ("", "")
    new = words.text_of(value, old)
    # Samba, git and others take a backslash at the end of a line as "goes on".
    if new.endswith("\\") or (quote and quote in new):
        raise EditError(f"the value of {shown(key)} cannot be written in this format")
    if entry is None:
        return add(text, found, key, new, None)
    line = line_number(text, entry.start)
    if entry.value is None:
        raise EditError("the key stands without a value", line)
    if entry.value.endswith("\\"):
        raise EditError("the value ends in a backslash, so it may go on in the next line", line)
    return replace(text, entry, f"{quote}{new}{quote}")


def drop(text: str, key: Key) -> str:
    """The file without the key's lines."""
    entry = _only(text, _scan(text), key)
    if entry is None:
        return text
    if entry.interrupted or (entry.value or "").endswith("\\"):
        raise EditError("it is not clear where the value ends", line_number(text, entry.start))
    return remove(text, entry.start, entry.after)


def leaves(text: str) -> Sequence[Leaf]:
    """Sections and their keys, as this module and as configparser see them."""
    found = _scan(text)
    own: list[Leaf] = [((header.name,), "section") for header in found.headers]
    own += [((entry.section, entry.key), repr(entry.value)) for entry in found.entries]
    return own + _second_opinion(text)


def _only(text: str, found: Sections, key: Key) -> Entry | None:
    entries = found.of(key)
    if len(entries) > 1:
        raise EditError(f"{shown(key)} stands here for the second time", line_number(text, entries[1].start))
    return entries[0] if entries else None


def _bare(entry: Entry) -> tuple[str, str]:
    """The value without its quotes, and the quote."""
    value = entry.value or ""
    if len(value) > 1 and _QUOTED.fullmatch(value):
        return value[1:-1], value[0]
    return value, ""


def _second_opinion(text: str) -> list[Leaf]:
    """What configparser makes of it, or nothing if it refuses the file."""
    parser = configparser.RawConfigParser(strict=True, allow_no_value=True, default_section="\n")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(text)
    except (configparser.Error, AttributeError):
        # AttributeError: a line that goes on after a key without a value; Python 3.13 has a name for it.
        return []
    return [((name, key), f"= {value!r}") for name in parser.sections() for key, value in parser.items(name)]


class _Scanner:
    """configparser's rules for lines, with the offsets that it does not tell."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.headers: list[Header] = []
        self.entries: list[Entry] = []
        self.long: set[int] = set()
        self.level = 0
        self.goes_on = False
        self.skipped = False

    def line(self, line: Line) -> None:
        raw = self.text[line.start : line.end]
        content = raw.strip()
        if not content or content[0] in "#;":
            self.skipped = True
            return
        indentation = len(raw) - len(raw.lstrip())
        if self.goes_on and indentation > self.level:
            self.continuation(line, content)
            return
        self.level = indentation
        self.skipped = False
        header = _SECTION.match(content)
        if header:
            self.headers.append(Header(header["name"], line.after))
            self.goes_on = False
        elif not self.headers:
            raise EditError("an option before the first [section]", line.number)
        else:
            self.option(line, line.start + indentation, content)
            self.goes_on = True

    def option(self, line: Line, at: int, content: str) -> None:
        match = _OPTION.fullmatch(content)
        if match and not match["key"]:
            raise EditError("neither a [section], nor an option = value", line.number)
        start = at + match.start("value") if match else at + len(content)
        end = start + len(_without_comment(match["value"])) if match else start
        entry = Entry(
            section=self.headers[-1].name,
            key=match["key"] if match else content,
            value=self.text[start:end] if match else None,
            separator=match["separator"] if match else "",
            start=line.start,
            key_start=at,
            value_start=start,
            value_end=end,
            after=line.after,
            interrupted=False,
        )
        self.entries.append(entry)

    def continuation(self, line: Line, content: str) -> None:
        last = self.entries[-1]
        if last.value is None:
            raise EditError("a line that goes on after a key without a value", line.number)
        end = self.text.index(content, line.start) + len(content)
        # What looked like a comment in the first line is part of a value of several lines.
        self.entries[-1] = Entry(
            section=last.section,
            key=last.key,
            value="",  # Put together when all lines are known.
            separator=last.separator,
            start=last.start,
            key_start=last.key_start,
            value_start=last.value_start,
            value_end=end,
            after=line.after,
            interrupted=last.interrupted or self.skipped,
        )
        self.skipped = False
        self.long.add(len(self.entries) - 1)

    def sections(self) -> Sections:
        for index in self.long:
            entry = self.entries[index]
            raw = self.text[entry.value_start : entry.value_end]
            value = "\n".join(part.strip() for part in raw.split("\n"))
            self.entries[index] = dataclasses.replace(entry, value=value)
        return Sections(self.headers, self.entries)


def _scan(text: str) -> Sections:
    blanks = _BLANKS.search(text)
    if blanks:
        raise EditError("a thousand blanks in a row", line_number(text, blanks.start()))
    scanner = _Scanner(text)
    for line in lines(text):
        scanner.line(line)
    return scanner.sections()


def _without_comment(value: str) -> str:
    quoted = _QUOTED.fullmatch(value)
    if quoted:
        return quoted["value"]
    for comment in re.finditer(r"(?:^|[ \t]+)[;#](?=[ \t]|$)", value):
        # Inside of quotes it is none.
        if value.count('"', 0, comment.start()) % 2 == 0:
            return value[: comment.start()]
    return value
