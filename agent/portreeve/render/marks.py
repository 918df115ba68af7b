"""Marks round what a template prints, by which a value is still told from the template's own text afterwards.

How a value has to be written depends on where in the file it stands, which is not known before the file is
there. So values are printed as they are, between marks, and written properly in the finished text.
"""

import re

_BEGIN, _MIDDLE, _END = "\x01", "\x02", "\x03"

MARK = re.compile(rf"{_BEGIN}(?P<filter>\w*){_MIDDLE}(?P<value>[^{_BEGIN}{_MIDDLE}{_END}]*){_END}")
"""A value in a text, with the filter that it was printed with."""

_PLAIN = re.compile(r"[A-Za-z0-9._/:@+,^-]*")
_LEFT_OVER = re.compile(rf"[{_BEGIN}{_MIDDLE}{_END}]")


class UnfitError(ValueError):
    """A value cannot be written where a template prints it.

    Args:
        why: half a sentence, with the value as its subject.
        value: what was printed; never shown.
    """

    def __init__(self, why: str, value: str = "") -> None:
        super().__init__(why)
        self.value = value


class Rendered(str):
    """A text that is the template's own, in which every value is marked or means nothing special.

    Made by :func:`own` alone: the sandbox makes the result of ``format`` of the type of the text, and that
    result has other texts in it.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> str:  # type: ignore[misc]
        """A plain text."""
        return str(text)


def own(text: str) -> Rendered:
    """A text that nobody but the template's author and those who marked values in it have written."""
    return str.__new__(Rendered, text)


def is_plain(text: str) -> bool:
    """It means nothing special in any of the syntaxes, wherever it stands."""
    return _PLAIN.fullmatch(text) is not None


def marked(text: str, filter_: str = "") -> Rendered:
    """A value between marks, with the name of the filter that it was printed with.

    Raises:
        UnfitError: there are characters in it that are marks, and it is no text that was marked before.
    """
    return own(f"{_BEGIN}{filter_}{_MIDDLE}{unmarked(text)}{_END}")


def unmarked(text: str) -> str:
    """A text with its values as they are."""
    plain = MARK.sub(lambda found: found["value"], text)
    if _LEFT_OVER.search(plain):
        raise UnfitError("has a control character", text)
    return plain
