"""What is known when it is decided what to do with a container, and what is decided."""

from dataclasses import dataclass, field
from enum import StrEnum

from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import ManagedContainer
from portreeve.errors import PortreeveError
from portreeve.reconcile.status import Trouble
from portreeve.supervise.record import Record
from portreeve.supervise.state import Truth


class Action(StrEnum):
    """What can be done with a container."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    UNPAUSE = "unpause"
    RECREATE = "recreate"
    MAKE = "make again"
    """One that removed itself when it ended, from what is remembered of it."""
    CONNECT = "connect"
    """To the networks of its definition that it is not attached to."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """A container that must come first and is not there yet.

    Args:
        name: of the definition, or of the container where it has none.
        wanted: ``ready``, ``started``, ``healthy`` or ``completed``.
        what: how it stands, one sentence.
        hopeless: it will not come by itself: it was given up, or they wait for each other.
        declared: it has a definition, so that portreeve can tell more about it and start it.
        circular: it waits for this one as well.
    """

    name: str
    wanted: str
    what: str
    hopeless: bool = False
    declared: bool = True
    circular: bool = False


@dataclass(frozen=True, slots=True)
class Remembered:
    """A container that is absent, since it removes itself when it ends, and can be made again.

    Args:
        obstacle: what stands against that; ``None`` when nothing is known to.
    """

    obstacle: PortreeveError | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a decision is made from.

    Args:
        declared: its definition.
        truth: what it amounts to.
        seen: as Docker showed it; ``None`` when it is absent, or Docker did not answer.
        record: what is remembered.
        unmet: containers that must come first and are not there.
        held_back: why no container may be started now (too many at once, the host is under pressure); empty
            when it may.
        cause: evidence that what made a start fail is still so; empty when it is gone, or is not known.
        remembered: that it can be made again where it is absent; ``None`` when it cannot.
        docker_since: wall-clock seconds since when Docker has answered without a break.
        now: wall-clock seconds.
    """

    declared: ManagedContainer
    truth: Truth
    seen: Observed | None
    record: Record
    unmet: tuple[Unmet, ...] = ()
    held_back: str = ""
    cause: str = ""
    remembered: Remembered | None = None
    docker_since: float = 0.0
    now: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided.

    Args:
        record: stored before the action begins, so that a kill in between counts.
        action: what is done now; ``None``: nothing.
        networks: those to connect to, with ``connect``.
        trouble: why it is not as it should be; ``None`` when it is.
        again: seconds after which it is looked at again without any event; ``None``: only after one.
        gave_up: this decision gives it up: told once.
    """

    record: Record
    action: Action | None = None
    networks: tuple[str, ...] = field(default=())
    trouble: Trouble | None = None
    again: float | None = None
    gave_up: bool = False
