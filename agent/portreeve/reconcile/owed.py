"""What is owed to a container that does not run: actions that are carried out once it does."""

from collections.abc import Mapping
from dataclasses import replace

from portreeve.errors import PortreeveError, Waiting
from portreeve.reconcile.outcome import trouble_of
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import Trouble

OWED_STARTING = 60.0
"""Seconds for which a container that owes us an action counts as starting: what it was started for takes its
time, and content that was made effective without it is not taken back for that."""


def owe(record: Record, owing: Mapping[int, Trouble]) -> Record:
    """The record with what is owed, by the position of the action, and why."""
    return replace(record, owed=tuple(owing), owing=next(iter(owing.values()), None))


def owing_of(said: str, error: PortreeveError) -> Trouble:
    """Why an action is owed.

    Args:
        said: the action, as people may see it.
        error: what became of it.
    """
    hint = error.hint or "nothing; it is carried out as soon as the container runs"
    return replace(trouble_of(error), what=f"{said} is owed", evidence=str(error), hint=hint, step="apply")


def unproved(owing: Trouble, error: PortreeveError) -> Waiting:
    """A proof may need what is owed, so that it fails says nothing of the content yet."""
    return Waiting(
        owing.reason,
        f"{owing.what}, and without it {error.what}",
        evidence="; ".join(part for part in (owing.evidence, error.evidence) if part),
        hint=owing.hint,
        step="verify",
    )
