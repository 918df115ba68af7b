"""Rules that one text of a definition must follow, whatever stands around it.

Each function takes what TOML gave and returns it as the model wants it, or raises :class:`Rejected`."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from portreeve.definitions.rejection import Rejected
from portreeve.definitions.suggestions import did_you_mean
from portreeve.regex import PatternError, check

_MODE = re.compile(r"0?[0-7]{3}", re.ASCII)
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def word_of(words: Sequence[str]) -> Callable[[object], str]:
    """A rule: one of the words."""

    def check(value: object) -> str:
        text = in_quotes(value)
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
    text = in_quotes(value)
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
    return str(absolute_path(in_quotes(value).rstrip("/")))


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
    text = in_quotes(value)
    if not _MODE.fullmatch(text):
        raise Rejected(f'must be permission bits, not "{text}"', 'an octal number such as "0644" or "0600"')
    return int(text, 8)


def account(value: object) -> str:
    """A user or group by name or number."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    text = in_quotes(value)
    if not text or ":" in text or not text.isprintable():
        raise Rejected("must be one name or number")
    return text


def pattern(value: object) -> str:
    """A regular expression in the syntax of RE2."""
    text = in_quotes(value)
    try:
        check(text)
    except PatternError as error:
        raise Rejected(
            f"is not a regular expression: {error}", "a text in single quotes keeps its backslashes"
        ) from error
    return text


def match(value: object) -> str:
    """A regular expression that finds one thing."""
    text = in_quotes(value)
    try:
        check(text, most_groups=1)
    except PatternError as error:
        raise Rejected(f"cannot be used: {error}", "a text in single quotes keeps its backslashes") from error
    return text


def key_path(value: object) -> tuple[str, ...]:
    """``"section.key"``, or a list where a part has a dot of its own."""
    if isinstance(value, list):
        if not value or not all(isinstance(part, str) and part for part in value):
            raise Rejected("must be a list of texts that are not empty", 'such as ["a.b", "port"]')
        return tuple(value)
    text = in_quotes(value)
    parts = text.split(".")
    if not all(parts):
        what = "must not be empty" if not text else f'has an empty part: "{text}"'
        raise Rejected(what, 'such as "section.key", or ["a.b", "key"] where a part has a dot of its own')
    return tuple(parts)


def text_or_texts(value: object) -> tuple[str, ...]:
    """A text, or a list of texts."""
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise Rejected("must be a text or a list of texts, none of them empty", 'such as "example.key=value"')
    return tuple(texts)


def credential_name(value: object) -> str:
    """The name of a credential, which is that of a file."""
    text = in_quotes(value)
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", text, re.ASCII):
        raise Rejected(f'must be the name of a credential, not "{text}"', "as in LoadCredential=NAME:PATH")
    return text


def settings_of_keys(value: object) -> tuple[tuple[tuple[str, ...], str | int | float | bool], ...]:
    """``{ "section.key" = … }``, or a list of ``{ key, value }`` where a part has a dot of its own."""
    if isinstance(value, dict):
        pairs = [(key_path(key), scalar(item)) for key, item in value.items()]
    elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
        if any(item.keys() != {"key", "value"} for item in value):
            raise Rejected(
                "must be a list of tables with `key` and `value`", '{ key = ["a.b", "c"], value = 1 }'
            )
        pairs = [(key_path(item["key"]), scalar(item["value"])) for item in value]
    else:
        raise Rejected("must be a table of keys", 'such as { "section.key" = "{{ value }}" }')
    if not pairs:
        raise Rejected("must set at least one key")
    if len({key for key, _ in pairs}) < len(pairs):
        raise Rejected("sets the same key twice")
    return tuple(pairs)


def log_level(value: object) -> str:
    """A name of :mod:`logging`, in upper case."""
    text = in_quotes(value).upper()
    if text not in _LEVELS:
        raise Rejected(
            f'must be one of {", ".join(_LEVELS)}, not "{value}"', did_you_mean(text, _LEVELS, otherwise="")
        )
    return text


def in_quotes(value: object) -> str:
    """A text."""
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
