"""The agent: all rooms wired together, and what the sockets may ask of it."""

import logging
import os
import threading

import portreeve
from portreeve.clock import SYSTEM_CLOCK
from portreeve.containers.connection import Docker
from portreeve.control.overview import Overview
from portreeve.daemon.asked import Asked
from portreeve.daemon.crew import RollCall
from portreeve.daemon.declared import (
    Change,
    container_interests,
    first_places,
    fixed_until_restart,
    load_again,
    to_watch,
)
from portreeve.daemon.docker_status import docker_status
from portreeve.daemon.inbox import Inbox, Message
from portreeve.daemon.packages import pending_packages
from portreeve.daemon.preload import shipped_templates
from portreeve.daemon.summary import statuses_of_others
from portreeve.daemon.supervised import Supervised
from portreeve.daemon.supervision import BURST, CONTAINER, SERVICE, Supervision
from portreeve.definitions.model import Definitions
from portreeve.paths import Paths
from portreeve.reconcile.board import Board, Changes
from portreeve.reconcile.execute import Executor
from portreeve.reconcile.grouping import Grouping
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.reconciler import Reconciler
from portreeve.reconcile.status import DockerStatus, GenerationInfo, Preview, SyncStatus
from portreeve.reconcile.store import Store
from portreeve.reconcile.workers import Pulse, Workers
from portreeve.supervise.store import SupervisedStore
from portreeve.systemd.bus import Systemd, systemd_running
from portreeve.triggers.docker_events import DockerWatcher
from portreeve.triggers.files import FileWatcher
from portreeve.triggers.interest import Interest
from portreeve.triggers.timer import ResyncTimer

log = logging.getLogger(__name__)

DEFINITIONS_KEY = "@definitions"
"""What the file watcher calls the definitions; no sync can have this name."""

STOP_TIMEOUT = 20.0
"""Seconds that work which has begun may take when the agent stops; the rest is resumed at the start."""


