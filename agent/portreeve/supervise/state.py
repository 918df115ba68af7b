"""What a container amounts to, in one word."""

from dataclasses import dataclass
from enum import StrEnum

from portreeve.containers.start_failure import StartFailure

__all__ = ["ContainerState", "StartFailure", "Truth"]


class ContainerState(StrEnum):
    """The state of a container, from inspect and probe; running is not ready."""

    UNKNOWN = "unknown"
    """Docker is down or hung, or it was not looked at yet."""
    ABSENT = "absent"
    """Docker lists no such container."""
    CREATED = "created"
    """It was made and never started."""
    STARTING = "starting"
    """Its process runs, and it still has time to become ready (``start_timeout`` from its start)."""
    RUNNING = "running"
    """Its process runs, and no probe has told yet whether it serves."""
    READY = "ready"
    """It runs and serves; of a one-shot: it has ended as it should."""
    UNREADY = "unready"
    """Its process runs, and it does not serve."""
    RESTARTING = "restarting"
    """It keeps ending, and Docker keeps starting it."""
    PAUSED = "paused"
    STOPPING = "stopping"
    """portreeve has asked it to end, and it has not yet."""
    EXITED = "exited"
    FAILED_TO_START = "failed-to-start"
    """Docker tried to start it and could not; Docker never tries that again."""
    DEAD = "dead"
    """Its removal failed half-way."""
    REMOVING = "removing"


@dataclass(frozen=True, slots=True)
class Truth:
    """What a container amounts to, and on what evidence.

    Args:
        state: in one word.
        evidence: what was seen that says so, one sentence.
        since: wall-clock seconds when this state began, as far as it is known.
        failure: why it could not be started, in state ``failed-to-start``.
    """

    state: ContainerState
    evidence: str
    since: float
    failure: StartFailure | None = None
