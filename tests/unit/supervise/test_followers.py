"""Which units are moved when a container is lost and when it is ready, by a fake manager on a real bus.

That systemd stops dependents in the same transaction is systemd's own and is tested on a real host.
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.systemd_manager import FakeManager, FakeUnit, fake_systemd
from portreeve.clock import Clock
from portreeve.errors import Unreachable
from portreeve.supervise.followers import Followers
from portreeve.supervise.record import Record
from portreeve.systemd.bus import Systemd

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed")

DB = "portreeve-container@db.service"
NOW = 1_000_000.0


class Site:
    """A host whose db container has one dependent, app.service."""

    def __init__(self, manager: FakeManager) -> None:
        self.manager = manager
        self.remembered: list[Record] = []
        clock = Clock(wall=lambda: NOW)
        self.followers = Followers(Systemd(manager.address), self.remembered.append, "boot-1", clock)
        self.db = manager.units[DB] = FakeUnit(required_by=("app.service",), wants=("portreeve.service",))
        self.app = manager.units["app.service"] = FakeUnit(wanted_by=("multi-user.target",))

    @property
    def moved(self) -> list[str]:
        return [call for call in self.manager.calls if call.startswith(("Start", "Stop", "Restart"))]

    def lose(self, record: Record | None = None) -> Record:
        """As systemd does it: the dependent stops with the unit."""
        record = self.followers.lost("db", record or Record("db"))
        for unit in (self.db, self.app):
            unit.active_state = "inactive"
        self.manager.calls.clear()
        return record


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with fake_systemd(tmp_path) as manager:
        yield Site(manager)


def test_a_lost_container_stops_its_unit_alone_since_systemd_stops_the_rest(site: Site) -> None:
    site.followers.lost("db", Record("db"))
    assert site.moved == [f"StopUnit {DB}"]


def test_what_was_up_is_remembered_before_it_is_stopped(site: Site) -> None:
    record = site.followers.lost("db", Record("db"))
    assert record.lost_units == (DB, "app.service")
    assert site.remembered == [record]


def test_what_goes_down_behind_a_dependent_is_remembered_too(site: Site) -> None:
    site.app.required_by = ("web.service",)
    site.manager.units["web.service"] = FakeUnit(required_by=("app.service",))
    assert site.lose().lost_units == (DB, "app.service", "web.service")


@pytest.mark.parametrize(
    ("state", "job", "comes_back"),
    [("activating", 0, True), ("inactive", 7, True), ("inactive", 0, False), ("deactivating", 7, False)],
)
def test_a_dependent_that_is_on_its_way_up_counts_and_one_that_is_stopped_does_not(
    site: Site, state: str, job: int, comes_back: bool
) -> None:
    site.app.active_state, site.app.job = state, job
    assert ("app.service" in site.lose().lost_units) is comes_back


@pytest.mark.parametrize(("seconds", "comes_back"), [(5.0, True), (3600.0, False)])
def test_a_dependent_that_failed_just_before_the_loss_failed_for_it(
    site: Site, seconds: float, comes_back: bool
) -> None:
    site.app.active_state, site.app.ended_at = "failed", NOW - seconds
    assert ("app.service" in site.lose().lost_units) is comes_back


def test_a_second_look_at_a_lost_container_changes_nothing(site: Site) -> None:
    record = site.lose()
    assert site.followers.lost("db", record) == record
    assert site.moved == []


def test_a_second_look_while_a_dependent_takes_its_time_to_stop_forgets_nothing(site: Site) -> None:
    record = site.lose()
    site.db.active_state, site.app.active_state = "active", "deactivating"
    assert site.followers.lost("db", record).lost_units == (DB, "app.service")


def test_a_unit_that_still_waits_is_left_to_wait(site: Site) -> None:
    site.db.active_state = "activating"
    site.followers.lost("db", Record("db"))
    assert site.moved == []


def test_a_ready_container_brings_back_its_unit_and_what_fell_with_it(site: Site) -> None:
    record = site.followers.ready("db", site.lose())
    assert site.moved == [f"StartUnit {DB}", "StartUnit app.service"]
    assert record.lost_units == ()


def test_coming_back_does_not_use_up_a_units_start_limit(site: Site) -> None:
    site.followers.ready("db", site.lose())
    assert "ResetFailedUnit app.service" in site.manager.calls


def test_a_second_look_at_a_ready_container_changes_nothing(site: Site) -> None:
    record = site.followers.ready("db", site.lose())
    site.manager.calls.clear()
    site.db.active_state = site.app.active_state = "active"
    assert site.followers.ready("db", record) == record
    assert site.moved == []


def test_what_came_back_between_two_looks_has_what_is_up_restarted_by_systemd(site: Site) -> None:
    record = Record("db", unit_boot="boot-1")
    assert site.followers.renewed("db", record) == record
    assert site.moved == [f"RestartUnit {DB}"]
    assert "ResetFailedUnit app.service" in site.manager.calls


def test_what_came_back_while_its_units_are_down_has_them_started(site: Site) -> None:
    site.followers.renewed("db", site.lose())
    assert site.moved == [f"StartUnit {DB}", "StartUnit app.service"]


def test_a_boot_renews_nothing(site: Site) -> None:
    site.followers.renewed("db", Record("db", unit_boot="boot-0"))
    assert site.moved == []


def test_a_dependent_that_was_stopped_by_hand_before_the_loss_stays_so(site: Site) -> None:
    site.app.active_state = "inactive"
    site.followers.ready("db", site.lose())
    assert site.moved == [f"StartUnit {DB}"]


def test_a_dependent_that_was_masked_during_the_loss_stays_down_and_the_others_come(site: Site) -> None:
    site.db.required_by = ("app.service", "web.service")
    site.manager.units["web.service"] = FakeUnit()
    record = site.lose()
    site.manager.units["web.service"].active_state = "inactive"
    site.app.load_state = "masked"
    site.followers.ready("db", record)
    assert site.moved == [f"StartUnit {DB}", "StartUnit web.service"]


def test_a_dependent_that_was_removed_meanwhile_keeps_nobody_down(site: Site) -> None:
    record = site.lose()
    del site.manager.units["app.service"]
    assert site.followers.ready("db", record).lost_units == ()


def test_a_dependent_that_is_still_stopping_is_started_behind_that(site: Site) -> None:
    record = site.lose()
    site.db.active_state, site.db.job, site.app.active_state = "active", 7, "deactivating"
    site.followers.ready("db", record)
    assert site.moved == [f"StartUnit {DB}", "StartUnit app.service"]


def test_a_unit_that_an_administrator_stopped_stays_so(site: Site) -> None:
    record = site.followers.ready("db", Record("db"))
    site.db.active_state = site.app.active_state = "inactive"
    assert site.followers.ready("db", record) == record
    assert site.followers.lost("db", record) == record
    assert site.moved == []


def test_a_unit_that_gave_up_waiting_is_started_with_what_waited_for_it(site: Site) -> None:
    site.db.active_state, site.app.active_state, site.app.job = "activating", "inactive", 7
    record = site.followers.lost("db", Record("db"))
    site.db.active_state, site.app.job = "failed", 0
    site.followers.ready("db", site.followers.lost("db", record))
    assert site.moved == [f"StartUnit {DB}", "StartUnit app.service"]


def test_a_dependent_whose_start_was_cancelled_while_it_waited_stays_down(site: Site) -> None:
    site.db.active_state, site.app.active_state, site.app.job = "activating", "inactive", 7
    record = site.followers.lost("db", Record("db"))
    site.app.job = 0
    record = site.followers.lost("db", record)
    site.db.active_state = "failed"
    site.followers.ready("db", record)
    assert site.moved == [f"StartUnit {DB}"]


def test_an_agent_that_was_away_at_boot_starts_what_is_wanted_and_never_came_up(site: Site) -> None:
    site.db.required_by = ("app.service", "by-hand.service", "was-up.service")
    site.manager.units["by-hand.service"] = FakeUnit(active_state="inactive")
    site.manager.units["was-up.service"] = FakeUnit(
        active_state="inactive", active_since=NOW - 9, wanted_by=("multi-user.target",)
    )
    site.db.active_state, site.app.active_state = "failed", "inactive"
    site.followers.ready("db", Record("db"))
    assert site.moved == [f"StartUnit {DB}", "StartUnit app.service"]


def test_a_unit_that_starts_others_along_is_started_once_in_a_boot(site: Site) -> None:
    site.db.active_state, site.db.wants = "inactive", ("portreeve.service", "app.service")
    record = site.followers.ready("db", Record("db"))
    site.followers.ready("db", record)
    assert site.moved == [f"StartUnit {DB}"]


def test_a_unit_that_nobody_asks_for_is_not_started(site: Site) -> None:
    site.db.active_state = "inactive"
    assert site.followers.ready("db", Record("db")) == Record("db")
    assert site.moved == []


def test_what_fell_in_an_earlier_boot_is_that_boots_affair(site: Site) -> None:
    site.db.active_state = site.app.active_state = "inactive"
    site.followers.ready("db", Record("db", lost_units=(DB, "app.service"), unit_boot="boot-0"))
    assert site.moved == []


def test_without_unit_files_nothing_is_moved(site: Site) -> None:
    del site.manager.units[DB]
    assert site.followers.lost("db", Record("db")) == Record("db")
    assert site.followers.ready("db", Record("db")) == Record("db")
    assert site.moved == []


@pytest.mark.parametrize("gone", ["lost", "ready"])
def test_a_systemd_that_does_not_answer_is_told_and_what_is_remembered_stays(site: Site, gone: str) -> None:
    followers = Followers(Systemd("unix:path=/nonexistent"), site.remembered.append, "boot-1")
    with pytest.raises(Unreachable):
        getattr(followers, gone)("db", replace(Record("db"), lost_units=(DB,)))
    assert site.remembered == []


def test_every_loaded_instance_is_known_also_of_containers_that_nobody_declared(site: Site) -> None:
    site.manager.units["portreeve-container@shop-web.service"] = FakeUnit(active_state="inactive")
    site.manager.units["portreeve-container@gone.service"] = FakeUnit("not-found", "inactive")
    assert site.followers.instances() == ("db", "shop-web")
