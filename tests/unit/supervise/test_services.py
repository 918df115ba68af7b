"""Looks at services that come to nothing, or cannot be remembered."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.systemd_manager import FakeManager, FakeUnit, fake_systemd
from portreeve.clock import Clock
from portreeve.definitions.settings import AlertSettings
from portreeve.definitions.supervised import Budget, Probe, Service, TcpConnects
from portreeve.errors import Failed, Reason, Waiting
from portreeve.reconcile.board import Board
from portreeve.reconcile.database import Database
from portreeve.reconcile.pause import Pause
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.seal import Seal
from portreeve.reconcile.workers import Pulse
from portreeve.supervise.alerts import Alerts
from portreeve.supervise.guard import Guard
from portreeve.supervise.services import Services
from portreeve.supervise.status import ServiceState, ServiceStatus
from portreeve.supervise.store import SupervisedStore
from portreeve.supervise.telling import Telling
from portreeve.systemd.bus import Systemd

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed")

NOBODY_LISTENS = Probe(TcpConnects("127.0.0.1:1"), interval=10.0, timeout=1.0, failures=1)
APP = Service(
    name="app",
    description="the app",
    unit="app.service",
    requires=(),
    origin=(Path("/etc/portreeve/services.d/app.toml"),),
    restart=Budget(max=2, window=600.0, backoff=(1.0, 1.0)),
    probe=NOBODY_LISTENS,
    start_grace=0.0,
)


class Site:
    """A host with app.service, at whose port nobody listens."""

    def __init__(self, manager: FakeManager, database: Database, folder: Path) -> None:
        self.now = 1_000_000.0
        self.manager = manager
        manager.units["app.service"] = FakeUnit(active_since=self.now - 100, restart_policy="on-failure")
        clock = Clock(wall=lambda: self.now, monotonic=lambda: self.now)
        self.store = SupervisedStore(database, Seal(folder / "secrets.key"))
        self.queue = Queue(clock)
        self.board = Board[ServiceStatus]()
        self.telling = Telling(Alerts(AlertSettings()), self.store, clock)
        self.services = Services(
            store=self.store,
            queue=self.queue,
            board=self.board,
            systemd=Systemd(manager.address),
            pulse=Pulse(clock),
            telling=self.telling,
            clock=clock,
        )
        self.services.define({"app": APP})

    def look(self, times: int = 1) -> ServiceStatus:
        for _ in range(times):
            self.services.work("app")
            self.now += 10.0
        status = self.board.get("app")
        assert status is not None
        return status

    @property
    def restarts(self) -> int:
        return len([call for call in self.manager.calls if call.startswith("RestartUnit")])


def fails(error: Exception) -> Callable[..., object]:
    def method(*_args: object, **_options: object) -> object:
        raise error

    return method


@pytest.fixture
def site(tmp_path: Path, database: Database) -> Iterator[Site]:
    with fake_systemd(tmp_path) as manager:
        yield Site(manager, database, tmp_path)


def test_a_full_disk_makes_no_budget_endless(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    error = Failed(Reason.STATE_UNUSABLE, "the state cannot be written", evidence="no space left on device")
    monkeypatch.setattr(site.store, "put", fails(error))
    status = site.look(times=12)
    assert site.restarts == 2
    assert status.gave_up
    site.services.ask_reset("app")
    assert site.look(times=12).gave_up
    assert site.restarts == 4


def test_an_error_that_nobody_expected_is_told_and_looked_at_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Guard, "look", fails(ZeroDivisionError("a bug")))
        site.services.ask_reset("app")
        status = site.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.INTERNAL
    assert site.queue.due(["service:app"])


def test_a_service_whose_package_is_being_changed_is_neither_restarted_nor_alerted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = site.look()
    told: list[object] = []
    monkeypatch.setattr(site.telling, "service", lambda *statuses: told.append(statuses))
    why = Waiting(Reason.PACKAGE_CHANGING, "app is being upgraded", hint="nothing")
    pauses = {"app": Pause(why, site.now + 900)}
    monkeypatch.setattr(site.services, "_paused", pauses.get)
    restarts = site.restarts
    site.manager.units["app.service"].active_state = "failed"
    status = site.look(times=12)
    assert site.restarts == restarts
    assert told == []
    assert status.trouble is not None
    assert status.trouble.reason is Reason.PACKAGE_CHANGING
    assert (status.state, status.runs) == (before.state, before.runs + 12)
    assert status.evidence == "it is not looked at: app is being upgraded"
    pauses.clear()
    assert site.look().state is ServiceState.STOPPED
    assert len(told) == 1
