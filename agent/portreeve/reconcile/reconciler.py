"""One look at one sync: read, render, decide, act, until nothing is left; then say when to look again."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.definitions.model import Definitions, ReconcileSettings, Scalar, Sync
from portreeve.errors import Misuse, PortreeveError, Reason
from portreeve.reconcile import outcome
from portreeve.reconcile.board import Board
from portreeve.reconcile.content import Content
from portreeve.reconcile.desired import desired_content, shown
from portreeve.reconcile.execute import Executor
from portreeve.reconcile.log import log_change
from portreeve.reconcile.memory import Memory, status_of
from portreeve.reconcile.plan import Plan, Snapshot, Step, Which, decide
from portreeve.reconcile.preview import preview_of, preview_without
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.record import Generation, Record
from portreeve.reconcile.status import Preview, State
from portreeve.reconcile.store import Store
from portreeve.reconcile.workers import Pulse
from portreeve.render.environment import Renderer
from portreeve.sources.read import Interest, Readings, read_sync

READ_TIMEOUT = 30.0
"""Seconds that reading a sync's sources may take: several Docker calls, each with its own timeout."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What was just read and rendered."""

    values: Mapping[str, Scalar | tuple[Scalar, ...]]
    content: Content


class Reconciler:
    """Brings syncs in step, one key at a time; called by the workers.

    Args:
        store: what is remembered.
        queue: where a sync asks for its next look.
        board: where statuses go.
        executor: carries steps out.
        docker: where containers are found.
        pulse: told what is done and how long it may take.
        watch: told which files a sync wants to be woken by.
        clock: for what is stored and for backoff.
    """

    def __init__(
        self,
        *,
        store: Store,
        queue: Queue,
        board: Board,
        executor: Executor,
        docker: Docker,
        pulse: Pulse,
        watch: Callable[[str, Iterable[Path]], None],
        clock: Clock,
    ) -> None:
        self._store = store
        self._queue = queue
        self._board = board
        self._executor = executor
        self._docker = docker
        self._pulse = pulse
        self._watch = watch
        self._clock = clock
        self._lock = threading.Lock()
        self._settings = ReconcileSettings()
        self._syncs: Mapping[str, Sync] = {}
        self._renderer = Renderer(())
        self._memories: dict[str, Memory] = {}

    def define(self, definitions: Definitions) -> None:
        """Work by these definitions from now on."""
        with self._lock:
            before = self._syncs
            self._settings = definitions.settings.reconcile
            self._syncs = definitions.syncs
            self._renderer = Renderer(definitions.template_folders)
            for name, memory in list(self._memories.items()):
                if name not in definitions.syncs:
                    del self._memories[name]
                elif definitions.syncs[name] != before.get(name):
                    # What is in force may have to be proved in another way now.
                    memory.probed = None

    def ask(self, name: str) -> int:
        """Somebody asks for a look: release a hold, try what was rejected, probe. Returns the runs so far."""
        record = self._store.record(name)
        if record.hold is not None or record.next_try is not None:
            self._store.save(replace(record, hold=None, next_try=None))
        return self._mark_asked(name)

    def hold(self, name: str, to: int | None) -> int:
        """Hold a sync at a generation; the caller enqueues it. Returns the runs so far.

        Raises:
            Misuse: there is no such generation.
        """
        self._store.hold(name, to)
        return self._mark_asked(name)

    def work(self, name: str) -> None:
        """Look at a sync and do what can be done now."""
        sync = self._syncs.get(name)
        if sync is not None:
            self._look(sync)
        elif self._store.record(name).hold is not None:
            # Its definition is gone; what it wrote can still be taken back.
            self._converge(_undeclared(name), self._store.record(name), self._memory(name), None, None)

    def preview(self, name: str) -> Preview:
        """What :meth:`work` would do now, without doing it.

        Raises:
            Misuse: no such sync is declared.
        """
        sync = self._syncs.get(name)
        if sync is None:
            raise Misuse(Reason.UNKNOWN_NAME, f"no sync is called {name}")
        record = self._store.record(name)
        try:
            desired = self._read(sync, record, Memory.new(self._settings), Interest())
        except PortreeveError as error:
            return preview_without(record, error)
        return preview_of(sync, record, desired.content)

    def _look(self, sync: Sync) -> None:
        memory = self._memory(sync.name)
        interest = Interest()
        record = self._store.record(sync.name)
        error: PortreeveError | None = None
        desired: Desired | None = None
        try:
            with self._pulse.step(f"{sync.name}: read", READ_TIMEOUT):
                desired = self._read(sync, record, memory, interest)
        except PortreeveError as caught:
            caught.step = caught.step or "read"
            error = caught
        self._watch(sync.name, self._files(sync, interest))
        self._converge(sync, record, memory, desired, error)
        if interest.poll:
            self._queue.add(sync.name, self._settings.poll)

    def _read(self, sync: Sync, record: Record, memory: Memory, interest: Interest) -> Desired:
        readings: Readings = read_sync(sync, self._docker, interest)
        memory.values = shown(sync, readings.values)
        memory.defaulted = tuple(sorted(readings.defaulted))
        kept = self._store.generations.attributes(sync.name, record.good.number) if record.good else {}
        return Desired(readings.values, desired_content(sync, readings.values, self._renderer, kept))

    def _files(self, sync: Sync, interest: Interest) -> list[Path]:
        templates = {place for target in sync.targets for place in self._renderer.places(target.template)}
        return [*interest.watch, *(target.path for target in sync.targets), *templates]

    def _converge(
        self,
        sync: Sync,
        record: Record,
        memory: Memory,
        desired: Desired | None,
        error: PortreeveError | None,
    ) -> None:
        now = self._clock.wall
        try:
            record, wanted = self._steps(sync, record, memory, desired)
        except PortreeveError as failure:
            # The executor may have stored more than the record at hand knows.
            record = outcome.out_of_step(self._store.record(sync.name), failure, now(), sync.deadline)
        else:
            if record.rejection is not None and record.rejected == wanted:
                record = outcome.still_rejected(record, now())
            elif record.hold is not None:
                record = outcome.held(record, now())
            elif error is not None:
                record = outcome.out_of_step(record, error, now(), sync.deadline)
            else:
                record = outcome.in_step(record, now())
        memory.runs += 1
        delay = memory.retry_delay(record, now())
        log_change(self._store.record(sync.name), record)
        self._store.save(record)
        self._board.post(status_of(sync, record, memory, None if delay is None else now() + delay))
        if delay is not None:
            self._queue.add(sync.name, delay)

    def _steps(
        self, sync: Sync, record: Record, memory: Memory, desired: Desired | None
    ) -> tuple[Record, str | None]:
        """Carry out what is to be done now; returns the record and the digest that was wanted."""
        asked, memory.asked = memory.asked, False
        while True:
            wanted = desired.content if desired else None
            if record.hold is not None:
                wanted = self._store.generations.content(sync.name, record.hold)
            digest = wanted.digest if wanted else None
            retry_due = asked or record.next_try is None or self._clock.wall() >= record.next_try
            plan = decide(
                Snapshot(
                    record=record,
                    desired=digest,
                    on_disk=self._on_disk(record, wanted),
                    probe_due=asked or memory.probe_due(self._clock.monotonic(), self._settings.resync),
                    retry_due=retry_due,
                )
            )
            if plan.step is Step.REST:
                return record, digest
            if plan.step is not Step.PROBE:
                # Whoever waits for the sync must not take what is being replaced for what is wanted.
                working = replace(record, state=State.PENDING, trouble=None)
                self._board.post(status_of(sync, working, memory, None))
            record = self._carry_out(plan, sync, record, desired, digest, asked=asked, retry_due=retry_due)
            if plan.step in (Step.PROBE, Step.VERIFY):
                memory.probed, asked = self._clock.monotonic(), False
            if record.rejected is not None and record.rejected == digest:
                # It was tried because somebody asked, and did not work; once is enough.
                asked = False

    def _carry_out(
        self,
        plan: Plan,
        sync: Sync,
        record: Record,
        desired: Desired | None,
        digest: str | None,
        *,
        asked: bool,
        retry_due: bool,
    ) -> Record:
        match plan.step, plan.which:
            case Step.APPLY, _:
                return self._executor.apply(record)
            case Step.VERIFY, _:
                return self._executor.verify(record)
            case Step.PROBE, _:
                if desired is not None and record.hold is None:
                    self._executor.use_steps(record, desired.content)
                return self._executor.probe(record, thorough=asked, may_act=retry_due)
        known = record.good if plan.which is Which.GOOD else record.unfinished
        if plan.which is Which.DESIRED:
            if record.hold is None:
                assert desired is not None
                return self._executor.replace_with_desired(
                    sync, record, desired.content, desired.values, self._renderer
                )
            assert digest is not None
            known = Generation(record.hold, digest)
        assert known is not None
        return self._executor.replace_with_known(record, known, plan.why)

    def _on_disk(self, record: Record, wanted: Content | None) -> frozenset[str]:
        contents = {wanted.digest: wanted} if wanted else {}
        for generation in (record.unfinished, record.good):
            if generation is not None and generation.digest not in contents:
                contents[generation.digest] = self._store.generations.content(record.name, generation.number)
        return frozenset(digest for digest, content in contents.items() if content.matches_disk())

    def _memory(self, name: str) -> Memory:
        with self._lock:
            return self._memories.setdefault(name, Memory.new(self._settings))

    def _mark_asked(self, name: str) -> int:
        memory = self._memory(name)
        memory.asked = True
        memory.backoff.reset()
        return memory.runs


def _undeclared(name: str) -> Sync:
    return Sync(
        name=name,
        description="not declared any more",
        sources={},
        values={},
        targets=(),
        check=(),
        apply=(),
        verify=(),
        deadline=ReconcileSettings().deadline,
        origin=(),
    )
