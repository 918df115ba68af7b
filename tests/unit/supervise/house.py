"""A supervisor with everything that it needs, for tests that look by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fakes.dockerd import FakeContainer, FakeDockerd
from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.settings import AlertSettings
from portreeve.definitions.supervised import Budget, ManagedContainer
from portreeve.reconcile.board import Board
from portreeve.reconcile.database import Database
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.seal import Seal
from portreeve.reconcile.workers import Pulse
from portreeve.supervise.admission import Admission
from portreeve.supervise.alerts import Alerts
from portreeve.supervise.followers import Followers
from portreeve.supervise.records import Records
from portreeve.supervise.remaking import Remaking
from portreeve.supervise.status import ContainerStatus
from portreeve.supervise.store import SupervisedStore
from portreeve.supervise.supervisor import Supervisor
from portreeve.supervise.telling import Telling

START = 1_800_000_000.0
APP = ManagedContainer(
    "app",
    "",
    ContainerRef(name="app"),
    autostart=True,
    restart=Budget(2, 600, (1, 2)),
    origin=(Path("/etc/portreeve/containers.d/app.toml"),),
)


@dataclass
class Watch:
    """A clock that a test turns."""

    now: float = START

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now - START, wall=lambda: self.now)


class _Pulse(Pulse):
    """One that remembers how long steps were announced to take."""

    def __init__(self, clock: Clock, steps: list[float]) -> None:
        super().__init__(clock)
        self._steps = steps

    @contextmanager
    def step(self, doing: str, seconds: float) -> Iterator[None]:
        self._steps.append(seconds)
        with super().step(doing, seconds):
            yield


class House:
    """A supervisor with everything that it needs, looked through by hand."""

    def __init__(
        self, docker: Docker, database: Database, limit: int = 2, followers: Followers | None = None
    ) -> None:
        self.watch = Watch()
        clock = self.watch.clock()
        self.store = SupervisedStore(database, Seal(docker.settings.socket.with_name("secrets.key")))
        self.board = Board[ContainerStatus]()
        self.queue = Queue(clock)
        self.records = Records(self.store)
        self.docker_since = START - 1000
        self.moves: list[str] = []
        self.steps: list[float] = []
        self.admission = Admission(limit, clock)
        self.supervisor = Supervisor(
            records=self.records,
            queue=self.queue,
            board=self.board,
            docker=docker,
            remaking=Remaking(docker, self.store),
            pulse=_Pulse(clock, self.steps),
            followers=followers,
            admission=self.admission,
            telling=Telling(Alerts(AlertSettings()), self.store, clock),
            is_overdue=lambda _: False,
            docker_since=lambda: self.docker_since,
            moved=lambda status: self.moves.append(str(status.state)),
            clock=clock,
        )

    def define(self, *containers: ManagedContainer) -> None:
        self.supervisor.define({each.name: each for each in containers})

    def look(self, name: str = "app", times: int = 1) -> ContainerStatus:
        for _ in range(times):
            self.supervisor.work(name)
            self.watch.now += 3
        status = self.board.get(name)
        assert status is not None
        return status


def has(dockerd: FakeDockerd, **fields: object) -> FakeContainer:
    container = FakeContainer("app")
    for name, value in fields.items():
        setattr(container, name, value)
    dockerd.containers.append(container)
    return container
