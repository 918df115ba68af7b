"""What is asked of a container and who has ended it, taken into what is remembered of it. Pure."""

from dataclasses import replace

from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import ManagedContainer
from portreeve.supervise.memory import Verb
from portreeve.supervise.record import Record, Wanted

OF_THE_SAME_END = 15.0
"""Seconds between the end of a container and the event that says that somebody asked for it."""

DOCKER_ENDED = 30.0
"""Seconds before Docker was back in which a stop was its own: it stops its containers before it ends."""


def heed(verbs: tuple[Verb, ...], declared: ManagedContainer, record: Record) -> Record:
    """Take in what somebody asked for.

    Args:
        verbs: in the order they were asked.
        declared: the definition; what is not declared is only watched.
        record: what is remembered.
    """
    for verb in verbs:
        match verb:
            case Verb.STOP:
                record = replace(record.reset(), wanted=Wanted.DOWN)
            case Verb.START:
                # One that is kept up by its definition needs no more words for it.
                record = replace(record.reset(), wanted=None if declared.autostart else Wanted.UP)
            case Verb.RESET | Verb.RECREATE:
                record = record.reset()
    return record


def notice_end(
    record: Record, seen: Observed | None, stopped_at: float | None, docker_since: float
) -> Record:
    """Take in who wanted that it ended.

    Args:
        record: of the last look.
        seen: the container; ``None`` when it is absent or Docker is away.
        stopped_at: wall-clock seconds when Docker told that somebody stopped it; ``None`` when it did not.
        docker_since: wall-clock seconds since when Docker has answered without a break.
    """
    by_hand = record.stopped_by_hand
    if by_hand is None and stopped_at is not None and seen is not None and seen.status == "exited":
        ended_at = seen.finished_at or 0.0
        by_hand = stopped_at if abs(stopped_at - ended_at) < OF_THE_SAME_END else None
    if by_hand is not None and 0 <= docker_since - by_hand < DOCKER_ENDED:
        by_hand = None
    return replace(record, stopped_by_hand=by_hand)
