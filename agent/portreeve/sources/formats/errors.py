"""What a parser says about a file that is not what its format asks for."""


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
