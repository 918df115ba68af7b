"""Text without a format that we know; a regular expression finds a value in it."""

from collections.abc import Mapping

from portreeve.sources.formats.text import decode

TEXT = "text"
"""The key of all of the text."""


def parse(data: bytes) -> Mapping[str, str]:
    """``{TEXT: text}``, lines ending in ``\\n`` as they may have in ``\\r\\n`` or ``\\r``.

    Raises:
        FormatError: it is not text.
    """
    return {TEXT: decode(data).replace("\r\n", "\n").replace("\r", "\n")}
