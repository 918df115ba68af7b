"""What follows from pressure: starts wait, the resync is rarer, and both end only once it is clearly over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portreeve.clock import Clock
from portreeve.definitions.settings import AlertSettings, PressureSettings
from portreeve.reconcile.database import Database
from portreeve.reconcile.seal import Seal
from portreeve.supervise.admission import Admission
from portreeve.supervise.alerts import Alerts
from portreeve.supervise.pressure_watch import PressureWatch
from portreeve.supervise.store import SupervisedStore
from portreeve.supervise.straining import Straining
from portreeve.supervise.telling import Telling


class _Host:
    """A host whose memory stalls as a test says, and an agent on it."""

    def __init__(self, proc: Path, store: SupervisedStore) -> None:
        self.now = 0.0
        self.woken: list[str] = []
        self._proc = proc
        (proc / "pressure").mkdir(parents=True)
        self.stalls(0.0)
        self.available(50)
        clock = Clock(monotonic=lambda: self.now, wall=lambda: self.now)
        self.admission = Admission(2, clock, room=lambda: self.straining.room(), wake=self.woken.append)
        settings = PressureSettings(memory_available=5.0, memory_stall=40.0, disk_free=None)
        watch = PressureWatch(settings, lambda: (), proc=proc)
        self._telling = Telling(Alerts(AlertSettings()), store, clock)
        self.straining = Straining(watch, self.admission, self._telling, clock)

    def stalls(self, part: float) -> None:
        text = f"some avg10={part:.2f} avg60=0.00 avg300=0.00 total=0\n"
        (self._proc / "pressure/memory").write_text(text)

    def available(self, part: int) -> None:
        (self._proc / "meminfo").write_text(f"MemTotal: 100000 kB\nMemAvailable: {part * 1000} kB\n")

    def after(self, seconds: float) -> None:
        self.now += seconds
        self.straining.look()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[_Host]:
    database = Database(tmp_path / "state.db")
    yield _Host(tmp_path / "proc", SupervisedStore(database, Seal(tmp_path / "secrets.key")))
    database.close()


def test_starts_wait_and_the_resync_is_rarer_until_it_is_clearly_over(host: _Host) -> None:
    host.after(0)
    assert host.admission.why_not("early") == ""
    assert host.straining.stretch == 1.0

    host.stalls(41)
    host.after(15)
    assert host.straining.told == (
        "tasks waited for memory in 41.0 % of the last ten seconds, and 40 % is the most",
    )
    assert host.straining.stretch == 4.0
    assert host.admission.why_not("late").startswith("the host is under pressure: tasks waited for memory")

    # Below the threshold, and not clearly so.
    host.stalls(35)
    for _ in range(10):
        host.after(5)
    assert host.straining.stretch == 4.0
    assert host.woken == []

    host.stalls(10)
    host.after(5)
    host.after(5)
    assert host.straining.stretch == 4.0
    host.after(5)
    assert host.straining.stretch == 1.0
    assert not host.straining.told
    assert set(host.woken) == {"early", "late"}


def test_a_start_is_a_look_so_that_a_burst_of_them_notices_the_pressure_that_it_makes(host: _Host) -> None:
    assert host.admission.enter("a", 60.0)
    host.stalls(60)
    host.now += 2.5
    assert not host.admission.enter("b", 60.0)
    assert host.straining.stretch == 4.0


def test_short_of_memory_at_this_very_moment_one_more_start_waits_for_the_one_under_way(host: _Host) -> None:
    assert host.admission.enter("a", 60.0)
    host.available(4)
    assert host.admission.why_not("b") == (
        "4.0 % of memory is available, and 5 % must be to start a container"
    )
    host.available(30)
    assert host.admission.enter("b", 60.0)
