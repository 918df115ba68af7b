"""What one look at a sync means for its record: its state, since when, and when it is tried again."""

import random
from dataclasses import replace

from portreeve.errors import PortreeveError, Reason, Unreachable, Waiting
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import Stage, State, Trouble

REJECTED_FIRST = 15.0
"""Seconds before content that did not work is tried again: above systemd's start limit (5 in 10 s)."""

REJECTED_MOST = 600.0
"""Seconds between such tries at most."""

REJECTED_JITTER = 0.3
"""So much sooner, as a part of it: what failed by one shared action must not be tried together again, or good
content would fail with a bad one for ever."""

PORT_HELD_MOST = 5.0
"""Seconds between looks at a held port at most: no event tells when it is free, and looking is cheap."""


def trouble_of(error: PortreeveError) -> Trouble:
    """An error as a status tells it."""
    return Trouble(error.reason, error.what, error.evidence, error.hint, error.step)


def in_step(record: Record, now: float) -> Record:
    """Nothing is missing."""
    record = replace(record, attempts=0, out_of_step_since=None, stage=Stage.VERIFIED)
    record = replace(record, rejected=None, rejection=None, rejections=0, next_try=None)
    return _enter(record, State.IN_STEP, None, now)


def held(record: Record, now: float, edits: str = "") -> Record:
    """It is where an administrator holds it.

    Args:
        record: where the sync stands.
        now: wall-clock seconds.
        edits: what the administrator changed in its files, where that is left to them.
    """
    trouble = Trouble(
        Reason.HELD,
        f"held at generation {record.hold}"
        + (" (what was there before portreeve)" if record.hold == 0 else "")
        + (", edits by hand stay" if record.hands_off else ""),
        evidence=edits,
        hint=f"`portreeve sync {record.name}` lets it follow its sources again",
    )
    return _enter(replace(record, attempts=0, out_of_step_since=None), State.HELD, trouble, now)


def out_of_step(record: Record, error: PortreeveError, now: float, deadline: float) -> Record:
    """Something is missing or did not work.

    Args:
        record: where the sync stood.
        error: what is missing.
        now: wall-clock seconds.
        deadline: seconds of waiting after which it is called overdue.
    """
    return _out_of_step(record, trouble_of(error), isinstance(error, Waiting | Unreachable), now, deadline)


def still_rejected(record: Record, now: float) -> Record:
    """The last good content is in force; the desired one did not work and its time has not come."""
    assert record.rejection is not None
    return _out_of_step(record, record.rejection, False, now, 0)


def paused(record: Record, why: PortreeveError, now: float) -> Record:
    """It is left alone for a while; that is neither a try, nor time in which something is missing."""
    return _enter(record, State.WAITING, trouble_of(why), now)


def deferred(record: Record, now: float) -> Record:
    """It gives way to others, for a moment; a trouble stays told until it is over."""
    return record if record.trouble is not None else _enter(record, State.PENDING, None, now)


def owing(record: Record, now: float, deadline: float) -> Record:
    """The files are right, and an action of theirs waits for its container; arguments as for out_of_step."""
    assert record.owing is not None
    waiting = record.owing.reason is not Reason.ACTION_FAILED
    return _out_of_step(replace(record, stage=Stage.VERIFIED), record.owing, waiting, now, deadline)


def rejected(record: Record, digest: str | None, error: PortreeveError, now: float) -> Record:
    """Something did not work: it is remembered, and not tried again for a while.

    Args:
        record: where the sync stood.
        digest: of the content to stay away from.
        error: what it did not do.
        now: wall-clock seconds.
    """
    delay = min(REJECTED_MOST, REJECTED_FIRST * 2.0 ** min(record.rejections, 20))
    delay *= 1 - REJECTED_JITTER * random.random()  # noqa: S311
    return replace(
        record,
        rejected=digest,
        rejection=trouble_of(error),
        rejections=record.rejections + 1,
        next_try=now + delay,
    )


def retry_due(record: Record, now: float) -> bool:
    """What did not work may be tried again; also when the clock was set back since."""
    return record.next_try is None or not 0 < record.next_try - now <= REJECTED_MOST


def _out_of_step(record: Record, trouble: Trouble, waiting: bool, now: float, deadline: float) -> Record:
    began = now if record.out_of_step_since is None else record.out_of_step_since
    state = State.FAILED
    if waiting:
        state = State.OVERDUE if now - began >= deadline else State.WAITING
    return _enter(replace(record, out_of_step_since=began, attempts=record.attempts + 1), state, trouble, now)


def _enter(record: Record, state: State, trouble: Trouble | None, now: float) -> Record:
    reason = record.trouble.reason if record.trouble else None
    same = record.state is state and reason == (trouble.reason if trouble else None)
    return replace(record, state=state, trouble=trouble, since=record.since if same else now)
