"""Marks of packages, worked off: holds, proofs, and marks that go when they have served."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from portreeve.clock import Clock
from portreeve.definitions.model import Definitions, Sync
from portreeve.definitions.settings import Settings
from portreeve.definitions.steps import Restart
from portreeve.definitions.supervised import Service
from portreeve.errors import Failed, Misuse, Reason
from portreeve.reconcile.board import Board
from portreeve.reconcile.status import State, SyncStatus, Trouble
from portreeve.systemd.messages import MessageId
from portreeve.upgrade.mark import Event, Mark
from portreeve.upgrade.marks import Marks
from portreeve.upgrade.pending import Hands, Pending
from portreeve.upgrade.status import PackageStatus

BOOT = "this boot"
PRE = Mark("cockpit-ws", Event.PRE_UPGRADE, "300", ("cockpit.socket",), since=990.0, until=1890.0, boot=BOOT)
POST = replace(PRE, event=Event.POST_UPGRADE)


def restarting(name: str, unit: str) -> Sync:
    return Sync(name, "", {}, {}, (), (), (Restart(unit),), (), 60, ())


def definitions(*syncs: Sync, services: Mapping[str, Service] | None = None) -> Definitions:
    return Definitions(Settings(), {sync.name: sync for sync in syncs}, services or {}, (), {}, (), ())


COCKPIT = definitions(
    restarting("cockpit", "cockpit.socket"),
    restarting("proxy", "nginx.service"),
    services={"guard": Service("guard", "", "cockpit.socket", (), ())},
)


@dataclass
class Site:
    """An agent that works on marks; the syncs are what a test says."""

    folder: Path
    now: float = 1000.0
    runs: dict[str, int] = field(default_factory=dict)
    proofs: dict[str, int] = field(default_factory=dict)
    in_force: dict[str, str] = field(default_factory=lambda: {"port": "9000"})
    asked: list[tuple[str, bool]] = field(default_factory=list)
    enqueued: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.marks = Marks(self.folder)
        self.statuses = Board[SyncStatus]()
        self.start()

    def start(self, declared: Definitions = COCKPIT) -> None:
        """The agent starts."""
        hands = Hands(
            prove=self.prove,
            proved=lambda name: self.proofs.get(name, 0),
            in_force=lambda _name, _number: self.in_force,
            runs=lambda name: self.runs.get(name, 0),
            look_at_sync=self.enqueued.append,
            look_at_service=lambda name: self.enqueued.append(f"service:{name}"),
        )
        clock = Clock(wall=lambda: self.now)
        board = Board[PackageStatus]()
        self.pending = Pending(self.marks, hands, self.statuses, board, BOOT, clock)
        self.pending.define(declared)
        self.pending.read()

    def prove(self, name: str, thorough: bool) -> int:
        self.asked.append((name, thorough))
        return self.runs.get(name, 0)

    def look(self, name: str, state: State = State.IN_STEP, *, works: bool = True, **told: object) -> None:
        """A worker looks at a sync."""
        self.runs[name] = self.runs.get(name, 0) + 1
        if works:
            self.proofs[name] = self.runs[name]
        status = SyncStatus(name, state=state, runs=self.runs[name], generation=2, values={"port": "9000"})
        self.statuses.post(replace(status, **told))  # type: ignore[arg-type]
        self.pending.looked_at(name)

    def paused(self, name: str) -> bool:
        return self.pending.sync_paused(name) is not None

    def packages(self) -> Mapping[str, PackageStatus]:
        return self.pending.board.snapshot()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "pending")


def kept(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if getattr(record, "message_id", None) == MessageId.PACKAGE_KEPT
    ]


def test_what_a_package_touches_is_held_until_its_change_is_over_and_proved_then(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    site.marks.put(PRE)
    assert site.pending.hook("cockpit-ws").syncs == {"cockpit": 0}
    assert site.enqueued == ["cockpit", "service:guard"]
    pause = site.pending.sync_paused("cockpit")
    assert pause is not None
    assert pause.why.reason is Reason.PACKAGE_CHANGING
    assert pause.why.what == "cockpit-ws is being upgraded to 300"
    assert pause.why.hint == "`portreeve sync cockpit` goes on at once"
    assert pause.until == 1890.0
    assert site.pending.service_paused("guard") is not None
    assert not site.paused("proxy")
    assert site.packages()["cockpit-ws"].until == 1890.0

    site.marks.put(POST)
    assert site.pending.hook("cockpit-ws").services == ("guard",)
    assert not site.paused("cockpit")
    assert site.pending.service_paused("guard") is None
    assert site.asked == [("cockpit", True)]
    assert site.packages()["cockpit-ws"].until is None
    assert site.marks.read() == (POST,)

    site.look("cockpit")
    assert site.marks.read() == ()
    assert site.packages() == {}
    assert kept(caplog) == ["cockpit-ws 300: cockpit keeps port = 9000, verified"]
    assert site.pending.told("cockpit-ws") == kept(caplog)[0]


def test_marks_that_are_found_at_the_start_are_worked_off(tmp_path: Path) -> None:
    marks = Marks(tmp_path / "pending")
    marks.put(PRE)
    marks.put(replace(POST, package="nginx", units=("nginx.service",)))
    site = Site(tmp_path / "pending")
    assert site.paused("cockpit")
    assert site.asked == [("proxy", True)]
    site.look("proxy")
    assert site.marks.read() == (PRE,)


def test_a_hold_that_runs_out_is_noticed_by_the_next_look(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.marks.put(PRE)
    site.pending.hook("cockpit-ws")
    site.now = 1890.0
    assert not site.paused("cockpit")
    assert site.asked == [("cockpit", True)]
    assert "nobody has said that this is over" in caplog.text
    site.look("cockpit")
    assert site.marks.read() == ()


def test_a_hold_of_services_alone_runs_out_as_well(site: Site) -> None:
    site.marks.put(replace(PRE, units=("guard.service",)))
    site.pending.define(definitions(services={"guard": Service("guard", "", "guard.service", (), ())}))
    site.pending.hook("cockpit-ws")
    assert site.pending.service_paused("guard") is not None
    site.now = 1890.0
    assert site.pending.service_paused("guard") is None
    assert site.marks.read() == ()


def test_a_hold_ends_with_the_boot(site: Site) -> None:
    site.marks.put(replace(PRE, boot="the boot before"))
    site.pending.read()
    assert not site.paused("cockpit")
    assert site.asked == [("cockpit", True)]


def test_an_administrator_has_a_sync_go_on_and_it_is_proved_afterwards(site: Site) -> None:
    site.marks.put(PRE)
    site.pending.hook("cockpit-ws")
    site.pending.go_on(["cockpit"])
    assert not site.paused("cockpit")
    site.look("cockpit")
    assert site.marks.read() == (PRE,)
    site.marks.put(POST)
    site.pending.hook("cockpit-ws")
    assert site.asked == [("cockpit", True)]


def test_the_next_hold_is_one_again(site: Site) -> None:
    site.marks.put(PRE)
    site.pending.hook("cockpit-ws")
    site.pending.go_on(["cockpit"])
    site.marks.put(replace(PRE, since=995.0, until=1895.0))
    site.pending.hook("cockpit-ws")
    assert site.paused("cockpit")


def test_files_of_any_package_have_everything_looked_at_but_wake_nothing_that_sleeps(site: Site) -> None:
    site.marks.put(Mark("", Event.TRIGGERED, since=990.0, until=1890.0, boot=BOOT))
    assert site.pending.hook("").syncs == {"cockpit": 0, "proxy": 0}
    assert site.asked == [("cockpit", False), ("proxy", False)]
    site.look("proxy")
    assert site.packages() != {}
    site.look("cockpit")
    assert site.packages() == {}
    assert site.pending.told("") == (
        "files of packages: cockpit keeps port = 9000, verified; proxy keeps port = 9000, verified"
    )


def test_the_same_hook_twice_is_proved_twice(site: Site) -> None:
    for times in (1, 2):
        site.marks.put(POST)
        assert site.pending.hook("cockpit-ws").syncs == {"cockpit": site.runs.get("cockpit", 0)}
        assert len(site.asked) == times
        site.look("cockpit")
        assert site.marks.read() == ()


def test_a_hook_that_touches_nothing_is_done_at_once(site: Site) -> None:
    site.marks.put(replace(POST, package="vim", units=()))
    hooked = site.pending.hook("vim")
    assert (hooked.syncs, hooked.services) == ({}, ())
    assert site.marks.read() == ()
    assert site.pending.told("vim") == "vim 300: nothing is touched"


def test_a_hook_without_a_mark_is_refused(site: Site) -> None:
    with pytest.raises(Misuse, match="no mark of package `vim`"):
        site.pending.hook("vim")


def test_a_mark_that_somebody_removed_holds_nobody(site: Site) -> None:
    site.marks.put(PRE)
    site.pending.hook("cockpit-ws")
    assert site.marks.remove(PRE)
    site.enqueued.clear()
    site.pending.read()
    assert not site.paused("cockpit")
    assert site.enqueued == ["cockpit", "service:guard"]
    assert site.packages() == {}


def test_a_definition_that_comes_while_its_package_is_changed_is_held(site: Site) -> None:
    site.pending.define(definitions())
    site.marks.put(PRE)
    site.pending.hook("cockpit-ws")
    site.pending.define(COCKPIT)
    assert site.paused("cockpit")
    site.pending.define(definitions())
    site.marks.put(POST)
    site.pending.hook("cockpit-ws")
    assert site.marks.read() == ()


def test_a_sync_that_does_not_work_keeps_the_mark_until_it_does(site: Site) -> None:
    site.marks.put(POST)
    site.pending.hook("cockpit-ws")
    site.look("cockpit", State.FAILED, works=False, trouble=Trouble(Reason.NOT_IN_EFFECT, "why"))
    assert site.marks.read() == (POST,)
    assert site.packages()["cockpit-ws"].unproved == ("cockpit",)
    site.look("cockpit")
    assert site.marks.read() == ()


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (
            {"state": State.HELD, "trouble": Trouble(Reason.HELD, "held at generation 1")},
            "stays held at generation 1",
        ),
        (
            {"state": State.WAITING, "trouble": Trouble(Reason.CONTAINER_ABSENT, "there is no container")},
            "keeps port = 9000, verified (there is no container)",
        ),
        (
            {
                "state": State.WAITING,
                "trouble": Trouble(Reason.UNIT_STOPPED, "cockpit.socket was stopped"),
                "works": False,
            },
            "keeps port = 9000 (cockpit.socket was stopped)",
        ),
        (
            {
                "state": State.WAITING,
                "trouble": Trouble(Reason.CONTAINER_ABSENT, "there is no container"),
                "generation": None,
                "works": False,
            },
            "has nothing in force (there is no container)",
        ),
        ({"values": {"token": "********"}}, "keeps token = ********, verified"),
    ],
    ids=["held", "its container is away", "its unit is down", "nothing in force", "secret"],
)
def test_the_line_says_what_was_kept(site: Site, told: dict[str, object], line: str) -> None:
    site.marks.put(POST)
    site.pending.hook("cockpit-ws")
    site.look("cockpit", **told)  # type: ignore[arg-type]
    assert site.pending.told("cockpit-ws") == f"cockpit-ws 300: cockpit {line}"


def test_what_was_read_and_is_not_in_force_is_not_said_to_be_kept(site: Site) -> None:
    site.marks.put(POST)
    site.pending.hook("cockpit-ws")
    refused = Trouble(Reason.VERIFY_FAILED, "port 9443 did not work")
    site.look("cockpit", State.FAILED, trouble=refused, values={"port": "9443"})
    line = "cockpit-ws 300: cockpit keeps port = 9000, verified (port 9443 did not work)"
    assert site.pending.told("cockpit-ws") == line


def test_a_mark_that_cannot_be_removed_is_told_once_and_tried_again_with_each_resync(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def read_only(_mark: Mark) -> bool:
        raise Failed(Reason.WRITE_FAILED, "it cannot be written", evidence=os.strerror(30))

    site.marks.put(POST)
    with monkeypatch.context() as patch:
        patch.setattr(site.marks, "remove", read_only)
        site.pending.hook("cockpit-ws")
        site.look("cockpit")
        site.enqueued.clear()
        for _ in range(3):
            site.pending.read()
    assert site.packages() == {}
    assert site.enqueued == []
    assert caplog.text.count("has served and stays") == 1
    site.pending.read()
    assert site.marks.read() == ()


def test_marks_that_cannot_be_read_now_stay_as_they_are_known(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> tuple[Mark, ...]:
        raise Failed(Reason.STATE_UNUSABLE, "it cannot be read", evidence="Input/output error")

    site.marks.put(PRE)
    site.pending.hook("cockpit-ws")
    monkeypatch.setattr(site.marks, "read", broken)
    site.pending.read()
    assert site.paused("cockpit")
    assert "Input/output error" in caplog.text