class Agent(Supervised, Asked):
    """Everything that runs, except the main loop.

    Args:
        paths: where its files are.
        inbox: told when a status or a definition's file changed.
        store: what is remembered.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """

    def __init__(self, paths: Paths, inbox: Inbox, store: Store) -> None:
        clock = SYSTEM_CLOCK
        changes = Changes(clock, on_change=lambda: inbox.put(Message.STATUS_CHANGED))
        self._paths = paths
        self._inbox, self._store = inbox, store
        self._started = clock.wall()
        self._cancelled = threading.Event()
        self._started_watching = self._docker_watched = False
        self._files = FileWatcher(self._enqueue)
        self._files.start()
        # Before they are read: what changes from here on is not overlooked, and nothing is read twice.
        self._files.watch_first(DEFINITIONS_KEY, to_watch(paths, first_places(paths)))
        first = load_again(paths, None)
        self._definitions = first.definitions
        settings = first.definitions.settings
        self.board = Board[SyncStatus](changes)
        self.queue = Queue(clock)
        self.pulse = Pulse(clock)
        self._docker = Docker(
            settings.docker, clock, on_lost=lambda error: self._docker_watcher.suspect(error)
        )
        self._docker_watcher = DockerWatcher(
            self._docker, self._enqueue, hear=lambda *event: self.supervision.heard(*event)
        )
        self.pending = pending_packages(
            paths.pending,
            self.board,
            store,
            memories=lambda name: self.reconciler.memory(name),
            look_at_sync=self.queue.add,
            look_at_service=lambda name: self.supervision.queue.add(SERVICE + name),
            clock=clock,
        )
        systemd = Systemd()
        super().__init__(
            Supervision(
                store=SupervisedStore(store.database, store.seal),
                docker=self._docker,
                systemd=systemd if systemd_running() else None,
                changes=changes,
                settings=settings,
                docker_status=self._docker_status,
                syncs=self.queue,
                docker_since=lambda: self._docker_watcher.same_docker_since(),
                on_interests=self._watch_docker,
                places=lambda: (paths.state,),
                service_paused=self.pending.service_paused,
                clock=clock,
            )
        )
        self._resync = ResyncTimer(settings.reconcile.resync, self._look_at_all, self.supervision.stretch)
        executor = Executor(
            store=store,
            systemd=systemd,
            docker=self._docker,
            pulse=self.pulse,
            cancelled=self._cancelled,
            container_ready=self.supervision.readiness.container_ready,
            grouping=Grouping(self.queue, clock),
            clock=clock,
        )
        self.reconciler = Reconciler(
            store=store,
            queue=self.queue,
            board=self.board,
            executor=executor,
            docker=self._docker,
            pulse=self.pulse,
            watch_first=self._files.watch_first,
            watch=self._files.watch,
            paused=self.pending.sync_paused,
            templates=shipped_templates(),
            clock=clock,
        )
        self.workers = Workers(self.queue, self._work, self.pulse, settings.reconcile.workers)
        self.roll_call = RollCall((self, self.supervision))
        self._use(first)

    @property
    def definitions(self) -> Definitions:
        """Those in use."""
        return self._definitions

    def start(self) -> None:
        """Begin to watch and to work."""
        self._started_watching = True
        # Before the first look: what a package that is being changed touches is left alone from the start.
        self.pending.read()
        self._watch_docker()
        self._resync.start()
        self.workers.start()
        self.supervision.start()

    def reload(self) -> None:
        """Read the definitions again; syncs whose definition did not change do not notice."""
        self.pending.read()
        try:
            change = load_again(self._paths, self._definitions)
        except OSError as error:
            # An upgrade that is under way takes shipped files from below a running agent.
            log.error("the definitions could not be read again, those in use stay: %s", error)
            return
        for key in fixed_until_restart(self._definitions.settings, change.definitions.settings):
            log.warning("%s changed; restart the agent (`systemctl restart portreeve`) to use it", key)
        self._use(change)

    def stop(self) -> None:
        """End all threads; all work that has begun gets :data:`STOP_TIMEOUT` seconds together."""
        self._cancelled.set()
        self.board.changes.close()
        self._resync.stop()
        if self._docker_watched:
            self._docker_watcher.stop()
        self._files.stop()
        self.supervision.queue.close()
        deadline = SYSTEM_CLOCK.monotonic() + STOP_TIMEOUT
        if not self.workers.stop(STOP_TIMEOUT):
            log.warning("work that has begun did not end in time; it is resumed at the next start")
        self.supervision.stop(max(0.0, deadline - SYSTEM_CLOCK.monotonic()))
        self._docker.close()

    def all_tried(self) -> bool:
        """Each declared sync was looked at since the start."""
        statuses = self.board.snapshot()
        return all(name in statuses and statuses[name].runs for name in self._definitions.syncs)

    def overview(self) -> Overview:
        """Everything at one moment."""
        statuses = self.board.snapshot()
        return Overview(
            version=portreeve.__version__,
            pid=os.getpid(),
            started=self._started,
            ready=self.all_tried(),
            docker=self._docker_status(),
            syncs=tuple(statuses[name] for name in sorted(statuses)),
            problems=tuple(problem.to_json() for problem in self._definitions.problems),
            containers=tuple(sorted(self.containers.snapshot().values(), key=lambda each: each.name)),
            services=tuple(sorted(self.services.snapshot().values(), key=lambda each: each.name)),
            pressure=self.supervision.pressure,
            pending=tuple(sorted(self.packages.snapshot().values(), key=lambda each: each.name)),
        )

    def preview(self, name: str) -> Preview:
        """What a sync would do now, without doing it."""
        if name not in self._definitions.syncs:
            raise self.unknown(name)
        return self.reconciler.preview(name)

    def history(self, name: str) -> tuple[GenerationInfo, ...]:
        """The generations of a sync, newest first."""
        self.sync_status(name)
        return self._store.history(name)

    def _work(self, name: str) -> None:
        self.reconciler.work(name)
        self.pending.looked_at(name)

    def _enqueue(self, key: str, delay: float = 0.0, about: str | None = None) -> None:
        if key == DEFINITIONS_KEY:
            self._inbox.put(Message.DEFINITIONS_CHANGED)
        elif key.startswith(CONTAINER):
            self.supervision.queue.add(key, max(delay, BURST))
        else:
            self.queue.add(key, delay, about)

    def _look_at_all(self) -> None:
        try:
            for trouble in self._files.check():
                log.warning("%s", trouble)
            if self._docker_watched:
                self._docker_watcher.check()
        finally:
            # Whatever becomes of the watches: the looks are for what they miss.
            self.pending.read()
            self.look_at(dict.fromkeys(self._definitions.syncs, 0))
            self.supervision.look_at_everything()

    def _use(self, change: Change) -> None:
        definitions = self._definitions = change.definitions
        logging.getLogger().setLevel(definitions.settings.log_level)
        self.reconciler.define(definitions)
        self.queue.order(definitions.upstream)
        self.supervision.define(definitions)
        self.pending.define(definitions)
        self._files.watch(DEFINITIONS_KEY, to_watch(self._paths, definitions.files))
        for name in change.gone:
            self.queue.forget(name)
            self._files.watch(name, ())
            if self.reconciler.memory(name).unanswered:
                self.queue.add(name)
        self._post_others(definitions)
        self.look_at(dict.fromkeys(change.changed, 0))

    def _watch_docker(self) -> None:
        """Listen to Docker from the first thing on that needs it; without one, nothing wakes for its sake."""
        interests = self._interests()
        self._docker_watcher.set_interests(interests)
        if interests and self._started_watching and not self._docker_watched:
            self._docker_watched = True
            self._docker_watcher.start()

    def _interests(self) -> dict[str, tuple[Interest, ...]]:
        return {**container_interests(self._definitions), **self.supervision.interests()}

    def _post_others(self, definitions: Definitions) -> None:
        """Statuses of what nobody works on: broken definitions, and files whose definition is gone."""
        now = SYSTEM_CLOCK.wall()
        others = statuses_of_others(definitions, self._store, now)
        self.board.keep_only({*definitions.syncs, *(status.name for status in others)})
        for status in others:
            self.board.post(status)
        for name in definitions.syncs:
            if self.board.get(name) is None:
                self.board.post(SyncStatus(name, since=now))

    def _docker_status(self) -> DockerStatus:
        needed = bool(self._interests())
        return docker_status(self._docker_watcher.state(), self._docker, needed=needed, started=self._started)
