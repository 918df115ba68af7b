"""What a look at a container comes to when something it calls fails: it is looked at again, and kept up."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode
from portreeve.containers.connection import Docker
from portreeve.containers.recreate_journal import Journal, Phase
from portreeve.definitions.locations import COMPOSE_PROJECT, ContainerRef
from portreeve.definitions.supervised import CommandSucceeds, ManagedContainer, Probe
from portreeve.errors import Failed, Reason, Unreachable, Waiting
from portreeve.reconcile.database import Database
from portreeve.supervise import supervisor
from portreeve.supervise.followers import Followers
from portreeve.supervise.memory import Verb
from portreeve.supervise.record import Record, Wanted
from portreeve.supervise.state import ContainerState
from portreeve.systemd.bus import Systemd

from .house import APP, START, House, has


def raises(error: Exception) -> Callable[..., object]:
    def fails(*_args: object, **_options: object) -> object:
        raise error

    return fails


def in_order(house: House, seconds: float) -> bool:
    """The next look is due within so many seconds."""
    house.watch.now += seconds
    return house.queue.due(["container:app"])


NO_SPACE = Failed(Reason.STATE_UNUSABLE, "the state cannot be written", evidence="no space left on device")
BUSY = Waiting(Reason.CONTAINER_BUSY, "Docker is at work on container app", evidence="no answer within 1 s")


def test_an_error_that_nobody_expected_is_told_and_looked_at_again(
    house: House, dockerd: FakeDockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(dockerd)
    house.define(APP)
    house.look()
    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "judge", raises(ZeroDivisionError("a bug")))
        status = house.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.INTERNAL
    assert in_order(house, supervisor.AGAIN)
    assert house.look().trouble is None


def test_a_wish_stays_until_a_look_could_heed_it(
    house: House, dockerd: FakeDockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(dockerd)
    house.define(APP)
    house.look()
    house.supervisor.ask(Verb.STOP, "app")
    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "look", raises(BUSY))
        house.look()
    house.look(times=2)
    assert house.records.get("app").wanted is Wanted.DOWN
    assert dockerd.acts == [("app", "stop")]


def test_a_container_about_which_docker_is_silent_is_not_called_ready_for_ever(
    house: House, dockerd: FakeDockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(dockerd)
    house.define(APP)
    house.look()
    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "look", raises(BUSY))
        assert house.look().state is ContainerState.READY
        house.watch.now += supervisor.BUSY_AT_MOST + 1
        status = house.look()
    assert status.state is ContainerState.UNKNOWN
    assert status.trouble is not None
    assert status.trouble.reason is Reason.CONTAINER_BUSY
    assert house.look().state is ContainerState.READY


def test_what_cannot_be_stored_leaves_no_container_down_and_counts_all_the_same(
    house: House, dockerd: FakeDockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = has(dockerd)
    house.define(APP)
    house.look()
    monkeypatch.setattr(house.store, "put", raises(NO_SPACE))
    for _ in range(5):
        container.status, container.exit_code = "exited", 3
        status = house.look(times=3)
    # The first one is no restart: as far as is known, it ended before Docker came up.
    assert len([what for _, what in dockerd.acts if what == "start"]) == 1 + APP.restart.max
    assert status.gave_up
    assert status.state is ContainerState.EXITED


def test_once_the_state_can_be_stored_again_it_is(
    house: House, dockerd: FakeDockerd, monkeypatch: pytest.MonkeyPatch, docker: Docker, database: Database
) -> None:
    has(dockerd)
    house.define(APP)
    with monkeypatch.context() as patch:
        patch.setattr(house.store, "put", raises(NO_SPACE))
        house.supervisor.ask(Verb.STOP, "app")
        assert house.look().trouble is not None
    house.look()
    assert House(docker, database).records.get("app").wanted is Wanted.DOWN


def test_a_recreation_is_not_begun_where_it_cannot_be_remembered(
    house: House, dockerd: FakeDockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(dockerd)
    house.define(APP)
    house.look()
    monkeypatch.setattr(house.store, "put", raises(NO_SPACE))
    house.supervisor.ask(Verb.RECREATE, "app")
    house.look(times=2)
    assert dockerd.acts == []
    assert house.records.get("app").journal == ""


def test_a_systemd_that_does_not_answer_keeps_no_container_down_and_uses_up_no_budget(
    docker: Docker, database: Database, dockerd: FakeDockerd, tmp_path: Path
) -> None:
    nobody = Systemd(f"unix:path={tmp_path / 'no-bus'}")
    house = House(docker, database, followers=Followers(nobody, lambda _: None, "boot"))
    with pytest.raises(Unreachable):
        nobody.life("any.service")
    has(dockerd, status="exited", exit_code=3)
    house.define(APP)
    status = house.look(times=4)
    assert status.state is ContainerState.READY
    assert len(house.records.get("app").restarts) <= 1
    assert in_order(house, supervisor.AGAIN)


def test_one_odd_answer_of_docker_is_asked_about_again(
    house: House, dockerd: FakeDockerd, docker: Docker
) -> None:
    has(dockerd)
    house.define(APP)
    docker.require_up()
    dockerd.mode = Mode.ERROR
    assert house.look().state is ContainerState.UNKNOWN
    assert in_order(house, supervisor.AGAIN)


@pytest.mark.parametrize("state", ["running", "exited"])
def test_what_is_ready_or_wanted_down_waits_for_no_container_that_nobody_declared(
    house: House, dockerd: FakeDockerd, state: str
) -> None:
    labels = {COMPOSE_PROJECT: "shop", "com.docker.compose.depends_on": "db:service_started:false"}
    has(dockerd, labels=labels, status=state)
    house.define(replace(APP, autostart=state == "running"))
    house.look()
    assert not in_order(house, 3600)


def test_a_recreation_that_was_cut_off_before_anything_was_made_is_taken_back(
    house: House, dockerd: FakeDockerd
) -> None:
    container = has(dockerd)
    house.define(APP)
    house.look()
    journal = Journal("app", container.id, Phase.STOPPING, {"Name": "no"}, ran=True).text()
    house.records.put(replace(house.records.get("app"), journal=journal))
    assert house.look(times=3).state is ContainerState.READY
    assert house.records.get("app").journal == ""


def test_a_reset_ends_a_recreation_that_can_neither_be_finished_nor_taken_back(
    house: House, dockerd: FakeDockerd
) -> None:
    has(dockerd)
    house.records.put(Record("app", journal="of a version to come"))
    house.define(APP)
    status = house.look(times=3)
    assert status.trouble is not None
    house.supervisor.ask(Verb.RESET, "app")
    assert house.look(times=2).state is ContainerState.READY
    assert house.records.get("app").journal == ""


def longest_step(house: House, dockerd: FakeDockerd, container: ManagedContainer, verb: Verb) -> float:
    """Seconds that were announced to the watchdog for what was asked for."""
    house.define(container)
    house.look()
    house.supervisor.ask(verb, "app")
    house.steps.clear()
    house.look()
    return max(house.steps)


def test_a_stop_that_takes_as_long_as_the_container_was_made_for_is_no_stuck_worker(
    house: House, dockerd: FakeDockerd
) -> None:
    has(dockerd, inspect={"Config": {"StopTimeout": 500}})
    assert longest_step(house, dockerd, APP, Verb.STOP) > 500


def test_a_probe_that_may_take_long_is_no_stuck_worker(house: House, dockerd: FakeDockerd) -> None:
    has(dockerd)
    slow = Probe(CommandSucceeds(("true",)), timeout=300)
    assert longest_step(house, dockerd, replace(APP, ready=slow), Verb.RESET) > 300


def test_ready_containers_are_not_looked_at_while_nothing_happens(house: House, dockerd: FakeDockerd) -> None:
    containers = [replace(APP, name=f"c{n}", container=ContainerRef(name=f"c{n}")) for n in range(20)]
    dockerd.containers = [FakeContainer(each.name) for each in containers]
    house.define(*containers)
    for each in containers:
        assert house.look(each.name).state is ContainerState.READY
    house.watch.now = START + 10 * 3600
    assert not house.queue.due([f"container:{each.name}" for each in containers])


def test_nobody_waits_for_a_slot_behind_a_container_about_which_docker_is_silent(
    docker: Docker, database: Database, dockerd: FakeDockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(docker, database, limit=1)
    has(dockerd, status="created")
    dockerd.containers.append(FakeContainer("db", status="created"))
    house.define(APP, replace(APP, name="db", container=ContainerRef(name="db")))
    house.admission.enter("another", 60.0)
    house.look()
    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "look", raises(BUSY))
        house.look()
    house.admission.leave("another")
    house.look("db")
    assert dockerd.acts == [("db", "start")]
