"""Regular expressions in a time linear in the text, since containers write what they are matched against.

RE2 compiles a pattern into an automaton and never goes back, whatever the pattern and the text
(https://github.com/google/re2/wiki/WhyRE2). It therefore lacks what only going back can do: look-around and
back-references. Matching with :mod:`re` under a limit of length was rejected: ``(a+)+b`` takes 2^30 steps for
30 characters.

RE2 is imported by the first pattern that is used: an agent without patterns does not carry it.
"""

import functools
from typing import Any

_NOT_LINEAR = ("(?=", "(?!", "(?<=", "(?<!", "(?>", "(?P=", "(?(", "++", "*+", "?+")


class PatternError(ValueError):
    """RE2 does not take the pattern; the message says why, without a full stop."""


def check(pattern: str, most_groups: int | None = None) -> None:
    """Say whether a pattern can be used.

    Args:
        pattern: in RE2's syntax, https://github.com/google/re2/wiki/Syntax.
        most_groups: how many groups it may have; ``None`` for any number.

    Raises:
        PatternError: it cannot.
    """
    groups = _compiled(pattern).groups
    if most_groups is not None and groups > most_groups:
        raise PatternError(
            f"it has {groups} groups and may have {most_groups}; (?:…) groups without being counted"
        )


def fullmatch(pattern: str, text: str) -> bool:
    """Whether all of the text matches.

    Args:
        pattern: one that :func:`check` takes.
        text: without halves of surrogate pairs.
    """
    return _compiled(pattern).fullmatch(text) is not None


def match(pattern: str, text: str) -> str | None:
    """The first group of the first match anywhere in the text, or all of the match where there is no group.

    ``^`` and ``$`` stand for the beginning and the end of a line, and ``.`` for anything but a line's end.

    Args:
        pattern: one that :func:`check` takes.
        text: with ``\\n`` between its lines, and without halves of surrogate pairs.

    Returns:
        ``None`` when nothing matches, or the group has no part in the match.
    """
    found = _compiled("(?m)" + pattern).search(text)
    if found is None:
        return None
    group: str | None = found.group(min(1, found.re.groups))
    return group


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        (said,) = error.args
        raise PatternError(_explained(said.decode("utf-8", "replace"))) from error


def _explained(said: str) -> str:
    """RE2's message, and what to do about what other dialects have."""
    part = said.rpartition(": ")[2]
    if part.startswith(_NOT_LINEAR) or (part[:1] == "\\" and part[1:].isdigit()):
        return f"{said}; look-around, back-references and atomic groups take no bounded time"
    if part == "\\Z":
        return f"{said}; the end of the text is \\z"
    return said
