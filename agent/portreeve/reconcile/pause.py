"""Why something is left alone for a while by somebody else's word, and for how long."""

from collections.abc import Callable
from dataclasses import dataclass

from portreeve.errors import Waiting


@dataclass(frozen=True, slots=True)
class Pause:
    """It is neither looked at nor acted on until it is over.

    Args:
        why: who wants it so.
        until: wall-clock seconds at which it is over by itself.
    """

    why: Waiting
    until: float


Paused = Callable[[str], Pause | None]
"""Asked by name at the beginning of each look; ``None``: go on."""


def never(_name: str) -> Pause | None:
    """Nobody wants anything to be left alone."""
    return None
