"""Values in configuration of nginx, as ``ngx_conf_read_token`` of ngx_conf_file.c reads them back.

Quotes begin a quoted argument only where an argument begins; behind other text they are characters like any
other, and a blank ends the argument. Within quotes a backslash takes away the meaning of a quote or
backslash. For ``$`` there is no such form: wherever a directive takes variables it begins one.
"""

import re
from enum import Enum, auto

from portreeve.render.marks import UnfitError
from portreeve.render.unit import refuse_control, refuse_special

_SPECIAL = re.compile(r"[\s;{}#$\"'\\]")
_SPELLED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


class _At(Enum):
    BETWEEN = auto()
    WORD = auto()
    DOUBLE = auto()
    SINGLE = auto()
    QUOTED = auto()
    COMMENT = auto()


class NginxWriter:
    """See :class:`portreeve.render.syntax.Writer`."""

    def __init__(self) -> None:
        self._at = _At.BETWEEN
        self._escaped = False
        self._dollar = False

    def text(self, text: str) -> None:
        """Go past text of the file."""
        for character in text:
            if self._escaped:
                self._escaped = False
            else:
                self._at = self._next(character)
                self._escaped = character == "\\" and self._at is not _At.COMMENT
            self._dollar = character == "$"

    def _next(self, character: str) -> _At:
        match self._at:
            case _At.COMMENT:
                return _At.BETWEEN if character == "\n" else _At.COMMENT
            case _At.DOUBLE:
                return _At.QUOTED if character == '"' else _At.DOUBLE
            case _At.SINGLE:
                return _At.QUOTED if character == "'" else _At.SINGLE
            case _At.WORD:
                ends = character in " \t\r\n;" or (character == "{" and not self._dollar)
                return _At.BETWEEN if ends else _At.WORD
        if character in " \t\r\n;{}":
            return _At.BETWEEN
        begins = {"#": _At.COMMENT, '"': _At.DOUBLE, "'": _At.SINGLE}
        return begins.get(character, _At.WORD)

    def value(self, value: str, filtered: bool, following: str) -> str:
        """How a value is written at this place."""
        if self._at is _At.COMMENT:
            refuse_control(value, "\t")
            return value
        if not filtered:
            refuse_special(value, _SPECIAL, "configuration of nginx", "nginx")
            return value
        if "$" in value:
            raise UnfitError("has `$`, which begins a variable of nginx and cannot be escaped", value)
        refuse_control(value, "\n\r\t")
        if self._at in (_At.DOUBLE, _At.SINGLE):
            return _inside(value, '"' if self._at is _At.DOUBLE else "'")
        if value and not _SPECIAL.search(value):
            return value
        if self._at is not _At.BETWEEN or following not in ("", " ", "\t", "\n", "\r", ";", "{", ")"):
            raise UnfitError("has to be an argument of its own, or stand in quotes", value)
        return '"' + _inside(value, '"') + '"'


def _inside(value: str, quote: str) -> str:
    return "".join(_SPELLED.get(each) or (f"\\{each}" if each == quote else each) for each in value)
