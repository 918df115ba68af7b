"""Takes secrets out of texts that people see: steps, errors, evidence, values."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from portreeve.errors import PortreeveError

MASK = "********"

_PART = 8
"""Characters of a secret in a row that count as a part of it: evidence is cut, and may begin anywhere."""


def masked(text: str, secrets: Iterable[str]) -> str:
    """A text without the secrets, without longer parts of them, and without them as an URL or JSON has them.

    Args:
        text: what people would see.
        secrets: what they must not.
    """
    for secret in sorted({form for each in secrets for form in _forms(each)}, key=len, reverse=True):
        text = _without(text, secret)
    return text


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield from secret.splitlines()
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]


def _without(text: str, secret: str) -> str:
    """The text with each run of characters that is of the secret replaced."""
    size = min(_PART, len(secret))
    if size == 0:
        return text
    parts = {secret[start : start + size] for start in range(len(secret) - size + 1)}
    result: list[str] = []
    kept = at = 0
    while at <= len(text) - size:
        if text[at : at + size] not in parts:
            at += 1
            continue
        end = at + size
        while end < len(text) and text[end - size + 1 : end + 1] in parts:
            end += 1
        result += (text[kept:at], MASK)
        kept = at = end
    return "".join((*result, text[kept:]))


@contextmanager
def withheld(secrets: Iterable[str]) -> Iterator[None]:
    """Take secrets out of an error that leaves the block."""
    try:
        yield
    except PortreeveError as error:
        error.what = masked(error.what, secrets)
        error.evidence = masked(error.evidence, secrets)
        error.hint = masked(error.hint, secrets)
        error.args = (error.what,)
        raise
