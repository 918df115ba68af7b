"""What people name: syncs, and the targets that ``wait`` waits for."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from portreeve.errors import Misuse, Reason

SYNC_PREFIX = "sync:"


class Condition(StrEnum):
    """What is waited for."""

    IN_STEP = "in-step"
    """Syncs are in step; Docker is up."""
    READY = "ready"
    """Syncs were tried once since the agent started; Docker is up."""


@dataclass(frozen=True, slots=True)
class WaitTarget:
    """Something that can be waited for.

    Args:
        text: as it is written: ``sync:NAME``, ``docker`` or ``all``.
    """

    text: str

    @property
    def sync(self) -> str | None:
        """The sync's name, where it is one sync."""
        return self.text.removeprefix(SYNC_PREFIX) if self.text.startswith(SYNC_PREFIX) else None


def parse_target(text: str) -> WaitTarget:
    """Read a TARGET.

    Raises:
        Misuse: ``usage``; it is none.
    """
    if text in ("all", "docker") or (text.startswith(SYNC_PREFIX) and text != SYNC_PREFIX):
        return WaitTarget(text)
    # difflib is only worth its import when something was misspelt; so in each of these functions.
    from portreeve.definitions.suggestions import nearest

    meant = nearest(text, ("all", "docker"))
    if meant is None and ":" not in text and text:
        meant = SYNC_PREFIX + text
    hint = f"did you mean `{meant}`?" if meant else "a target is sync:NAME, docker or all"
    raise Misuse(Reason.USAGE, f"`{text}` is not a target", hint=hint)


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        Misuse: ``usage``; it is none.
    """
    try:
        return Condition(text)
    except ValueError as error:
        from portreeve.definitions.suggestions import did_you_mean

        hint = did_you_mean(text, list(Condition))
        raise Misuse(Reason.USAGE, f"`{text}` is not a condition", hint=hint) from error


def unknown_sync(name: str, known: Iterable[str]) -> Misuse:
    """The error for a sync that is not declared, or whose definition cannot be worked by.

    Args:
        name: as somebody wrote it.
        known: the syncs that have a status.
    """
    from portreeve.definitions.suggestions import did_you_mean

    known = sorted(known)
    if name in known:
        what = f"`{name}` has no definition that can be worked by"
        return Misuse(Reason.DEFINITION_INVALID, what, hint=f"portreeve explain {name}")
    hint = did_you_mean(name, known, otherwise="`portreeve status` lists the syncs")
    return Misuse(Reason.UNKNOWN_NAME, f"there is no sync `{name}`", hint=hint)
