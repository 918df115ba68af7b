"""Unit files as systemd.syntax(7) defines them: keys repeat, order counts, an empty value resets.

Never configparser: it keeps one value of a repeated key, changes the case of keys, and interpolates.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from portreeve.errors import Failed, Reason

_BLANK = " \t\r"
_SECTION = re.compile(r"[^\[\]\x00-\x1f\x7f]+")
_KEY = re.compile(r"[^\s=\[#;\x00-\x1f\x7f][^=\x00-\x1f\x7f]*(?<!\s)")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

Setting = tuple[str, str]
Section = tuple[str, tuple[Setting, ...]]


class UnitSyntaxError(ValueError):
    """A line is neither a section, an assignment, nor a comment.

    Args:
        number: of the line, from 1.
        line: its text, which may hold a secret.
        rule: how it would be right.
    """

    def __init__(self, number: int, line: str, rule: str) -> None:
        super().__init__(rule)
        self.number = number
        self.line = line
        self.rule = rule


@dataclass(frozen=True, slots=True)
class UnitFile:
    """A unit file or drop-in.

    Args:
        sections: in order; a name may come again.
    """

    sections: tuple[Section, ...]

    @classmethod
    def parse(cls, text: str) -> "UnitFile":
        """Read a unit file; comments are dropped, continuation lines joined with a space.

        Raises:
            Failed: a line is neither a section, an assignment, nor a comment. systemd would ignore it with a
                warning; here it is an error, since somebody meant something by it.
        """
        try:
            return cls(read_sections(text))
        except UnitSyntaxError as error:
            raise Failed(
                Reason.UNITS_INVALID,
                "this is not a unit file",
                evidence=f"line {error.number}: {error.line}",
                hint=error.rule,
                step="check",
            ) from error

    def serialise(self) -> str:
        """The text that :meth:`parse` reads back as the same.

        Raises:
            Failed: a name or value cannot be written: it has a line break or another control character,
                blanks around it, or a backslash at its end, which would swallow the line that follows.
        """
        return "\n".join(_section_text(name, settings) for name, settings in self.sections)

    def values(self, section: str, key: str) -> tuple[str, ...]:
        """All values of a key in effect: an empty assignment forgets those before it."""
        values: list[str] = []
        for name, settings in self.sections:
            for candidate, value in settings:
                if (name, candidate) == (section, key):
                    if value:
                        values.append(value)
                    else:
                        values.clear()
        return tuple(values)


def read_sections(text: str) -> tuple[Section, ...]:
    """The sections of a unit file, as :meth:`UnitFile.parse` has them.

    Raises:
        UnitSyntaxError: a line is none of these.
    """
    sections: list[tuple[str, list[Setting]]] = []
    for number, line in _logical_lines(text):
        if line.startswith("["):
            if not line.endswith("]") or not _SECTION.fullmatch(line[1:-1]):
                raise UnitSyntaxError(number, line, "a section is written [Name]")
            sections.append((line[1:-1], []))
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip(_BLANK):
            raise UnitSyntaxError(number, line, "an assignment is written Key=value")
        if not sections:
            raise UnitSyntaxError(number, line, "an assignment stands in a section")
        sections[-1][1].append((key.strip(_BLANK), value.strip(_BLANK)))
    return tuple((name, tuple(settings)) for name, settings in sections)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    parts: list[str] = []
    first = 0
    # Only a line feed ends a line; str.splitlines knows ten more characters that systemd does not.
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.lstrip(_BLANK)
        # A comment between continued lines is skipped and does not end the assignment.
        if line.startswith(("#", ";")):
            continue
        first = first if parts else number
        goes_on = _continues(line)
        parts.append(f"{line[:-1]} " if goes_on else line)
        if not goes_on:
            joined = "".join(parts).strip(_BLANK)
            parts = []
            if joined:
                yield first, joined
    joined = "".join(parts).strip(_BLANK)
    if joined:
        yield first, joined


def _continues(text: str) -> bool:
    """An escaped backslash at the end is a backslash; an odd one joins the next line."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _section_text(name: str, settings: tuple[Setting, ...]) -> str:
    if not _SECTION.fullmatch(name):
        raise _unwritable(f"section {name!r}")
    for key, value in settings:
        if not _KEY.fullmatch(key):
            raise _unwritable(f"key {key!r}")
        if _CONTROL.search(value) or value != value.strip(_BLANK) or _continues(value):
            raise _unwritable(f"value {value!r} of {key}")
    return "".join([f"[{name}]\n", *(f"{key}={value}\n" for key, value in settings)])


def _unwritable(what: str) -> Failed:
    return Failed(
        Reason.UNITS_INVALID, "this cannot be written into a unit file", evidence=what, step="check"
    )
