"""What the agent remembers of a sync only while it runs, and the status that is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portreeve.definitions.model import ReconcileSettings, Sync
from portreeve.errors import Reason
from portreeve.reconcile.backoff import Backoff
from portreeve.reconcile.outcome import PORT_HELD_MOST
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import State, SyncStatus


@dataclass(slots=True)
class Memory:
    """Of one sync.

    Args:
        backoff: between tries.
        reason: of the last trouble; a new one starts the backoff over, since something moved.
        probed: monotonic seconds of the last probe by this agent.
        asked: somebody asked for a look.
        runs: looks since the agent started.
        values: the values last read, as shown to people.
        defaulted: names of values whose default is in use.
    """

    backoff: Backoff
    reason: Reason | None = None
    probed: float | None = None
    asked: bool = False
    runs: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    defaulted: tuple[str, ...] = ()

    @classmethod
    def new(cls, settings: ReconcileSettings) -> "Memory":
        """Of a sync that was not looked at yet."""
        return cls(Backoff(settings.backoff_min, settings.backoff_max))

    def probe_due(self, now: float, resync: float) -> bool:
        """It was not probed since the last resync, or never."""
        return self.probed is None or now - self.probed >= resync / 2

    def retry_delay(self, record: Record, now: float) -> float | None:
        """Seconds until the next look that no event asks for; ``None``: the resync is soon enough."""
        if record.state in (State.IN_STEP, State.HELD) or record.trouble is None:
            self.backoff.reset()
            self.reason = None
            return None
        if record.trouble.reason is not self.reason:
            self.backoff.reset()
            self.reason = record.trouble.reason
        if record.trouble == record.rejection and record.next_try is not None:
            return max(0.0, record.next_try - now)
        delay = self.backoff.next()
        return min(delay, PORT_HELD_MOST) if self.reason is Reason.PORT_HELD else delay


def status_of(sync: Sync, record: Record, memory: Memory, next_try: float | None) -> SyncStatus:
    """All that can be told of a sync now.

    Args:
        next_try: wall-clock seconds of the next look by itself.
    """
    return SyncStatus(
        name=sync.name,
        description=sync.description,
        state=record.state,
        stage=record.stage,
        since=record.since,
        trouble=record.trouble,
        attempts=record.attempts,
        next_try=next_try,
        values=dict(memory.values),
        defaulted=memory.defaulted,
        generation=record.good.number if record.good else None,
        targets=tuple(str(target.path) for target in sync.targets),
        sources={name: str(source.location) for name, source in sync.sources.items()},
        runs=memory.runs,
    )
