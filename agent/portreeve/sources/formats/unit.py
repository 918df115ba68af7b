"""Unit files as systemd.syntax(7) defines them: a key that comes once is a text, one that repeats a list.

An empty assignment forgets those before it; after it alone the key is an empty text. Specifiers, quotes and
escapes stay as they are written: which of them count depends on the key.
"""

from collections.abc import Mapping
from typing import Any

from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.text import decode
from portreeve.systemd.unit_file import UnitSyntaxError, read_sections


def parse(data: bytes) -> Mapping[str, Mapping[str, Any]]:
    """``{section: {key: value or values}}``; a section that comes again goes on.

    Raises:
        FormatError: a line is neither a section, an assignment, nor a comment.
    """
    try:
        sections = read_sections(decode(data))
    except UnitSyntaxError as error:
        raise FormatError(error.rule, error.number) from None  # The cause quotes the file.
    found: dict[str, dict[str, list[str]]] = {}
    for section, settings in sections:
        keys = found.setdefault(section, {})
        for key, value in settings:
            if value:
                keys.setdefault(key, []).append(value)
            else:
                keys[key] = []
    return {
        section: {key: values if len(values) > 1 else "".join(values) for key, values in keys.items()}
        for section, keys in found.items()
    }
