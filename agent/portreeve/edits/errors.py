"""Why a file was not edited."""


class EditError(ValueError):
    """The key cannot be set, or not without touching something else; nothing was changed.

    The message never shows the file's text or the value: there may be secrets in them.

    Args:
        what: what is wrong, one sentence, lower case, no full stop.
        line: the line of the file, counted from 1; 0 when it is not known.
    """

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what)
        self.what = what
        self.line = line

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}" if self.line else self.what
