"""What is worth telling somebody who does not watch: lost, restored, given up, degraded, recovered."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class AlertKind(StrEnum):
    """What happened to the subject of an alert."""

    LOST = "lost"
    """It was there and is not."""
    RESTORED = "restored"
    """It is back."""
    GAVE_UP = "gave-up"
    """Nothing is tried any more until a person does something."""
    DEGRADED = "degraded"
    """The host is short of something; container starts are held back."""
    RECOVERED = "recovered"
    """It is not any more."""

    @property
    def good(self) -> bool:
        """It ends what a bad one began."""
        return self in (AlertKind.RESTORED, AlertKind.RECOVERED)


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to tell. It holds what ``portreeve status`` shows to everybody, and so no secret.

    Args:
        kind: what happened.
        subject: to what: ``container:NAME``, ``service:NAME``, ``docker``, or ``host:WHAT`` with a
            :class:`portreeve.supervise.pressure.StrainKind`.
        what: one sentence, made of names alone: nothing in it was written by a container.
        evidence: what was seen; a container may have written it.
        hint: what to do.
        at: wall-clock seconds.
        flapped: changes of the subject that were not told one by one before this one.
    """

    kind: AlertKind
    subject: str
    what: str
    evidence: str = ""
    hint: str = ""
    at: float = 0.0
    flapped: int = 0

    def to_json(self) -> dict[str, str | int]:
        """As a command reads it and a webhook gets it; docs/alerts.md has the fields."""
        host = os.uname().nodename
        flapped = f" (after {self.flapped} changes that were not told)" if self.flapped else ""
        return {
            "version": 1,
            "kind": self.kind.value,
            "subject": self.subject,
            "host": host,
            "at": datetime.fromtimestamp(self.at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "what": self.what,
            "evidence": self.evidence,
            "hint": self.hint,
            "flapped": self.flapped,
            # What chats show. Without the evidence: a container could call everybody into the channel by it.
            "text": f"{host}: {self.what}{flapped}" + (f". {self.hint}" if self.hint else ""),
        }
