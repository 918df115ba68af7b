"""What is remembered of a guarded service across restarts of the agent and of the host."""

import json
from dataclasses import asdict, dataclass, replace

from portreeve.supervise.status import ServiceState


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """What is remembered of one service. Times are wall-clock seconds.

    Args:
        name: its definition's.
        restarts: when portreeve restarted it, the oldest first, those of the budget's window alone.
        cause: why portreeve restarted it last.
        gave_up: since when nothing is tried any more; ``None`` while it is.
        not_before: it is not restarted earlier.
        asked: an administrator asked to have it tried again, and it has not been yet.
        state: what it was at the last look.
        since: since when.
    """

    name: str
    restarts: tuple[float, ...] = ()
    cause: str = ""
    gave_up: float | None = None
    not_before: float = 0.0
    asked: bool = False
    state: ServiceState = ServiceState.UNKNOWN
    since: float = 0.0

    def reset(self) -> "ServiceRecord":
        """As if it had never failed, and to be started where it is down for that."""
        return replace(self, restarts=(), gave_up=None, not_before=0.0, asked=True)


def dump(record: ServiceRecord) -> str:
    """A record as JSON, without its name."""
    values = asdict(record)
    del values["name"]
    return json.dumps(values)


def load(name: str, text: str) -> ServiceRecord:
    """A record from what :func:`dump` made of it; what another version has added is passed over.

    Args:
        name: the definition's.
        text: the JSON.

    Raises:
        ValueError: it is no record.
    """
    try:
        data = json.loads(text)
        return ServiceRecord(
            name=name,
            restarts=tuple(float(when) for when in data["restarts"]),
            cause=str(data.get("cause", "")),
            gave_up=None if data["gave_up"] is None else float(data["gave_up"]),
            not_before=float(data["not_before"]),
            asked=bool(data["asked"]),
            state=ServiceState(data["state"]),
            since=float(data["since"]),
        )
    except (KeyError, TypeError, RecursionError, OverflowError) as error:
        raise ValueError(f"no record of a service: {error!r}") from error
