"""``NAME=value`` files, as systemd's EnvironmentFile= reads them (systemd.exec(5)) and Docker's --env-file.

Where the two differ, systemd's rules hold: quotes are taken off, a backslash escapes, a line that ends in one
goes on. ``export`` is allowed before a name, for files that a shell reads as well. A name that is set twice
has its last value, as both have it. Nothing is expanded.
"""

import re
from collections.abc import Mapping

from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.text import decode

_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*")
_NO_ASSIGNMENT = re.compile(r"[ \t]*(?:[#;].*)?(?:\n|\Z)")
_DOUBLE_ESCAPES = '"\\`$'
"""What a backslash escapes between double quotes; before anything else it stands for itself."""


def parse(data: bytes) -> Mapping[str, str]:
    """``{name: value}``.

    Raises:
        FormatError: a line is none of these.
    """
    text = decode(data).replace("\r\n", "\n")
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        skipped = _NO_ASSIGNMENT.match(text, at)
        if skipped:
            at = skipped.end()
            continue
        name = _NAME.match(text, at)
        if name is None:
            raise FormatError("neither NAME=value, nor a comment", _line(text, at))
        found[name[1]], at = _value(text, name.end())
    return found


def _value(text: str, at: int) -> tuple[str, int]:
    """The value that begins at ``at``, and where the next line begins."""
    parts: list[str] = []
    kept = 0  # So many parts are kept when the blanks at the end of an unquoted value go.
    while at < len(text) and text[at] != "\n":
        character = text[at]
        if character in "'\"":
            quoted, at = _quoted(text, at)
            parts.append(quoted)
            kept = len(parts)
        elif character == "\\" and at + 1 < len(text):
            if text[at + 1] != "\n":
                parts.append(text[at + 1])
                kept = len(parts)
            at += 2
        else:
            parts.append(character)
            kept = kept if character in " \t" else len(parts)
            at += 1
    return "".join(parts[:kept]), at + 1


def _quoted(text: str, opened: int) -> tuple[str, int]:
    """The text between quotes, which may have line breaks in it, and where it goes on after them."""
    quote = text[opened]
    parts: list[str] = []
    at = opened + 1
    while at < len(text) and text[at] != quote:
        escaped = quote == '"' and text[at] == "\\" and at + 1 < len(text)
        if escaped and text[at + 1] == "\n":
            at += 2
        elif escaped and text[at + 1] in _DOUBLE_ESCAPES:
            parts.append(text[at + 1])
            at += 2
        else:
            parts.append(text[at])
            at += 1
    if at >= len(text):
        raise FormatError("a quote that is not closed", _line(text, opened))
    return "".join(parts), at + 1


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
