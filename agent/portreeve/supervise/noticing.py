"""What is asked of a container and who has ended it, taken into what is remembered of it. Pure."""

from dataclasses import replace

from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import ManagedContainer
from portreeve.supervise.memory import Memory, Verb
from portreeve.supervise.record import Record, Wanted
from portreeve.supervise.seen import Absent, Away

OF_THE_SAME_END = 15.0
"""Seconds between the end of a container and the event that says that somebody asked for it."""

_LATE = 2.0
"""Seconds that an event may take until it is heard."""


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
            case Verb.RESET:
                # The way out of a recreation that can be neither finished nor taken back.
                record = replace(record.reset(), journal="")
            case Verb.RECREATE:
                record = record.reset()
    return record


def notice_end(
    record: Record, seen: Observed | Absent | Away, memory: Memory, now: float, docker_since: float
) -> Record:
    """Take in who wanted that it ended.

    Docker stops its containers before it ends, and tells of that in the same words as of a stop by hand. But
    then it never answers on a new connection again, and its events end: a stop is by hand when the Docker
    that told of it lives on, which :func:`portreeve.supervise.looking.look` has just seen.

    Args:
        record: of the last look.
        seen: what there is of it.
        memory: what was heard of it.
        now: wall-clock seconds.
        docker_since: wall-clock seconds since when Docker has answered without a break.
    """
    stop = memory.stop
    if isinstance(seen, Absent):
        return _notice_removal(record, memory, now, docker_since)
    if stop is None or isinstance(seen, Away) or seen.status != "exited" or _ended_by_us(seen, memory):
        return record
    of_this_end = abs(stop.at - (seen.finished_at or 0.0)) < OF_THE_SAME_END
    if record.stopped_by_hand is None and of_this_end and stop.docker_since == docker_since:
        return replace(record, stopped_by_hand=stop.at)
    return record


def _ended_by_us(seen: Observed, memory: Memory) -> bool:
    """What Docker tells of our own stops may be heard when they are long over.

    One that was stopped between two tries of Docker's to start it had ended before that.
    """
    if memory.own_end is None or seen.finished_at is None:
        return False
    begin, end = memory.own_end
    not_started_since = (seen.started_at or 0.0) < begin
    return seen.finished_at <= end and (not_started_since or seen.finished_at >= begin)


def _notice_removal(record: Record, memory: Memory, now: float, docker_since: float) -> Record:
    """Take in who wanted that one is gone which removes itself when it ends.

    Docker tells of a removal by force as it does of a kill.
    """
    heard = memory.stop or memory.kill
    if record.stopped_by_hand is not None or heard is None:
        return record
    if memory.seen is None or not memory.seen.auto_remove or heard.docker_since != docker_since:
        return record
    ours = memory.own_end is not None and memory.own_end[0] <= heard.at <= memory.own_end[1] + _LATE
    if ours or now - heard.at > OF_THE_SAME_END:
        return record
    return replace(record, stopped_by_hand=heard.at)
