"""Carries out what is to be done for a sync, one step after the other, until nothing is left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from portreeve.clock import Clock
from portreeve.definitions.model import Items, Single, Sync
from portreeve.definitions.settings import ReconcileSettings
from portreeve.errors import Failed, Misuse, Reason, Waiting
from portreeve.reconcile.content import Content
from portreeve.reconcile.execute import Executor
from portreeve.reconcile.memory import Memory
from portreeve.reconcile.outcome import retry_due
from portreeve.reconcile.overruled import refuse_overruled
from portreeve.reconcile.plan import Plan, Snapshot, Step, Which, decide
from portreeve.reconcile.record import Generation, Record
from portreeve.reconcile.status import State
from portreeve.reconcile.store import Store
from portreeve.render.environment import Renderer

_WOULD_MISLEAD = frozenset({State.IN_STEP, State.HELD, State.PENDING})
"""Not true any more while something is being replaced; a trouble stays told until it is over."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What was just read and rendered."""

    values: Mapping[str, Single | Items]
    content: Content


@dataclass(slots=True)
class Look:
    """What one look at a sync works with.

    Args:
        sync: its definition.
        memory: of this sync.
        asked: somebody asked for the look, and what they asked for is not done.
        settings: how the agent works.
        renderer: renders its templates.
        tell: told of the record while what is in force is being replaced.
        desired: what should be in force; ``None`` while its sources cannot be read.
    """

    sync: Sync
    memory: Memory
    asked: bool
    settings: ReconcileSettings
    renderer: Renderer
    tell: Callable[[Record], None]
    desired: Desired | None = None


