"""Values in env files: one form that ``EnvironmentFile=`` of systemd and a shell read alike.

That is double quotes round all of the value, with a backslash before ``"``, ``$``, backtick and backslash
(systemd.exec(5), sh(1)). ``docker run --env-file`` knows no quotes: only plain values are the same to it.
"""

import re

from portreeve.render.marks import UnfitError
from portreeve.render.unit import refuse_control, refuse_special

_SPECIAL = re.compile(r"[\s$\\\"'`;&|<>()\[\]{}*?#~!]")
_BEFORE = re.compile(r'\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*=(?P<quoted>"(?:[^"\\]|\\.)*)?')
_NAME = re.compile(r"[A-Za-z0-9_]*")
_ESCAPED = re.compile(r"[\"$`\\]")


class EnvWriter:
    """See :class:`portreeve.render.syntax.Writer`."""

    def __init__(self) -> None:
        self._line = ""
        self._quote = ""
        self._escaped = False

    def text(self, text: str) -> None:
        """Go past text of the file."""
        for character in text:
            if self._escaped:
                self._escaped = False
            elif self._quote:
                self._quote = "" if character == self._quote else self._quote
                self._escaped = character == "\\" and self._quote == '"'
            elif not self._in_comment():
                self._quote = character if character in "\"'" else ""
                self._escaped = character == "\\"
            self._line = "" if character == "\n" else self._line + character

    def _in_comment(self) -> bool:
        return not self._quote and self._line.lstrip().startswith("#")

    def value(self, value: str, filtered: bool, following: str) -> str:
        """How a value is written at this place."""
        if self._in_comment():
            refuse_control(value, "\t")
            if "\\" in value:
                raise UnfitError("has a backslash, which may make a comment go on in the next line", value)
            return value
        if not self._quote and "=" not in self._line and not _NAME.fullmatch(value):
            raise UnfitError("has a character that a name of a variable cannot have", value)
        if not filtered:
            refuse_special(value, _SPECIAL, "an env file", "env")
            return value
        before = _BEFORE.fullmatch(self._line)
        if before and before["quoted"] and self._quote == '"':
            # A line break here would hide from us where in the file the next value stands.
            refuse_control(value, "\t")
            return _ESCAPED.sub(r"\\\g<0>", value)
        if not _SPECIAL.search(value):
            refuse_control(value)
            return value
        if not before or self._quote or following not in ("", "\n"):
            raise UnfitError("has to be all that comes after `NAME=`, or stand in double quotes", value)
        refuse_control(value, "\n\t")
        return '"' + _ESCAPED.sub(r"\\\g<0>", value) + '"'
