"""One look at one sync: read, render, decide, act, until nothing is left; then say when to look again."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Definitions, Sync, Template
from portreeve.definitions.settings import ReconcileSettings
from portreeve.errors import Misuse, PortreeveError, Reason
from portreeve.reconcile import outcome
from portreeve.reconcile.board import Board
from portreeve.reconcile.converge import Converger, Look
from portreeve.reconcile.execute import Executor
from portreeve.reconcile.grouping import DeferredError
from portreeve.reconcile.log import log_change
from portreeve.reconcile.memory import Memory, status_of
from portreeve.reconcile.own_writing import as_written
from portreeve.reconcile.pause import Pause, Paused, never
from portreeve.reconcile.preview import preview_of, preview_without
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.read_desired import DesiredReader
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import Preview, SyncStatus
from portreeve.reconcile.store import Store
from portreeve.reconcile.templates import read_template
from portreeve.reconcile.undeclared import undeclared
from portreeve.reconcile.unexpected import named
from portreeve.reconcile.workers import Pulse
from portreeve.render.environment import Renderer
from portreeve.sources.interest import Interest

log = logging.getLogger(__name__)

READ_TIMEOUT = 30.0
"""Seconds that reading one source may take: several Docker calls, each with its own timeout."""


class Reconciler:
    """Brings syncs in step, one key at a time; called by the workers.

    Args:
        store: what is remembered.
        queue: where a sync asks for its next look.
        board: where statuses go.
        executor: carries steps out.
        docker: where containers are found.
        pulse: told what is done and how long it may take.
        watch_first: told which files of a sync are about to be read.
        watch: told which files a sync wants to be woken by.
        paused: asked at the beginning of each look whether the sync is to be left alone.
        templates: texts of template files that are used whatever has become of the files.
        clock: for what is stored and for backoff.
    """

    def __init__(
        self,
        *,
        store: Store,
        queue: Queue,
        board: Board[SyncStatus],
        executor: Executor,
        docker: Docker,
        pulse: Pulse,
        watch_first: Callable[[str, Iterable[Path]], None],
        watch: Callable[[str, Iterable[Path]], None],
        paused: Paused = never,
        templates: Mapping[Path, str] | None = None,
        clock: Clock,
    ) -> None:
        self._store = store
        self._queue = queue
        self._board = board
        self._converger = Converger(store, executor, clock)
        self._reader = DesiredReader(store, docker)
        self._grouping = executor.grouping
        self._pulse = pulse
        self._watch_first = watch_first
        self._watch = watch
        self._paused = paused
        self._templates_kept = templates
        self._clock = clock
        self._lock = threading.Lock()
        self._settings = ReconcileSettings()
        self._syncs: Mapping[str, Sync] = {}
        self._renderer = Renderer(())
        self._memories: dict[str, Memory] = {}

    def define(self, definitions: Definitions) -> None:
        """Work by these definitions from now on."""
        with self._lock:
            self._settings = definitions.settings.reconcile
            self._syncs = definitions.syncs
            self._grouping.define(definitions.syncs)
            self._renderer = Renderer(definitions.template_folders, read_template, self._templates_kept)
            for name in self._memories.keys() - definitions.syncs.keys():
                if not self._memories[name].unanswered:
                    del self._memories[name]
            for memory in self._memories.values():
                memory.use(self._settings)

    def ask(self, name: str) -> int:
        """Somebody asks for a look: release a hold, try what did not work, probe; the caller enqueues it.

        Returns:
            a number; once the status has more ``runs``, a look that began after this call has ended.

        Raises:
            Failed: ``state-unusable``.
        """
        self._store.release(name)
        return self.memory(name).ask()

    def hold(self, name: str, to: int | None) -> int:
        """Hold a sync at a generation; otherwise as :meth:`ask`.

        Raises:
            Misuse: there is no such generation.
            Failed: ``state-unusable``.
        """
        self._store.hold(name, to)
        return self.memory(name).ask()

    def leave_alone(self, name: str) -> int:
        """Hold a sync at the generation in force and leave its files to an administrator; see :meth:`ask`.

        Raises:
            Failed: ``state-unusable``.
        """
        self._store.leave_alone(name)
        return self.memory(name).ask()

    def work(self, name: str) -> None:
        """Look at a sync and do what can be done now."""
        with self._grouping.look(name):
            self._work(name)

    def _work(self, name: str) -> None:
        declared = self._syncs.get(name)
        sync = declared or undeclared(name)
        memory = self.memory(name)
        pause = self._paused(name) if declared is not None else None
        if pause is not None:
            self._pause(sync, memory, pause)
            return
        if declared is not None and as_written(sync, memory, self._queue.about(name), self._store):
            return
        # Before the record is read: whoever asks changes the record first, so nothing asked is overlooked.
        asked = memory.begin()
        record = Record(name)
        try:
            with named(name):
                record = self._store.record(name)
                if declared is None and record.hold is None:
                    return
                record = self._look(sync, record, memory, asked=asked, declared=declared is not None)
                if memory.deferred is None:
                    self._remember(record)
        except PortreeveError as failure:
            log.error("%s: %s", name, failure)
            record = outcome.out_of_step(record, failure, self._clock.wall(), sync.deadline)
        memory.end()
        now = self._clock.wall()
        delay = memory.retry_delay(record, now)
        next_try = None if delay is None else now + delay
        self._post(declared is not None, status_of(sync, record, memory, next_try))
        if delay is not None:
            self._queue.add(name, delay)
        if declared is not None and name not in self._syncs:
            # It went while it was worked on, and this look may have set the watches again.
            self._watch(name, ())

    def _pause(self, sync: Sync, memory: Memory, pause: Pause) -> None:
        """Tell why nothing is done about a sync; what it was asked for is done when the pause is over."""
        now = self._clock.wall()
        record = Record(sync.name)
        try:
            with named(sync.name):
                record = outcome.paused(self._store.record(sync.name), pause.why, now)
                self._remember(record)
                self._recall(memory, record)
        except PortreeveError as failure:
            log.error("%s: %s", sync.name, failure)
            record = outcome.paused(record, pause.why, now)
        memory.pass_over()
        self._post(True, status_of(sync, record, memory, pause.until))
        self._queue.add(sync.name, pause.until - now)

    def _recall(self, memory: Memory, record: Record) -> None:
        """Nothing was read by this agent yet; what is in force is known all the same."""
        if not memory.values and record.good is not None:
            memory.values = self._store.generations.content(record.name, record.good.number).values

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
            desired = self._reader.read(sync, record, Memory.new(self._settings), Interest(), self._renderer)
        except PortreeveError as error:
            return preview_without(record, error)
        return preview_of(sync, record, desired.content)

    def _look(self, sync: Sync, record: Record, memory: Memory, *, asked: bool, declared: bool) -> Record:
        """Read, converge; returns what stands then."""
        now = self._clock.wall
        look = Look(
            sync=sync,
            memory=memory,
            asked=memory.declared_anew(sync) or asked,
            settings=self._settings,
            renderer=self._renderer,
            tell=lambda record: self._post(declared, status_of(sync, record, memory, None)),
        )
        error = self._read_into(look, record) if declared else None
        try:
            with named(sync.name):
                record, wanted = self._converger.converge(look, record)
                edits = self._converger.edits(record) if record.left_alone else ""
        except DeferredError as error:
            memory.defer(error.delay, asked=look.asked)
            return outcome.deferred(self._store.record(sync.name), now())
        except PortreeveError as failure:
            # The executor may have stored more than the record at hand knows.
            return outcome.out_of_step(self._store.record(sync.name), failure, now(), sync.deadline)
        if record.stuck or (record.rejected is not None and record.rejected == wanted):
            return outcome.still_rejected(record, now())
        if record.owed and error is None:
            return outcome.owing(record, now(), sync.deadline)
        if record.hold is not None:
            return outcome.held(record, now(), edits)
        if error is not None:
            return outcome.out_of_step(record, error, now(), sync.deadline)
        return outcome.in_step(record, now())

    def _read_into(self, look: Look, record: Record) -> PortreeveError | None:
        """Read what is desired; returns why that cannot be."""
        sync = look.sync
        targets, templates = _targets(sync), self._templates(sync)
        interest = Interest(
            watch_first=lambda names: self._watch_first(sync.name, {*names, *targets, *templates})
        )
        seconds = READ_TIMEOUT * max(1, len(sync.sources))
        error: PortreeveError | None = None
        try:
            with named(sync.name), self._pulse.step(f"{sync.name}: read", seconds):
                look.desired = self._reader.read(sync, record, look.memory, interest, self._renderer)
        except PortreeveError as caught:
            caught.step = caught.step or "read"
            error = caught
            self._recall(look.memory, record)
        read = interest.watch | templates
        targets |= interest.writes
        self._watch(sync.name, read | targets)
        look.memory.writes = frozenset(map(str, targets)) if read.isdisjoint(targets) else frozenset()
        if interest.poll:
            self._queue.add(sync.name, self._settings.poll)
        return error

    def _templates(self, sync: Sync) -> set[Path]:
        names = {target.content.name for target in sync.targets if isinstance(target.content, Template)}
        return {place for name in names for place in self._renderer.places(name)}

    def _remember(self, record: Record) -> None:
        before = self._store.record(record.name)
        log_change(before, record)
        # Whether it is held is for others to say, and may have changed since this look began.
        if replace(record, hold=before.hold, hands_off=before.hands_off, opened=before.opened) != before:
            self._store.save(record)

    def _post(self, declared: bool, status: SyncStatus) -> None:
        """Put up a status, unless the sync came or went during the look: it is for others to say then."""
        with self._lock:
            if (status.name in self._syncs) == declared:
                self._board.post(status)

    def memory(self, name: str) -> Memory:
        """What is remembered of a sync while the agent runs."""
        with self._lock:
            return self._memories.setdefault(name, Memory.new(self._settings))


def _targets(sync: Sync) -> set[Path]:
    """Those that can be watched."""
    return {target.place.path for target in sync.targets if isinstance(target.place, HostFile)}
