"""What an examination finds: one line each, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        level: how bad it is.
        name: what was looked at.
        what: what was found.
        remedy: what to do; empty when it is well.
    """

    level: Level
    name: str
    what: str
    remedy: str = ""


def ok(name: str, what: str) -> Finding:
    """It is as it should be."""
    return Finding(Level.OK, name, what)


def warn(name: str, what: str, remedy: str) -> Finding:
    """It works, and should be seen to."""
    return Finding(Level.WARN, name, what, remedy)


def fail(name: str, what: str, remedy: str) -> Finding:
    """It does not work so."""
    return Finding(Level.FAIL, name, what, remedy)
