"""Rules that one text of a definition must follow, whatever stands around it.

Each function takes what TOML gave and returns it as the model wants it, or raises :class:`Rejected`.
A step's text may hold a template; then only what is outside the braces can be judged.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from portreeve.definitions.rejection import Rejected
from portreeve.definitions.suggestions import did_you_mean, nearest
from portreeve.regex import PatternError, check

UNIT_SUFFIXES = (
    "service", "socket", "target", "path", "timer", "mount", "slice", "scope", "swap", "automount", "device",
)  # fmt: skip
"""The types of units, systemd.unit(5)."""

_UNIT = re.compile(r"[A-Za-z0-9:_.\\@-]+", re.ASCII)
_MODE = re.compile(r"0?[0-7]{3}", re.ASCII)
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def word_of(words: Sequence[str], unbuilt: Sequence[str] = ()) -> Callable[[object], str]:
    """A rule: one of the words.

    Args:
        words: the words that are known.
        unbuilt: words of the design that this version does not support.
    """

    def check(value: object) -> str:
        text = _text(value)
        if text in unbuilt:
            raise Rejected(f'"{text}" is not supported by this version', f"supported: {', '.join(words)}")
        if text not in words:
            raise Rejected(
                f'must be one of {", ".join(words)}, not "{text}"', did_you_mean(text, words, otherwise="")
            )
        return text

    return check


def absolute_path(value: object) -> Path:
    """A literal absolute path without ``..``."""
    text = plain_path(value)
    if not text.startswith("/"):
        raise Rejected(f'must be an absolute path, not "{text}"', f'did you mean "/{text}"?')
    return Path(text)


def plain_path(value: object) -> str:
    """A literal path without ``..``, absolute or not."""
    text = _text(value)
    if not text or text.endswith("/"):
        raise Rejected("must name a file")
    if "{{" in text or "{%" in text:
        raise Rejected("is taken as it is written and cannot hold a template")
    if not text.isprintable():
        raise Rejected("must not contain control characters")
    if ".." in PurePosixPath(text).parts:
        raise Rejected("must not contain `..`", "write the path that it leads to")
    return text


def socket_path(value: object) -> Path:
    """The path of a unix socket."""
    if isinstance(value, str) and value.startswith("unix://"):
        raise Rejected("must be a path", f'write "{value.removeprefix("unix://")}"')
    return absolute_path(value)


def mount_point(value: object) -> str:
    """An absolute path inside a container that names a folder."""
    return str(absolute_path(_text(value).rstrip("/")))


def template_name(value: object) -> str:
    """The name of a template on the search path."""
    text = plain_path(value)
    if text.startswith("/"):
        raise Rejected(
            "must be a template's name, not a path", "templates are found in the folder `templates`"
        )
    return text


def file_mode(value: object) -> int:
    """Permission bits such as ``"0644"``."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise Rejected("must be an octal number in quotes", f'did you mean "{value:04d}"?')
    text = _text(value)
    if not _MODE.fullmatch(text):
        raise Rejected(f'must be permission bits, not "{text}"', 'an octal number such as "0644" or "0600"')
    return int(text, 8)


