"""What is remembered of a container across restarts of the agent and of the host."""

from dataclasses import dataclass, replace
from enum import StrEnum

from portreeve.supervise.state import ContainerState


class Wanted(StrEnum):
    """What an administrator asked for, above what the definition says."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered of one container. Times are wall-clock seconds.

    Args:
        name: its definition's.
        wanted: the last word of ``portreeve containers start`` or ``stop``; ``None``: as its definition says.
        stopped_by_hand: somebody stopped it through Docker, and it is left so until it runs again.
        restarts: when it was restarted, the oldest first, those of the budget's window alone; those by Docker
            count too.
        failures: tries in a row that did not make it ready, for the backoff.
        not_before: it is not started or restarted earlier.
        gave_up: since when nothing is tried any more; ``None`` while it is.
        ready_since: since when it has been ready without a break; ``None`` when it is not.
        state: what it was at the last look.
        since: since when.
        container_id: of the container then.
        restart_count: Docker's own count of restarts then.
        lost_units: units of the host that were stopped with it, and are started again with it.
        waiting_units: units of the host that systemd was to start once it is ready, when that was last seen.
        unit_boot: the boot in which its own unit was last seen up or waiting; what is known of units is of
            that boot.
        journal: of a recreation that is under way, as :mod:`portreeve.containers.recreate` wrote it; empty
            when none is.
    """

    name: str
    wanted: Wanted | None = None
    stopped_by_hand: bool = False
    restarts: tuple[float, ...] = ()
    failures: int = 0
    not_before: float = 0.0
    gave_up: float | None = None
    ready_since: float | None = None
    state: ContainerState = ContainerState.UNKNOWN
    since: float = 0.0
    container_id: str = ""
    restart_count: int = 0
    lost_units: tuple[str, ...] = ()
    waiting_units: tuple[str, ...] = ()
    unit_boot: str = ""
    journal: str = ""

    def reset(self) -> "Record":
        """As if it had never failed: what ``portreeve containers reset`` does."""
        return replace(self, stopped_by_hand=False, restarts=(), failures=0, not_before=0.0, gave_up=None)
