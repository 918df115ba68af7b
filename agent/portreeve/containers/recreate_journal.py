"""What is written down before each step of a recreation, so that one that was cut off can be taken back.

The configuration is not in it: that may hold secrets, and the old container has it until the end.
"""

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from portreeve.errors import Failed, Reason

_FORM = 1

_SHOWN = 200
"""Characters of what is wrong with a journal that are told."""


class Phase(StrEnum):
    """The step that was about to be done, or had been begun."""

    STOPPING = "stopping"
    PARKING = "parking"
    """The old one gets no restart policy and another name."""
    CREATING = "creating"
    CONNECTING = "connecting"
    STARTING = "starting"
    AWAITING = "awaiting"
    """The new one was started; nobody has said yet whether it is ready."""
    FINISHING = "finishing"
    """It is ready, and the old one is removed: from here there is no way back."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Where a recreation stands.

    Args:
        name: of the container, without a slash.
        old: the id of the one that makes room.
        phase: the step that was about to be done.
        policy: the old one's restart policy, which it does not have while it is parked.
        ran: the old one had been running.
        new: the id of the one that takes its place; empty until Docker has told it.
    """

    name: str
    old: str
    phase: Phase
    policy: dict[str, Any]
    ran: bool
    new: str = ""

    @property
    def parked(self) -> str:
        """The old one's name while it waits for the end; no other recreation uses it."""
        return f"{self.name}.portreeve-{self.old[:12]}"

    def at(self, phase: Phase, new: str = "") -> "Journal":
        """The same at another step."""
        return replace(self, phase=phase, new=new or self.new)

    def text(self) -> str:
        """As it is stored."""
        return json.dumps({"form": _FORM, **asdict(self)}, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> "Journal":
        """What :meth:`text` wrote.

        Raises:
            JournalDamaged: it is not a journal that this version can read.
        """
        try:
            found = json.loads(text)
            if found["form"] != _FORM:
                raise ValueError(f"it is of form {found['form']!r}")
            return cls(
                name=str(found["name"]),
                old=str(found["old"]),
                phase=Phase(found["phase"]),
                policy=dict(found["policy"]),
                ran=bool(found["ran"]),
                new=str(found["new"]),
            )
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise JournalDamaged(error) from error


class JournalDamaged(Failed):
    """Where a recreation stands is not known: nothing can be taken back, and nothing is guessed at."""

    def __init__(self, error: Exception) -> None:
        super().__init__(
            Reason.RECREATION_FAILED,
            "the journal of a recreation cannot be understood",
            evidence=f"{type(error).__name__}: {error}"[:_SHOWN],
            hint="see with `docker ps -a` what is there (the old one is called NAME.portreeve-ID while it is"
            " parked), put it in order, then `portreeve containers reset NAME` forgets the recreation",
        )


class BothGone(Failed):
    """Neither the old container nor the new one is there: nothing is left to be put back.

    Args:
        stands: where the recreation stood.
    """

    def __init__(self, stands: Journal) -> None:
        super().__init__(
            Reason.RECREATION_FAILED,
            f"container {stands.name} cannot be put back: somebody removed it while it was recreated",
            evidence=f"there is no container {stands.old[:12]}, and none that took its place",
            hint="make it anew by what it was made with (`docker run`, `docker compose up`)",
        )
