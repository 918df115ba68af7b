"""The first stage: one TOML file as it stands, with the line of every key."""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portreeve.definitions.discovery import SETTINGS
from portreeve.definitions.positions import KeyPath, scan
from portreeve.definitions.problems import Problem

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_HINTS = {
    "Invalid value": 'a text stands in quotes, as in key = "text"; a number has no leading zero',
    "Cannot overwrite a value": "the same key is set twice",
    "Cannot declare": "the same table is declared twice",
    "Unclosed array": "a list ends with ]",
    "Illegal character '\\n'": 'the closing quote is missing: key = "text"',
    "Unescaped '\\' in a string": "a text with backslashes stands in single quotes: 'text'",
}
_ADDRESS = re.compile(r"(https?://).*")
_WEBHOOK = re.compile(r"(\bwebhook\b[\"']?\s*=\s*)\S.*")


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one file declares; nothing when it cannot be read.

    Args:
        file: the file.
        data: its tables and keys.
        lines: its text, line by line.
        positions: the line of each key.
        problems: why it could not be read.
    """

    file: Path
    data: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    positions: Mapping[KeyPath, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read(file: Path) -> Fragment:
    """Read one file; whatever is wrong with it becomes a problem of the fragment."""
    try:
        raw = _read_regular(file)
    except OSError as error:
        return Fragment(file, problems=(_unreadable(file, error),))
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Problem(file, line, "the file is not UTF-8", hint="save it with the encoding UTF-8")
        return Fragment(file, problems=(problem,))
    lines = tuple(_printable(line) for line in text.split("\n"))
    if SETTINGS in (file.name, file.parent.name.removesuffix(".d")):
        lines = tuple(_without_webhook(line) for line in lines)
    try:
        return Fragment(file, tomllib.loads(text), lines, scan(text.replace("\r\n", "\n")))
    except ValueError as error:
        # Besides its own error, tomllib lets through that of int() for a number of thousands of digits.
        return Fragment(file, lines=lines, problems=(_syntax_problem(file, lines, str(error)),))
    except RecursionError:
        return Fragment(file, lines=lines, problems=(Problem(file, 0, "the file is nested too deeply"),))


def _read_regular(file: Path) -> bytes:
    # Opening a FIFO that nobody writes to would block for ever without O_NONBLOCK.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "not a regular file")
        return opened.read()


def _unreadable(file: Path, error: OSError) -> Problem:
    hint = "run it as root, or make the file readable" if isinstance(error, PermissionError) else ""
    if isinstance(error, FileNotFoundError) and file.is_symlink():
        hint = f"it is a link to {file.readlink()}, which does not exist"
    reason = (error.strerror or str(error)).lower()
    return Problem(file, 0, f"the file cannot be read: {reason}", hint=hint)


def _printable(line: str) -> str:
    """A line that is safe to show on a terminal."""
    return "".join(
        c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line.rstrip("\r")
    )


def _without_webhook(line: str) -> str:
    """A line of the settings without the address of a webhook, however its key is spelled.

    What is shown of a mistake gets into the journal, and the path of such an address is often a token.
    """
    return _ADDRESS.sub(r"\1…", _WEBHOOK.sub(r"\1…", line))


def _syntax_problem(file: Path, lines: tuple[str, ...], message: str) -> Problem:
    place = _PLACE.search(message)
    what = message[: place.start()] if place else message
    hint = next((hint for start, hint in _HINTS.items() if what.startswith(start)), "")
    line = int(place[1]) if place and place[1] else _last_line(lines)
    text = lines[line - 1] if line <= len(lines) else ""
    return Problem(file, line, f"not valid TOML: {what[:1].lower()}{what[1:]}", text=text, hint=hint)


def _last_line(lines: tuple[str, ...]) -> int:
    return max((number for number, line in enumerate(lines, 1) if line.strip()), default=1)
