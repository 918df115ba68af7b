"""What was told about a subject, and whether something new is worth telling: pure."""

from dataclasses import dataclass, replace

from portreeve.supervise.alert import Alert, AlertKind

BURST = 4
"""Alerts about one subject within :data:`WINDOW`; what comes on top is held back for a summary."""
WINDOW = 300.0
"""Seconds."""

_BAD_AFTER: dict[AlertKind, set[AlertKind | None]] = {
    AlertKind.LOST: {AlertKind.RESTORED},
    AlertKind.GAVE_UP: {None, AlertKind.RESTORED, AlertKind.LOST},
    AlertKind.DEGRADED: {None, AlertKind.RECOVERED},
}
"""What must have come before a bad one. A loss needs something that was seen working; a host that is short of
something at the first look, and a container that was given up, are told at once."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is remembered of one subject.

    Args:
        kind: what happened to it last, told or not; ``None``: nothing is known.
        sent: wall-clock seconds of the alerts about it within the window, the oldest first.
        held: the newest alert that was held back; ``None`` when all was told.
        flapped: how many were held back since the last one was told.
    """

    kind: AlertKind | None = None
    sent: tuple[float, ...] = ()
    held: Alert | None = None
    flapped: int = 0


def note(told: Told, alert: Alert) -> tuple[Told, Alert | None]:
    """Take note of what happened, and say what is told now, if anything.

    Each bad alert is told once until its opposite came, and a good one only after a bad one; the first good
    one is remembered, as what a loss can follow. A subject that changes all the time is told :data:`BURST`
    times within :data:`WINDOW`, then its newest state once when the window allows it again (:func:`due`).
    That something is given up is always told.

    Args:
        told: what is remembered of the alert's subject.
        alert: what happened.
    """
    if alert.kind.good:
        if told.kind is None or told.kind.good:
            return replace(told, kind=alert.kind), None
    elif told.kind not in _BAD_AFTER[alert.kind]:
        return told, None
    told = replace(told, kind=alert.kind, sent=_within(told.sent, alert.at))
    if len(told.sent) >= BURST and alert.kind is not AlertKind.GAVE_UP:
        return replace(told, held=alert, flapped=told.flapped + 1), None
    return _tell(told, alert, alert.at)


def due(told: Told, now: float) -> tuple[Told, Alert | None]:
    """What was held back and may be told now.

    Args:
        told: what is remembered of a subject.
        now: wall-clock seconds.
    """
    sent = _within(told.sent, now)
    if told.held is None or len(sent) >= BURST:
        return told, None
    # The held one is itself among those that were not told.
    return _tell(replace(told, sent=sent, flapped=told.flapped - 1), told.held, now)


def _tell(told: Told, alert: Alert, now: float) -> tuple[Told, Alert]:
    after = replace(told, sent=(*told.sent, now), held=None, flapped=0)
    return after, replace(alert, flapped=told.flapped)


def _within(sent: tuple[float, ...], now: float) -> tuple[float, ...]:
    """Those of the window; times ahead of now are of a clock that was set back, and count no more."""
    return tuple(at for at in sent if now - WINDOW < at <= now)
