"""What goes to the journal when a sync's state changes: once, with its reason."""

import logging

from portreeve.errors import Reason
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import State
from portreeve.systemd.messages import MessageId

log = logging.getLogger(__name__)

_MESSAGES = {
    State.IN_STEP: MessageId.SYNC_IN_STEP,
    State.FAILED: MessageId.SYNC_FAILED,
    State.HELD: MessageId.SYNC_HELD,
}


def log_change(before: Record, after: Record) -> None:
    """Log the state after a look at a sync, unless it is the same for the same reason as before.

    Evidence alone is no reason: it may hold what a container writes, and change as often as it likes.
    """
    trouble = after.trouble
    if _said(before) == _said(after):
        return
    text = after.state.replace("-", " ")
    if trouble is not None:
        text += f": {trouble.what}" + (f" ({trouble.evidence})" if trouble.evidence else "")
    log.log(
        logging.WARNING if after.state in (State.FAILED, State.OVERDUE) else logging.INFO,
        "%s: %s",
        after.name,
        text,
        extra={
            "message_id": _MESSAGES.get(after.state, MessageId.SYNC_WAITING),
            "portreeve_sync": after.name,
            "portreeve_reason": trouble.reason if trouble else "",
        },
    )


def log_step(
    message: MessageId, record: Record, text: str, *arguments: object, level: int = logging.INFO
) -> None:
    """Log a step of a sync's work.

    Args:
        message: its kind.
        record: the sync; ``%s`` at the beginning of the text stands for its name.
        text: the rest, with a ``%`` for each argument.
        level: of :mod:`logging`.
    """
    extra = {"message_id": message, "portreeve_sync": record.name}
    log.log(level, text, record.name, *arguments, extra=extra)


def _said(record: Record) -> tuple[State, Reason | None, str]:
    trouble = record.trouble
    return record.state, trouble.reason if trouble else None, trouble.what if trouble else ""
