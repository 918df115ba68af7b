"""A container that removes itself when it ends: when it is made again, and who wanted it gone."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from portreeve.containers.observed import Observed
from portreeve.containers.recreate_config import Rebuilt
from portreeve.containers.remake import NotMadeError, Recipe
from portreeve.containers.start_failure import StartFailure
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.supervised import Budget, ManagedContainer
from portreeve.errors import Failed, Reason
from portreeve.reconcile.database import Database
from portreeve.reconcile.seal import Seal
from portreeve.supervise.decision import Action, Remembered, Snapshot
from portreeve.supervise.looking import absent_how
from portreeve.supervise.memory import Memory
from portreeve.supervise.noticing import notice_end
from portreeve.supervise.plan import decide
from portreeve.supervise.record import Record, Wanted
from portreeve.supervise.seen import Absent
from portreeve.supervise.state import ContainerState, Truth
from portreeve.supervise.store import SupervisedStore

NOW = 10_000.0
GAME = ManagedContainer(
    "game", "", ContainerRef("game"), autostart=True, restart=Budget(2, 600.0), origin=(Path("/game.toml"),)
)
GONE = Snapshot(
    GAME,
    Truth(ContainerState.ABSENT, "it ended and removed itself", NOW - 1),
    None,
    Record("game", state=ContainerState.ABSENT, container_id="1"),
    remembered=Remembered(),
    docker_since=100.0,
    now=NOW,
)
WAS = Observed("1", "game", "image", "running", started_at=NOW - 60, auto_remove=True)
RECIPE = Recipe("game", "1", "sha256:2", Rebuilt({"Env": ["TOKEN=hunter2"]}, {"players": {}}))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state.db")
    yield database
    database.close()


def test_it_is_made_again_within_its_budget() -> None:
    plan = decide(GONE)
    assert plan.action is Action.MAKE
    assert plan.record.restarts == (NOW,)
    assert plan.record.container_id == ""
    spent = replace(GONE, record=replace(GONE.record, restarts=(NOW - 9, NOW - 5)))
    assert decide(spent).gave_up


def test_the_first_look_at_its_loss_begins_a_wait() -> None:
    lost = replace(GONE, record=replace(GONE.record, state=ContainerState.READY))
    plan = decide(lost, lambda: 0.0)
    assert (plan.action, plan.again) == (None, 0.5)


def test_what_went_with_docker_comes_back_with_docker_and_costs_nothing() -> None:
    plan = decide(replace(GONE, docker_since=NOW - 2))
    assert (plan.action, plan.record.restarts) == (Action.MAKE, ())


def test_what_is_not_remembered_or_not_wanted_up_stays_gone() -> None:
    assert decide(replace(GONE, remembered=None)).action is None
    assert decide(replace(GONE, record=replace(GONE.record, wanted=Wanted.DOWN))).action is None
    assert decide(replace(GONE, declared=replace(GAME, autostart=False))).action is None
    plan = decide(replace(GONE, record=replace(GONE.record, stopped_by_hand=NOW - 5)))
    assert plan.action is None
    assert plan.trouble is not None
    assert plan.trouble.what == "somebody stopped or removed it through Docker, and it is left so"


def test_what_stands_against_it_is_told_and_looked_at_again() -> None:
    taken = Failed(Reason.CONTAINER_NAME_TAKEN, "another has the name", evidence="abc is running")
    plan = decide(replace(GONE, remembered=Remembered(taken)))
    assert plan.action is None
    assert plan.again is not None
    assert plan.trouble is not None
    assert plan.trouble.reason is Reason.CONTAINER_NAME_TAKEN


def test_a_busy_port_costs_no_budget() -> None:
    busy = replace(GONE, truth=replace(GONE.truth, failure=StartFailure.PORT))
    assert decide(busy).record.restarts == ()


def test_one_that_has_just_ended_is_left_to_docker_to_remove() -> None:
    ending = replace(WAS, status="exited", finished_at=NOW - 0.1)
    exited = replace(
        GONE,
        truth=Truth(ContainerState.EXITED, "ended", NOW - 0.1),
        seen=ending,
        record=replace(GONE.record, state=ContainerState.EXITED),
    )
    assert decide(exited).action is None
    forgotten = replace(exited, seen=replace(ending, finished_at=NOW - 60))
    assert decide(forgotten).action is Action.START


@pytest.mark.parametrize(
    ("action", "attributes", "by_hand"),
    [
        ("stop", {}, True),
        ("kill", {"signal": "9"}, True),
        ("kill", {"signal": "1"}, False),
        ("die", {"exitCode": "137"}, False),
    ],
)
def test_who_stops_or_kills_it_through_docker_wants_it_gone(
    action: str, attributes: dict[str, str], by_hand: bool
) -> None:
    memory = Memory()
    memory.saw(WAS)
    memory.hear(action, attributes, NOW, 100.0)
    record = notice_end(Record("game"), Absent(), memory, NOW + 1, 100.0)
    assert (record.stopped_by_hand is not None) == by_hand
    assert notice_end(Record("game"), Absent(), memory, NOW + 60, 100.0) == Record("game")


def test_what_portreeve_does_itself_is_nobodys_wish() -> None:
    memory = Memory(own_end=(NOW - 1, NOW))
    memory.saw(WAS)
    memory.hear("kill", {"signal": "15"}, NOW + 0.1, 100.0)
    assert notice_end(Record("game"), Absent(), memory, NOW + 1, 100.0) == Record("game")


def test_what_docker_stopped_before_it_ended_itself_is_nobodys_wish() -> None:
    memory = Memory()
    memory.saw(WAS)
    memory.hear("stop", {}, NOW, 100.0)
    assert notice_end(Record("game"), Absent(), memory, NOW + 1, NOW + 0.5) == Record("game")


def test_a_signal_that_it_outlived_is_forgotten() -> None:
    memory = Memory()
    memory.hear("kill", {"signal": "15"}, NOW, 100.0)
    memory.saw(replace(WAS, started_at=NOW + 1))
    assert memory.kill is None


def test_how_it_ended_is_told_although_nothing_is_left_of_it() -> None:
    memory = Memory()
    memory.saw(WAS)
    memory.hear("die", {"exitCode": "3"}, NOW, 100.0)
    assert absent_how(Absent(), memory) == Absent("it ended with exit code 3, and removed itself (--rm)")
    memory.not_made = NotMadeError("it was not made", "port is already allocated", StartFailure.PORT)
    found = absent_how(Absent(), memory)
    assert isinstance(found, Absent)
    assert found.failure is StartFailure.PORT


def test_a_recipe_is_kept_and_no_secret_of_it_can_be_read(database: Database, tmp_path: Path) -> None:
    store = SupervisedStore(database, Seal(tmp_path / "key"))
    store.put_secret("rebuilt", "game", RECIPE.text())
    assert store.get_secret("rebuilt", "game", Recipe.read) == RECIPE
    assert "hunter2" not in repr(RECIPE)
    with sqlite3.connect(tmp_path / "state.db") as file:
        (stored,) = file.execute("SELECT record FROM supervised").fetchone()
    file.close()
    assert "hunter2" not in stored
    (tmp_path / "key").unlink()
    without_key = SupervisedStore(database, Seal(tmp_path / "key"))
    assert without_key.get_secret("rebuilt", "game", Recipe.read) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": 2}', '{"form": 1, "name": "x"}'])
def test_a_recipe_that_is_damaged_is_told_apart(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Recipe.read(text)
