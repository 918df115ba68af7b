"""Bytes to text, the same way for every format."""

from portreeve.sources.formats.errors import FormatError


def decode(data: bytes) -> str:
    """Strict UTF-8; a byte order mark, as some editors leave it, is dropped, and a NUL is refused.

    Raises:
        FormatError: it is not text.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("not UTF-8", data.count(b"\n", 0, error.start) + 1) from error
    if "\0" in text:
        raise FormatError("a NUL byte", text.count("\n", 0, text.index("\0")) + 1)
    return text.removeprefix("\ufeff")
