"""What a parser says about a file that is not what its format asks for."""

_SHOWN = 40
"""Characters of a name."""


class FormatError(ValueError):
    """The bytes are not of the format.

    The message never shows the file's text: there may be secrets in it.

    Args:
        message: what is wrong, one sentence, lower case, no full stop.
        line: counted from 1; 0 when it is not known.
    """

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


def quoted(name: str) -> str:
    """A name of the file as a message shows it: quoted, and cut, since it may be as long as the file."""
    return repr(name if len(name) <= _SHOWN else name[:_SHOWN] + "…")
