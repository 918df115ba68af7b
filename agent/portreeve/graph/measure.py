"""How wide a text is likely to be, without the font: a little more than Helvetica and Arial need."""

import unicodedata

_NARROW = frozenset("iljtf.,:;'|!()[]{}/\\ -")
_BROAD = frozenset("mwMW@%—…")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels.

    Args:
        text: one line.
        size: of the font, in pixels.
        bold: bold letters are broader.
    """
    return sum(map(_em, text)) * size * (1.07 if bold else 1.0)


def _em(letter: str) -> float:
    if letter in _NARROW:
        return 0.34
    if letter in _BROAD:
        return 0.92
    if unicodedata.east_asian_width(letter) in ("W", "F"):
        return 1.05
    return 0.7 if letter.isupper() else 0.57
