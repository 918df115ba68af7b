"""Values in unit files, as systemd.syntax(7), systemd.unit(5) and systemd.service(5) read them back.

A ``%`` begins a specifier in nearly every setting and is doubled. The words of commands and of
``Environment=`` may have any byte as ``\\xHH``, wherever in a word or in quotes it stands; a ``$`` of a
command is doubled as well, since variables are replaced after those are undone.
"""

import re
import unicodedata

from portreeve.render.marks import UnfitError

_SPECIAL = re.compile(r"[\s%$\\\"'`;#]")
_SETTING = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=\s*(.*)", re.DOTALL)
_ENDS_NAME = re.compile(r"[=\[\]]")
_COMMAND = re.compile(r"Exec(Condition|Start(Pre|Post)?|Reload|Stop(Pre|Post)?)")
_VARIABLES = ("Environment", "DefaultEnvironment", "ManagerEnvironment")
_TEXTS = (
    "ConditionPathExists",
    "Description",
    "EnvironmentFile",
    "ListenStream",
    "OnCalendar",
    "PIDFile",
    "SyslogIdentifier",
    "WorkingDirectory",
)
"""Settings that take all of the line as it is, but for specifiers."""


class UnitWriter:
    """See :class:`portreeve.render.syntax.Writer`."""

    def __init__(self) -> None:
        self._begun = ""
        self._line = ""

    def text(self, text: str) -> None:
        """Go past text of the file."""
        *ended, self._line = (self._line + text).split("\n")
        for line in ended:
            # As in systemd, a comment neither ends nor begins a line that goes on.
            if not _is_comment(line):
                goes_on = _odd_backslashes(line.rstrip("\r"))
                self._begun = f"{self._begun}{line.rstrip(chr(13))[:-1]} " if goes_on else ""

    def value(self, value: str, filtered: bool, following: str) -> str:
        """How a value is written at this place."""
        if _is_comment(self._line):
            return _in_comment(value)
        setting = _SETTING.fullmatch(self._begun + self._line)
        key, before = setting.groups() if setting else ("", "")
        if not key and _ENDS_NAME.search(value):
            raise UnfitError("has a character that a name of a setting cannot have", value)
        if not filtered:
            refuse_special(value, _SPECIAL, "a unit file", "unit")
            return value
        refuse_control(value, "\n\t" if _COMMAND.fullmatch(key) or key in _VARIABLES else "")
        if _COMMAND.fullmatch(key):
            # A colon before the program says that variables are not replaced.
            replaced = not re.match(r"[@+!|-]*:", before)
            return _word(value, before, following, dollar="$$" if replaced else "$")
        if key in _VARIABLES:
            return _word(value, before, following, dollar="$")
        if key in _TEXTS:
            if value.endswith("\\") or value != value.strip():
                raise UnfitError("begins or ends with what systemd would take away", value)
        else:
            found = _SPECIAL.search(value.replace("%", ""))
            if found:
                place = f"`{key}=`" if key else "it"
                raise UnfitError(f"has {shown(found[0])}, which cannot be written into {place}", value)
        return value.replace("%", "%%")


def refuse_special(value: str, special: re.Pattern[str], file: str, filter_: str) -> None:
    """Let a value that is printed without a filter through only if nothing in it is special."""
    found = special.search(value)
    if found:
        raise UnfitError(
            f"has {shown(found[0])}, which means something in {file}; print it with `| {filter_}`", value
        )
    refuse_control(value)


def refuse_control(value: str, allowed: str = "") -> None:
    """Let no control characters through, line breaks among them, but those that are allowed."""
    for character in value:
        if unicodedata.category(character) == "Cc" and character not in allowed:
            raise UnfitError(f"has {shown(character)}", value)


def shown(character: str) -> str:
    """A character, for people."""
    names = {" ": "a blank", "\n": "a line break", "\r": "a line break", "\t": "a tab"}
    if character in names:
        return names[character]
    return f"`{character}`" if character.isprintable() else f"the character U+{ord(character):04X}"


def _in_comment(value: str) -> str:
    refuse_control(value, "\t")
    if "\\" in value:
        raise UnfitError("has a backslash, which may make a comment go on in the next line", value)
    return value


def _word(value: str, before: str, following: str, dollar: str) -> str:
    if not value and (not before or before[-1].isspace()) and (not following or following.isspace()):
        return '""'
    written = {"%": "%%", "$": dollar}
    return "".join(
        written.get(each) or (f"\\x{ord(each):02x}" if each.isascii() and _SPECIAL.match(each) else each)
        for each in value
    )


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(("#", ";"))


def _odd_backslashes(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1
