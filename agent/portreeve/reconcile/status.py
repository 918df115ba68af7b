"""What can be told about a sync: the read model of command line, sockets and metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portreeve.errors import Reason


class Stage(StrEnum):
    """How far the newest content of a sync has come, in this order."""

    DESIRED = "desired"
    RENDERED = "rendered"
    VALIDATED = "validated"
    WRITTEN = "written"
    APPLIED = "applied"
    VERIFIED = "verified"


class State(StrEnum):
    """What stands, in one word."""

    PENDING = "pending"
    """Being brought in step right now, or not looked at yet since the agent started."""
    IN_STEP = "in-step"
    """The desired content is written, applied and verified."""
    WAITING = "waiting"
    """Something it depends on is not there yet."""
    OVERDUE = "overdue"
    """Still waiting, longer than its deadline."""
    FAILED = "failed"
    """Tried and did not work; tried again with backoff."""
    HELD = "held"
    """An administrator keeps it at a generation of their choice."""
    BROKEN = "broken"
    """Its definition has problems, and there is no last good form of it."""
    UNDECLARED = "undeclared"
    """Its definition is gone; its files are still there."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a sync is not in step.

    Args:
        reason: the name.
        what: one sentence.
        evidence: what was seen.
        hint: what to do.
        step: where in the work it stands.
    """

    reason: Reason
    what: str
    evidence: str = ""
    hint: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """Everything that can be told about one sync. Times are wall-clock seconds.

    Args:
        name: the sync.
        description: from its definition.
        state: what stands.
        stage: how far the newest content has come.
        since: when this state (with this reason) began.
        trouble: why, when it is not in step.
        attempts: tries since it was last in step.
        next_try: when it is tried next by itself; ``None`` when only an event or the resync will.
        values: the values last read, as shown to people; secrets masked.
        defaulted: names of values whose declared default is in use.
        left_out: why containers are not in a list, one sentence each.
        generation: the generation in force; ``None`` before the first.
        targets: the files it generates.
        sources: where its values live, by source name.
        runs: how often it was worked on since the agent started.
    """

    name: str
    description: str = ""
    state: State = State.PENDING
    stage: Stage = Stage.DESIRED
    since: float = 0.0
    trouble: Trouble | None = None
    attempts: int = 0
    next_try: float | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    defaulted: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    generation: int | None = None
    targets: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    runs: int = 0


@dataclass(frozen=True, slots=True)
class DockerStatus:
    """What is known of Docker.

    Args:
        state: ``up``, ``down``, ``hung``, ``version-refused``, ``error``, or ``unused``: nothing needs it.
        version: the daemon's, when up.
        evidence: why, when not up.
        since: wall-clock seconds.
    """

    state: str
    version: str = ""
    evidence: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class GenerationInfo:
    """One line of a sync's history.

    Args:
        number: counted from 1; 0 is what was there before portreeve.
        created: wall-clock seconds.
        outcome: ``baseline``, ``pending``, ``verified``, ``restored`` (it did not come up and was taken back)
            or ``superseded`` (a newer one came before it was finished).
        note: why it ended so.
        values: as shown to people.
        files: paths of the set.
        current: it is the one in force.
    """

    number: int
    created: float
    outcome: str
    note: str
    values: Mapping[str, str]
    files: tuple[str, ...]
    current: bool


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What would change in one target: a unified diff, empty when nothing would."""

    path: str
    diff: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sync would do now, without doing it.

    Args:
        name: the sync.
        plan: one sentence.
        files: a diff for each target; empty when the sources cannot be read.
        trouble: why nothing can be said about the content.
    """

    name: str
    plan: str
    files: tuple[FileDiff, ...]
    trouble: Trouble | None = None
