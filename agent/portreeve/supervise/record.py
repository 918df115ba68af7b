"""What is remembered of a container across restarts of the agent and of the host."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

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
        stopped_by_hand: when somebody stopped it through Docker; it is left so until it is started again.
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
        unit_run: the run of the container that its units were started with: id and start; empty while it is
            not ready.
        journal: of a recreation that is under way, as :mod:`portreeve.containers.recreate` wrote it; empty
            when none is.
    """

    name: str
    wanted: Wanted | None = None
    stopped_by_hand: float | None = None
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
    unit_run: str = ""
    journal: str = ""

    def reset(self) -> "Record":
        """As if it had never failed: what ``portreeve containers reset`` does."""
        return replace(self, stopped_by_hand=None, restarts=(), failures=0, not_before=0.0, gave_up=None)


def dump(record: Record) -> str:
    """The record as JSON, as it is stored."""
    return json.dumps(asdict(record))


def load(text: str) -> Record:
    """A record out of what :func:`dump` made. Keys that are missing have their default; others are ignored.

    Raises:
        ValueError: it is damaged. All but an administrator's word can be seen again, so whoever reads it says
            so in the log and begins with a fresh record: the agent goes on.
    """
    try:
        stored = json.loads(text)
        if not isinstance(stored, dict) or not isinstance(stored["name"], str):
            raise TypeError("it is no table with a name")
        return _record(stored)
    except (KeyError, TypeError, RecursionError, OverflowError) as error:
        raise ValueError(f"not a record: {error!r}") from error


def _record(stored: Mapping[str, Any]) -> Record:
    default = Record(stored["name"])

    def seconds(key: str) -> float | None:
        value = stored.get(key, getattr(default, key))
        if value is not None and (isinstance(value, bool) or not math.isfinite(value)):
            raise ValueError(f"{key} is no time")
        return None if value is None else float(value)

    def whole(key: str) -> int:
        return max(int(stored.get(key, 0)), 0)

    def text(key: str) -> str:
        value = stored.get(key, "")
        if not isinstance(value, str):
            raise TypeError(f"{key} is no text")
        return value

    wanted = stored.get("wanted")
    restarts = tuple(float(each) for each in stored.get("restarts", ()))
    if not all(math.isfinite(each) for each in restarts):
        raise ValueError("restarts are no times")
    return Record(
        name=default.name,
        wanted=None if wanted is None else Wanted(wanted),
        stopped_by_hand=seconds("stopped_by_hand"),
        restarts=restarts,
        failures=whole("failures"),
        not_before=seconds("not_before") or 0.0,
        gave_up=seconds("gave_up"),
        ready_since=seconds("ready_since"),
        state=ContainerState(stored.get("state", default.state)),
        since=seconds("since") or 0.0,
        container_id=text("container_id"),
        restart_count=whole("restart_count"),
        lost_units=tuple(str(each) for each in stored.get("lost_units", ())),
        waiting_units=tuple(str(each) for each in stored.get("waiting_units", ())),
        unit_boot=text("unit_boot"),
        unit_run=text("unit_run"),
        journal=text("journal"),
    )