def account(value: object) -> str:
    """A user or group by name or number."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    text = _text(value)
    if not text or ":" in text or not text.isprintable():
        raise Rejected("must be one name or number")
    return text


def pattern(value: object) -> str:
    """A regular expression in the syntax of RE2."""
    text = _text(value)
    try:
        check(text)
    except PatternError as error:
        raise Rejected(
            f"is not a regular expression: {error}", "a text in single quotes keeps its backslashes"
        ) from error
    return text


def key_path(value: object) -> tuple[str, ...]:
    """``"section.key"``, or a list where a part has a dot of its own."""
    if isinstance(value, list):
        if not value or not all(isinstance(part, str) and part for part in value):
            raise Rejected("must be a list of texts that are not empty", 'such as ["a.b", "port"]')
        return tuple(value)
    text = _text(value)
    parts = text.split(".")
    if not all(parts):
        what = "must not be empty" if not text else f'has an empty part: "{text}"'
        raise Rejected(what, 'such as "section.key", or ["a.b", "key"] where a part has a dot of its own')
    return tuple(parts)


def unit_name(value: object) -> str:
    """The full name of a unit; its type is checked unless a template decides it."""
    text = _text(value)
    literal = re.sub(r"\{\{.*?\}\}", "x", text)
    if not _UNIT.fullmatch(literal):
        raise Rejected(f'must be the name of a unit, not "{text}"', 'such as "cockpit.socket"')
    if text.endswith("}}"):
        return text
    stem, dot, suffix = text.rpartition(".")
    if not dot:
        raise Rejected(f'must be the full name of a unit, not "{text}"', f'did you mean "{text}.service"?')
    if suffix not in UNIT_SUFFIXES:
        near = nearest(suffix, UNIT_SUFFIXES)
        hint = f'did you mean "{stem}.{near}"?' if near else f"known types: {', '.join(UNIT_SUFFIXES)}"
        raise Rejected(f'ends with the unknown unit type ".{suffix}"', hint)
    return text


def port_text(value: object) -> str:
    """A port as a number or text; a template is judged when it is rendered."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)
    if "{{" not in text and not _is_port(text):
        raise Rejected(f'must be a port from 1 to 65535, not "{text}"', 'such as "{{ port }}" or 9090')
    return text


def listening_address(value: object) -> str:
    """``PORT`` or ``ADDRESS:PORT``."""
    if isinstance(value, str) and ":" in value and "{{" not in value:
        return host_and_port(value)
    return port_text(value)


def host_and_port(value: object) -> str:
    """``HOST:PORT``."""
    text = _text(value)
    host, colon, port = text.rpartition(":")
    if "{{" not in text and not (host and colon and _is_port(port)):
        raise Rejected(f'must be HOST:PORT, not "{text}"', 'such as "127.0.0.1:{{ port }}" or "[::1]:80"')
    return text


def http_url(value: object) -> str:
    """An address that starts with ``http://`` or ``https://``."""
    text = _text(value)
    if not text.startswith(("http://", "https://", "{{")):
        raise Rejected(f'must start with http:// or https://, not "{text}"', f'did you mean "http://{text}"?')
    return text


def arguments(value: object) -> tuple[str, ...]:
    """A program and its arguments, without a shell."""
    if isinstance(value, str):
        try:
            words = ", ".join(f'"{word}"' for word in shlex.split(value))
        except ValueError:
            words = '"program", "argument"'
        raise Rejected("must be a list: no shell takes it apart", f"write [{words}]")
    if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
        raise Rejected("must be a list of texts", 'such as ["nginx", "-t", "-c", "{{ staged }}"]')
    if not value[0]:
        raise Rejected("must begin with a program")
    return tuple(value)


def log_level(value: object) -> str:
    """A name of :mod:`logging`, in upper case."""
    text = _text(value).upper()
    if text not in _LEVELS:
        raise Rejected(
            f'must be one of {", ".join(_LEVELS)}, not "{value}"', did_you_mean(text, _LEVELS, otherwise="")
        )
    return text


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Rejected("must be a text in quotes")
    return value


def scalar(value: object) -> str | int | float | bool:
    """A text, a number, or true or false."""
    if not isinstance(value, str | int | float):
        raise Rejected("must be a text, a number, or true or false")
    return value


def scalars(value: object) -> tuple[str | int | float | bool, ...]:
    """A list of texts, numbers, true or false."""
    if not isinstance(value, list) or not value:
        raise Rejected("must be a list that is not empty", 'such as ["first", "second"]')
    return tuple(scalar(item) for item in value)


def scalar_or_scalars(
    value: object,
) -> str | int | float | bool | tuple[str | int | float | bool, ...]:
    """A text, a number, true or false, or a list of them, which may be empty."""
    return tuple(scalar(item) for item in value) if isinstance(value, list) else scalar(value)
