"""A sync on a host of its own: real files, a real state file, and a systemd that does as a test tells it."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from fakes.systemd_manager import FakeManager, FakeUnit
from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Definitions, Format, Source, Sync, Target, Template, Value, ValueType
from portreeve.definitions.settings import DockerSettings, ReconcileSettings, Settings
from portreeve.definitions.steps import Restart, UnitActive
from portreeve.reconcile.board import Board, Changes
from portreeve.reconcile.execute import Executor
from portreeve.reconcile.grouping import Grouping
from portreeve.reconcile.pace import WINDOW
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.reconciler import Reconciler
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import State, SyncStatus
from portreeve.reconcile.store import Store
from portreeve.reconcile.workers import Pulse
from portreeve.systemd.bus import Systemd

UNIT = "app.service"


class Host:
    """One host with one sync, ``app``: the port in ``app.ini`` becomes ``app.conf`` of ``app.service``."""

    def __init__(self, folder: Path, manager: FakeManager, store: Callable[[Path], Store] = Store) -> None:
        self.folder = folder
        self.manager = manager
        self.unit = manager.units.setdefault(UNIT, FakeUnit())
        self.now = 1_000_000.0
        self.ticks = 0.0
        self.settings = ReconcileSettings()
        self.watched: dict[str, frozenset[Path]] = {}
        self.source = folder / "app.ini"
        self.target = folder / "etc" / "app.conf"
        self.templates = folder / "templates"
        self.not_ready: dict[str, str] = {}
        self.docker_socket = folder / "docker.sock"
        for made in (self.target.parent, self.templates):
            made.mkdir(exist_ok=True)
        (self.templates / "app.conf.j2").write_text("listen {{ port }}\n")
        self.sync = Sync(
            name="app",
            description="",
            sources={"app": Source("app", HostFile(self.source), Format.INI)},
            values={"port": Value("port", "app", ("web", "port"), ValueType.PORT)},
            targets=(Target(HostFile(self.target), Template("app.conf.j2")),),
            check=(),
            apply=(Restart(UNIT),),
            verify=(UnitActive(UNIT, timeout=0.02),),
            deadline=60,
            origin=(),
        )
        self.start(store)

    def start(self, store: Callable[[Path], Store] = Store, clock: Clock | None = None) -> None:
        """The agent starts; its clock is what the test says, unless it gets one that runs."""
        clock = clock or Clock(monotonic=lambda: self.ticks, wall=lambda: self.now)
        self.store = store(self.folder / "state.sqlite")
        self.queue = Queue(clock)
        self.board = Board[SyncStatus](Changes(clock))
        self.cancelled = threading.Event()
        self.docker = Docker(DockerSettings(self.docker_socket, timeout=2.0))
        self.grouping = Grouping(self.queue, clock)
        self.systemd = Systemd(self.manager.address)
        executor = Executor(
            store=self.store,
            systemd=self.systemd,
            docker=self.docker,
            pulse=Pulse(clock),
            cancelled=self.cancelled,
            grouping=self.grouping,
            clock=clock,
            container_ready=self.not_ready.get,
        )
        self.reconciler = Reconciler(
            store=self.store,
            queue=self.queue,
            board=self.board,
            executor=executor,
            docker=self.docker,
            pulse=Pulse(clock),
            watch_first=self._watch_first,
            watch=self._watch,
            clock=clock,
        )
        self.declare(self.sync)

    def _watch_first(self, name: str, paths: Iterable[Path]) -> None:
        self.watched[name] = self.watched.get(name, frozenset()).union(paths)

    def _watch(self, name: str, paths: Iterable[Path]) -> None:
        self.watched[name] = frozenset(paths)
        if not self.watched[name]:
            del self.watched[name]

    def stop(self) -> None:
        """The agent is gone; what it stored is there."""
        self.store.close()
        self.docker.close()

    def restart_agent(self) -> None:
        self.stop()
        self.start()

    def declare(self, *syncs: Sync) -> None:
        """The definitions are these from now on."""
        self.reconciler.define(
            Definitions(
                settings=Settings(reconcile=self.settings),
                syncs={sync.name: sync for sync in syncs},
                services={},
                problems=(),
                broken={},
                template_folders=(self.templates,),
                files=(),
            )
        )

    def add_target(self, name: str, text: str) -> Path:
        """The definition names one more file."""
        path = self.target.parent / name
        (self.templates / f"{name}.j2").write_text(text)
        self.sync = replace(
            self.sync, targets=(*self.sync.targets, Target(HostFile(path), Template(f"{name}.j2")))
        )
        self.declare(self.sync)
        return path

    def choose(self, port: int) -> None:
        """Somebody chooses a port, long enough after the last time not to be paced."""
        self.ticks += WINDOW
        self.source.write_text(f"[web]\nport = {port}\n")

    def look(self) -> SyncStatus:
        """A worker looks at the sync once."""
        self.reconciler.work("app")
        return self.status()

    def status(self) -> SyncStatus:
        """What is told of the sync."""
        status = self.board.get("app")
        assert status is not None
        return status

    def bring_in_step(self, port: int) -> None:
        """A port that works."""
        self.choose(port)
        assert self.look().state is State.IN_STEP

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        # A little more, since a difference of large numbers is a little less.
        self.ticks += max(0.0, seconds) + 1e-6

    def let_restarts_end(self, *results: str) -> None:
        """How the next restarts end, and from the last on all of them."""
        self.unit.job_result, *self.unit.later_job_results = results

    @property
    def record(self) -> Record:
        return self.store.record("app")

    @property
    def restarts(self) -> int:
        """How often the unit was restarted."""
        return self.manager.calls.count(f"RestartUnit {UNIT}")

    @property
    def outcomes(self) -> list[tuple[int, str]]:
        """Number and outcome of each generation, oldest first."""
        return [(info.number, info.outcome) for info in reversed(self.store.history("app"))]
