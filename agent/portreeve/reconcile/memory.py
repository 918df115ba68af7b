"""What the agent remembers of a sync only while it runs, and the status that is told of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from portreeve.definitions.model import Sync
from portreeve.definitions.settings import ReconcileSettings
from portreeve.errors import Reason
from portreeve.reconcile.backoff import Backoff
from portreeve.reconcile.outcome import PORT_HELD_MOST, REJECTED_MOST
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import State, SyncStatus


@dataclass(slots=True)
class Memory:
    """Of one sync.

    Args:
        backoff: between tries.
        reason: of the last trouble; a new one starts the backoff over, since something moved.
        probed: monotonic seconds of the last probe by this agent.
        probed_by: the definition that it was probed by; another one may prove it in another way.
        declared: the definition at the last look.
        asked: somebody asked for a look.
        doubted: what is in force is to be probed, however short ago it was.
        paused: seconds for which its units must not be moved, when that is its trouble.
        writes: paths of its targets, if none of them is among what it reads; empty before the first look.
        deferred: seconds for which it gives way to others; ``None`` when its last look came to its end.
        begun: looks that began since the agent started.
        runs: the number of the last look that ended.
        proved: the number of the last look in which what is in force was seen to work.
        values: the values last read, as shown to people.
        defaulted: names of values whose default is in use.
        left_out: why containers are not in a list.
    """

    backoff: Backoff
    reason: Reason | None = None
    probed: float | None = None
    probed_by: Sync | None = None
    declared: Sync | None = None
    asked: bool = False
    doubted: bool = False
    paused: float = 0.0
    writes: frozenset[str] = frozenset()
    deferred: float | None = None
    begun: int = 0
    runs: int = 0
    proved: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    defaulted: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @classmethod
    def new(cls, settings: ReconcileSettings) -> "Memory":
        """Of a sync that was not looked at yet."""
        return cls(Backoff(settings.backoff_min, settings.backoff_max))

    def use(self, settings: ReconcileSettings) -> None:
        """Wait between tries as the settings have it from now on."""
        self.backoff.minimum, self.backoff.maximum = settings.backoff_min, settings.backoff_max

    def begin(self) -> bool:
        """A look begins; tell whether somebody asked for it."""
        self.begun += 1
        asked, self.asked = self.asked, False
        if self.doubted:
            self.probed, self.doubted = None, False
        self.deferred = None
        return asked

    def pass_over(self) -> None:
        """A look came to its end without anything done; what it was asked for is still to be done."""
        self.begun += 1
        self.runs = self.begun

    def defer(self, delay: float, *, asked: bool) -> None:
        """This look gives way to others; the next one goes on for it.

        Args:
            delay: seconds until then.
            asked: what it was asked for is not done.
        """
        self.deferred = delay
        self.asked = self.asked or asked

    def end(self) -> None:
        """A look ended; one that gave way to others does not count as one."""
        if self.deferred is None:
            self.runs = self.begun

    def declared_anew(self, sync: Sync) -> bool:
        """The definition is another one than at the last look, which makes what did not work worth a try."""
        before, self.declared = self.declared, sync
        return before is not None and before != sync

    def only_writes(self, sync: Sync, names: Iterable[str]) -> bool:
        """These are names of its targets and of nothing that it reads, by its definition at the last look."""
        return self.declared is sync and self.writes.issuperset(names)

    @property
    def unanswered(self) -> bool:
        """A look that somebody may wait for has not come to its end."""
        return self.asked or self.begun > self.runs

    def ask(self) -> int:
        """Somebody asks for a look. Returns a number that the ``runs`` of a look that begins now exceeds."""
        self.asked = True
        self.backoff.reset()
        return self.begun

    def doubt(self) -> int:
        """What is in force may not work any more: the next look probes it; otherwise as :meth:`ask`."""
        self.doubted = True
        return self.begun

    def probe_due(self, now: float, resync: float, sync: Sync) -> bool:
        """It was not probed since the last resync, or never as ``sync`` has it."""
        return self.probed is None or now - self.probed >= resync / 2 or self.probed_by != sync

    def was_probed(self, now: float, sync: Sync, *, works: bool) -> None:
        """It was probed as ``sync`` has it.

        Args:
            now: monotonic seconds.
            sync: its definition.
            works: it was seen to work; otherwise it is about to be applied again.
        """
        self.probed, self.probed_by = now, sync
        if works:
            self.proved = self.begun

    def retry_delay(self, record: Record, now: float) -> float | None:
        """Seconds until the next look that no event asks for; ``None``: the resync is soon enough."""
        if self.deferred is not None:
            return self.deferred
        if record.state in (State.IN_STEP, State.HELD) or record.trouble is None:
            self.backoff.reset()
            self.reason = None
            return None
        if record.trouble.reason is not self.reason:
            self.backoff.reset()
            self.reason = record.trouble.reason
        if record.trouble == record.rejection and record.next_try is not None:
            return min(REJECTED_MOST, max(0.0, record.next_try - now))
        if self.reason is Reason.PACED:
            return self.paused
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
        left_out=memory.left_out,
        generation=record.good.number if record.good else None,
        targets=tuple(str(target.place) for target in sync.targets),
        sources={name: str(source.location) for name, source in sync.sources.items()},
        runs=memory.runs,
    )
