"""Takes content back that does not work."""

import logging
from dataclasses import replace

from portreeve.errors import Failed, PortreeveError, Reason
from portreeve.reconcile.generations import BASELINE
from portreeve.reconcile.log import log_step
from portreeve.reconcile.outcome import rejected
from portreeve.reconcile.record import Generation, Record
from portreeve.reconcile.status import Stage
from portreeve.reconcile.store import Store
from portreeve.systemd.messages import MessageId

DID_NOT_COME_UP = frozenset(
    {
        Reason.ACTION_FAILED,
        Reason.UNIT_JOB_FAILED,
        Reason.UNIT_START_LIMIT,
        Reason.VALUE_INVALID,
        Reason.VERIFY_FAILED,
    }
)
"""Failures that say that the content is wrong; others say that its time has not come.

The count of starts is cleared before a restart, so who reaches the limit crashed on this content. A program
that did not succeed refused it, as ``nginx -s reload`` does; the service would not start with it either.
A value that makes no port or address of a step belongs to the content as well."""


def judges_nothing(record: Record, error: PortreeveError) -> bool:
    """Whether an owed action that failed says nothing of the content, or nothing that could be acted on.

    Args:
        record: where the sync stands.
        error: why it failed.
    """
    generation = record.unfinished or record.good
    fixed = record.hold is not None or generation is None or generation.number == BASELINE
    return fixed or error.reason not in DID_NOT_COME_UP


def on_its_way_again(store: Store, record: Record) -> Record:
    """The record of a sync whose content is refused by what it owed, as if it had not been proved yet.

    Args:
        store: knows which generation was proved before.
        record: where the sync stands.
    """
    record = replace(record, owed=(), owing=None)
    if record.good is None or record.unfinished is not None:
        return record
    before = store.generations.last_verified_before(record.name, record.good.number)
    good = None
    if before is not None:
        good = Generation(before, store.generations.content(record.name, before).digest)
    return replace(record, good=good, unfinished=record.good, stage=Stage.APPLIED)


def take_back(store: Store, record: Record, error: PortreeveError, now: float) -> Record:
    """Remember that the unfinished generation did not work, and that the good one is to be put back.

    Args:
        store: where that is remembered.
        record: where the sync stands.
        error: one of :data:`DID_NOT_COME_UP`.
        now: wall-clock seconds.

    Returns:
        the record with the last good generation, or what was there before portreeve, on its way.

    Raises:
        PortreeveError: ``error``: it is the good one itself, and there is nothing better to put back.
    """
    assert record.unfinished is not None
    generation = record.unfinished
    if record.restoring:
        # What was rejected before stays so. Its rejection was counted, and this is the same try.
        counted = record.rejected is not None and not record.stuck
        tries = max(0, record.rejections - 1) if counted else record.rejections
        stuck = rejected(replace(record, rejections=tries), record.rejected, error, now)
        store.save(replace(stuck, stuck=True, stage=Stage.WRITTEN, done=0, begun=None))
        raise error
    fallback = record.good
    if fallback is None or fallback.number == BASELINE:
        before = store.generations.content(record.name, BASELINE)
        fallback = Generation(BASELINE, before.digest)
    record = replace(
        rejected(record, generation.digest, error, now),
        good=fallback,
        unfinished=fallback,
        stage=Stage.VALIDATED,
    )
    store.restored(record, generation.number, str(error))
    log_step(
        MessageId.SYNC_RESTORED,
        record,
        "%s: generation %d did not work (%s); putting generation %d back",
        generation.number,
        error,
        fallback.number,
        level=logging.ERROR,
    )
    return record


def not_in_effect(step: str, evidence: str) -> PortreeveError:
    """What is wrong with a sync whose files are right and whose service does not work."""
    return Failed(
        Reason.NOT_IN_EFFECT,
        f"{step} does not hold although the files are right",
        evidence=evidence,
        hint="`systemctl status` of its units tells more",
        step="verify",
    )