class Converger:
    """Decides, carries out, decides again.

    Args:
        store: what is remembered.
        executor: carries steps out.
        clock: for when something is due.
    """

    def __init__(self, store: Store, executor: Executor, clock: Clock) -> None:
        self._store = store
        self._executor = executor
        self._writer = executor.writer()
        self._clock = clock

    def converge(self, look: Look, record: Record) -> tuple[Record, str | None]:
        """Do all that can be done now; returns the record and the digest that was wanted.

        Raises:
            PortreeveError: a step did not work; the store may know more than ``record``.
        """
        if look.desired is not None and record.hold is None and look.memory.probed_by != look.sync:
            self._executor.use_steps(record, look.desired.content)
        if record.left_alone and record.owed:
            # Whoever edits its files waits for no container, which still has not read what is in force.
            record = self._executor.carry_out_owed(record)
        replaced: set[str] = set()
        owed_tried = False
        while not record.left_alone:
            wanted = self._wanted(look, record)
            digest = wanted.digest if wanted else None
            may_retry = look.asked or retry_due(record, self._clock.wall())
            plan = decide(
                Snapshot(
                    record=record,
                    desired=digest,
                    on_disk=self._on_disk(record, wanted),
                    probe_due=look.asked
                    or look.memory.probe_due(self._clock.monotonic(), look.settings.resync, look.sync),
                    retry_due=may_retry,
                    owed_due=not owed_tried,
                )
            )
            if plan.step is Step.REST:
                return record, digest
            if plan.step is Step.REPLACE and wanted is not None and not look.asked and not record.restoring:
                self._keep_pace(look, wanted)
            owed_tried = owed_tried or plan.step in (Step.APPLY, Step.OWED)
            if plan.step not in (Step.PROBE, Step.OWED) and record.state in _WOULD_MISLEAD:
                # Whoever waits for the sync must not take what is being replaced for what is wanted.
                since = record.since or self._clock.wall()
                look.tell(replace(record, state=State.PENDING, trouble=None, since=since))
            if plan.step is Step.REPLACE:
                self._replace_once(plan, look, record, digest, replaced)
                self._executor.grouping.leave(record.name)
            if plan.step in (Step.PROBE, Step.VERIFY):
                # Unless it is seen to work, it is looked at again at the next opportunity.
                look.memory.probed = None
                self._refuse_overruled(record.unfinished if plan.step is Step.VERIFY else record.good, record)
            record = self._carry_out(plan, look, record, digest, asked=look.asked, may_retry=may_retry)
            if plan.step in (Step.PROBE, Step.VERIFY):
                works = record.unfinished is None
                look.memory.was_probed(self._clock.monotonic(), look.sync, works=works)
                look.asked = False
            if record.rejected is not None and record.rejected == digest:
                # It was tried because somebody asked, and did not work; once is enough.
                look.asked = False
        return record, None

    def _refuse_overruled(self, generation: Generation | None, record: Record) -> None:
        assert generation is not None
        content = self._store.generations.content(record.name, generation.number)
        refuse_overruled(content, self._executor.systemd)

    def edits(self, record: Record) -> str:
        """In what the files of a sync that is held differ from the generation it is held at, for people.

        Raises:
            Failed: ``write-failed``: one cannot be looked at.
        """
        assert record.hold is not None
        content = self._store.generations.content(record.name, record.hold)
        return content.drift(content.found())

    def _keep_pace(self, look: Look, wanted: Content) -> None:
        """Put changes together that come faster than actions may be done; the newest is written then."""
        pause = self._executor.grouping.pace.pause(wanted.apply)
        if pause.delay > 0:
            look.memory.paused = pause.delay
            raise Waiting(
                Reason.PACED,
                pause.why,
                evidence=f"the next time is due in {pause.delay:.1f} s",
                hint="nothing; what is wanted then is written then",
                step="write",
            )

    def _wanted(self, look: Look, record: Record) -> Content | None:
        if record.hold is not None:
            try:
                return self._store.generations.content(record.name, record.hold)
            except Misuse as error:
                error.hint = f"`portreeve sync {record.name}` lets it follow its sources again"
                raise
        return look.desired.content if look.desired else None

    def _on_disk(self, record: Record, wanted: Content | None) -> frozenset[str]:
        contents = {wanted.digest: wanted} if wanted else {}
        for generation in (record.unfinished, record.good):
            if generation is not None and generation.digest not in contents:
                contents[generation.digest] = self._store.generations.content(record.name, generation.number)
        return frozenset(digest for digest, content in contents.items() if content.matches_disk())

    def _carry_out(
        self, plan: Plan, look: Look, record: Record, digest: str | None, *, asked: bool, may_retry: bool
    ) -> Record:
        match plan.step, plan.which:
            case Step.APPLY, _:
                return self._executor.apply(record)
            case Step.OWED, _:
                return self._executor.carry_out_owed(record)
            case Step.VERIFY, _:
                return self._executor.verify(record)
            case Step.PROBE, _:
                return self._executor.probe(record, thorough=asked, may_act=may_retry)
            case Step.REPLACE, Which.DESIRED if record.hold is None:
                assert look.desired is not None
                desired = look.desired
                return self._writer.replace_with_desired(
                    look.sync,
                    record,
                    desired.content,
                    desired.values,
                    look.renderer,
                    keep=look.settings.keep,
                )
        known = _known(plan, record, digest)
        assert known is not None
        return self._writer.replace_with_known(record, known, plan.why)

    def _replace_once(
        self, plan: Plan, look: Look, record: Record, digest: str | None, replaced: set[str]
    ) -> None:
        """A content that has to be written twice in one look would be written for ever."""
        known = _known(plan, record, digest)
        now = known.digest if known else digest
        assert now is not None
        if now in replaced:
            content = look.desired.content if look.desired else None
            if known is not None:
                content = self._store.generations.content(record.name, known.number)
            raise Failed(
                Reason.WRITE_FAILED,
                "the files do not stay as they were just written",
                evidence=content.drift(content.found()) if content else "",
                hint="another program writes them, or their file system does not keep modes and owners",
                step="write",
            )
        replaced.add(now)


def _known(plan: Plan, record: Record, digest: str | None) -> Generation | None:
    """The known generation that a step is about; ``None`` for content that was just rendered."""
    match plan.which:
        case Which.GOOD:
            return record.good
        case Which.UNFINISHED:
            return record.unfinished
        case _ if record.hold is not None and digest is not None:
            return Generation(record.hold, digest)
    return None
