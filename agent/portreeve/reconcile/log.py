"""What goes to the journal when a sync's state changes: once, with its reason."""

import logging

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
    """Log the state after a look at a sync, unless it is the same for the same reason as before."""
    trouble = after.trouble
    if (before.state, before.trouble) == (after.state, trouble):
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
