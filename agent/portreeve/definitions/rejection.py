"""Why one value of a definition is not taken, before it is known where that value stands."""


class Rejected(ValueError):
    """A value breaks the rule of its key.

    It is a :class:`ValueError` because that is what a pydantic validator may raise.

    Args:
        message: what the key must be, to be read after its name: "must be …".
        hint: what to write instead; empty when that cannot be said.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
