"""Unit files and drop-ins (systemd.syntax(7)).

A key may repeat: setting it leaves one assignment, at the place of the first one in effect, and takes the
others away; what they said is known to whoever read them before. An empty assignment, which forgets the
values before it, stays and has the new value behind it: a drop-in that replaces a list goes on replacing it.
Values are written as systemd reads them: ``%`` and ``$`` keep their meaning.
"""

import re
from collections.abc import Sequence

from portreeve.edits import words
from portreeve.edits.errors import EditError
from portreeve.edits.lines import insert, line_number, lines, remove
from portreeve.edits.model import EditValue, Key, Leaf, shown
from portreeve.edits.sections import Entry, Header, Sections, add, replace

_BLANK = " \t\r"
_HEADER = re.compile(r"\[([^\[\]]+)\]")

_MOST = 200
"""Assignments of one key; each that goes copies the text."""

same = words.same


def get(text: str, key: Key) -> EditValue | None:
    """The value in effect; of several, one a line."""
    assignments = _scan(text).of(key)
    effective = _effective(assignments)
    return "\n".join(entry.value or "" for entry in effective) if assignments else None


def put(text: str, key: Key, value: EditValue) -> str:
    """One assignment in effect."""
    found = _scan(text)
    assignments = found.of(key)
    effective = _effective(assignments)
    new = words.text_of(value, effective[0].value or "" if effective else "")
    if new.endswith("\\") or new != new.strip(_BLANK):
        raise EditError(f"the value of {shown(key)} cannot be written in this format")
    if not assignments:
        return add(text, found, key, new, "=")
    if not new:
        if len(effective) == len(assignments):
            raise EditError("an empty value would forget those of other files too; remove the key instead")
        return _without(text, effective)
    if not effective:
        last = assignments[-1]
        return insert(text, last.after, text[last.start : last.value_start].rstrip(_BLANK) + new)
    return replace(_without(text, effective[1:]), effective[0], new)


def drop(text: str, key: Key) -> str:
    """The file without any assignment of the key."""
    return _without(text, _scan(text).of(key))


def leaves(text: str) -> Sequence[Leaf]:
    """Sections and assignments, in order."""
    found = _scan(text)
    own: list[Leaf] = [((header.name,), "section") for header in found.headers]
    return own + [((entry.section, entry.key), repr(entry.value)) for entry in found.entries]


def _effective(entries: Sequence[Entry]) -> list[Entry]:
    effective: list[Entry] = []
    for entry in entries:
        if entry.value:
            effective.append(entry)
        else:
            effective.clear()
    return effective


def _without(text: str, entries: Sequence[Entry]) -> str:
    if len(entries) > _MOST:
        raise EditError(
            f"a key that stands here more than {_MOST} times", line_number(text, entries[0].start)
        )
    for entry in reversed(entries):
        if entry.interrupted:
            line = line_number(text, entry.start)
            raise EditError("comments or blank lines stand between the lines of the value", line)
        text = remove(text, entry.start, entry.after)
    return text


def _scan(text: str) -> Sections:
    headers: list[Header] = []
    entries: list[Entry] = []
    open_: Entry | None = None  # An assignment whose last line ended in a backslash.
    parts: list[str] = []  # Of its value.
    for line in lines(text):
        raw = text[line.start : line.end]
        content = raw.strip(_BLANK)
        end = line.start + len(raw.rstrip(_BLANK))
        if content.startswith(("#", ";")):
            # It does not end an assignment, but would be lost with it.
            if open_:
                open_ = entries[-1] = _longer(open_, "", open_.value_end, open_.after, True)
            continue
        if open_:
            parts[-1] = parts[-1][:-1] + " "
            parts.append(raw.lstrip(_BLANK))
            open_ = entries[-1] = _longer(open_, "", end, line.after, open_.interrupted)
        elif not content:
            continue
        elif content.startswith("["):
            header = _HEADER.fullmatch(content)
            if header is None:
                raise EditError("a section is written [Name]", line.number)
            headers.append(Header(header[1], line.after))
            continue
        else:
            if not headers:
                raise EditError("an assignment before the first [Section]", line.number)
            open_ = _entry(text, headers[-1].name, line.start, line.end, line.after, line.number)
            entries.append(open_)
            parts = [open_.value or ""]
        if not _goes_on(parts[-1]):
            value = "".join(parts).strip(_BLANK)
            entries[-1] = _longer(open_, value, open_.value_end, open_.after, open_.interrupted)
            open_ = None
    if open_:
        raise EditError("the last line ends in a backslash", line_number(text, open_.start))
    return Sections(headers, entries)


def _entry(text: str, section: str, start: int, end: int, after: int, number: int) -> Entry:
    equals = text.find("=", start, end)
    key = text[start:equals].strip(_BLANK)
    if equals < 0 or not key:
        raise EditError("an assignment is written Key=value", number)
    value = text[equals + 1 : end]
    value_start = equals + 1 + len(value) - len(value.lstrip(_BLANK))
    key_end = start + len(text[start:equals].rstrip(_BLANK))
    return Entry(
        section=section,
        key=key,
        value=text[value_start:end],
        separator=text[key_end:value_start],
        start=start,
        key_start=key_end - len(key),
        value_start=value_start,
        value_end=max(value_start, start + len(text[start:end].rstrip(_BLANK))),
        after=after,
        interrupted=False,
    )


def _longer(entry: Entry, value: str, value_end: int, after: int, interrupted: bool) -> Entry:
    return Entry(
        section=entry.section,
        key=entry.key,
        value=value,
        separator=entry.separator,
        start=entry.start,
        key_start=entry.key_start,
        value_start=entry.value_start,
        value_end=value_end,
        after=after,
        interrupted=interrupted,
    )


def _goes_on(text: str) -> bool:
    """An escaped backslash at the end is a backslash; an odd one joins the next line."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1
