"""What somebody probably meant: the nearest known word to a misspelt one."""

import difflib
from collections.abc import Iterable

_CUTOFF = 0.6
"""The similarity below which a suggestion would be a guess; :mod:`difflib`'s own default."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like ``word``; ``None`` when none is near."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=_CUTOFF)
    return matches[0] if matches else None


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str | None = None) -> str:
    """A hint that names the nearest word.

    Args:
        word: as it was written.
        known: what would have been right.
        otherwise: the hint when nothing is near; by default the known words themselves.
    """
    words = list(known)
    match = nearest(word, words)
    if match is not None:
        return f"did you mean `{match}`?"
    if otherwise is not None:
        return otherwise
    return f"known here: {', '.join(words)}" if words else ""
