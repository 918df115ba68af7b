"""A look at a container: what is there decides, whatever was remembered or answered before."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode
from fakes.dockerd_act import says
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.supervised import (
    HasExited,
    OnUnready,
    Probe,
    TcpConnects,
)
from portreeve.errors import Reason
from portreeve.reconcile.database import Database
from portreeve.supervise.memory import Verb
from portreeve.supervise.record import Record
from portreeve.supervise.state import ContainerState

from .house import APP, START, House, has


def test_what_was_made_and_never_started_is_started(house: House, dockerd: FakeDockerd) -> None:
    has(dockerd, status="created")
    house.define(APP)
    assert house.look(times=2).state is ContainerState.READY
    assert dockerd.acts == [("app", "start")]
    assert house.moves == ["starting", "ready"]


def test_which_containers_could_be_meant_is_told_where_a_label_fits_two(
    house: House, dockerd: FakeDockerd
) -> None:
    dockerd.containers += [FakeContainer(name, labels={"app": "x"}, status="exited") for name in ("a", "b")]
    house.define(replace(APP, container=ContainerRef(label="app=x")))
    status = house.look()
    assert status.state is ContainerState.ABSENT
    assert status.evidence.startswith("2 containers could be label app=x: a, b; none of them running; name")


def test_what_is_not_to_be_kept_up_is_left_alone(house: House, dockerd: FakeDockerd) -> None:
    has(dockerd, status="exited")
    house.define(replace(APP, autostart=False))
    assert house.look(times=3).state is ContainerState.EXITED
    assert dockerd.acts == []


def test_what_nobody_declared_is_never_touched(house: House, dockerd: FakeDockerd) -> None:
    has(dockerd, status="exited")
    house.define(replace(APP, origin=()))
    house.supervisor.ask(Verb.START, "app")
    assert house.look(times=3).state is ContainerState.EXITED
    assert dockerd.acts == []


def test_a_record_that_says_ready_makes_nothing_ready(house: House, dockerd: FakeDockerd) -> None:
    has(dockerd, status="running")
    house.records.put(Record("app", state=ContainerState.READY, ready_since=START - 500, since=START - 500))
    nobody_listens = Probe(TcpConnects("127.0.0.1:1"), interval=1, failures=1)
    house.define(replace(APP, ready=nobody_listens, start_timeout=1, on_unready=OnUnready.REPORT))
    status = house.look(times=2)
    assert status.state is ContainerState.UNREADY
    assert status.trouble is not None
    assert status.trouble.reason is Reason.CONTAINER_UNREADY


def test_who_asks_to_start_what_runs_and_does_not_serve_has_it_restarted(
    house: House, dockerd: FakeDockerd
) -> None:
    has(dockerd, status="running")
    nobody_listens = Probe(TcpConnects("127.0.0.1:1"), interval=1, failures=1)
    house.define(replace(APP, ready=nobody_listens, start_timeout=1, on_unready=OnUnready.REPORT))
    house.look(times=2)
    house.supervisor.ask(Verb.START, "app")
    house.look()
    assert dockerd.acts == [("app", "restart")]


def test_an_answer_that_it_runs_already_is_not_believed(house: House, dockerd: FakeDockerd) -> None:
    has(dockerd, status="exited")
    dockerd.scripts["start"] = [says(304)]
    house.define(APP)
    house.look()
    assert house.board.get("app").state is not ContainerState.READY  # type: ignore[union-attr]
    assert house.look(times=4).state is ContainerState.READY


def test_a_start_that_was_refused_is_told_where_docker_keeps_no_word_of_it(
    house: House, dockerd: FakeDockerd
) -> None:
    has(dockerd, status="created")
    words = 'invalid mount config for type "bind": bind source path does not exist: /srv/data'
    dockerd.scripts["start"] = [says(400, words)]
    house.define(APP)
    status = house.look(times=2)
    assert status.state is ContainerState.FAILED_TO_START
    assert words in status.evidence
    dockerd.containers.clear()
    has(dockerd, status="created", id="f" * 64)
    assert house.look().state is not ContainerState.FAILED_TO_START


def test_a_start_that_docker_tries_again_without_end_is_ended_within_the_budget(
    house: House, dockerd: FakeDockerd
) -> None:
    """Docker 28.0.0 alone restarted a container whose port was held, ten times a second (D3, moby#49501)."""
    held = "driver failed: Bind for 0.0.0.0:80 failed: port is already allocated"
    container = has(dockerd, status="restarting", restart_count=1, error=held, policy="always")
    house.define(APP)
    status = house.look()
    assert status.state is ContainerState.RESTARTING
    assert "port is already allocated" in status.evidence
    container.restart_count = 30
    status = house.look(times=2)
    assert status.gave_up
    assert dockerd.acts == [("app", "stop")]
    assert container.status == "exited"


def test_what_keeps_ending_is_given_up_and_reset_brings_it_back(house: House, dockerd: FakeDockerd) -> None:
    container = has(dockerd, status="exited", exit_code=3)
    house.define(APP)
    ends = [says(204, status="exited", exit_code=3)] * 10
    dockerd.scripts["start"] = list(ends)
    status = house.look(times=12)
    assert status.gave_up
    assert status.trouble is not None
    assert status.trouble.reason is Reason.RESTART_BUDGET_SPENT
    tries = len(dockerd.acts)
    assert house.look(times=5).gave_up
    assert len(dockerd.acts) == tries
    dockerd.scripts["start"] = []
    house.supervisor.ask(Verb.RESET, "app")
    assert house.look(times=4).state is ContainerState.READY
    assert container.status == "running"


def test_the_budget_outlives_the_agent(docker: Docker, database: Database, dockerd: FakeDockerd) -> None:
    has(dockerd, status="exited", exit_code=3)
    dockerd.scripts["start"] = [says(204, status="exited", exit_code=3)] * 20
    first = House(docker, database)
    first.define(APP)
    assert first.look(times=12).gave_up
    tries = len(dockerd.acts)
    second = House(docker, database)
    second.watch.now = first.watch.now
    second.define(APP)
    assert second.look(times=5).gave_up
    assert len(dockerd.acts) == tries


def test_what_somebody_stopped_through_docker_is_left_so(house: House, dockerd: FakeDockerd) -> None:
    container = has(dockerd)
    house.define(APP)
    house.look()
    container.status = "exited"
    house.supervisor.heard("stop", "app", {})
    container.inspect = {"State": {"FinishedAt": "2027-01-15T08:00:03Z"}}
    status = house.look(times=4)
    assert status.stopped_by_hand
    assert dockerd.acts == []
    house.supervisor.ask(Verb.START, "app")
    assert house.look(times=2).state is ContainerState.READY


def stopped_through_docker(house: House, dockerd: FakeDockerd) -> None:
    container = has(dockerd)
    house.define(APP)
    house.look()
    container.status = "exited"
    container.inspect = {"State": {"FinishedAt": "2027-01-15T08:00:03Z"}}
    house.supervisor.heard("stop", "app", {})


@pytest.mark.parametrize("took", [1, 10, 90])
def test_what_docker_stopped_before_it_ended_itself_is_started_again(
    house: House, dockerd: FakeDockerd, took: float
) -> None:
    stopped_through_docker(house, dockerd)
    # It answers no new connection any more.
    dockerd.mode = Mode.ERROR
    house.look()
    house.watch.now += took
    house.docker_since = house.watch.now
    dockerd.mode = Mode.OK
    assert house.look(times=4).state is ContainerState.READY


def test_what_docker_stopped_is_started_again_also_when_its_successor_answers(
    house: House, dockerd: FakeDockerd
) -> None:
    stopped_through_docker(house, dockerd)
    house.docker_since = START + 3.1
    assert house.look(times=4).state is ContainerState.READY


def test_what_somebody_stopped_stays_so_when_docker_is_restarted_soon_after(
    house: House, dockerd: FakeDockerd
) -> None:
    stopped_through_docker(house, dockerd)
    assert house.look().stopped_by_hand
    house.docker_since = START + 6.1
    assert house.look(times=4).stopped_by_hand
    assert dockerd.acts == []


@pytest.mark.parametrize("before", [0, 5])
def test_a_stop_of_our_own_is_not_taken_for_one_by_hand_however_late_it_is_heard(
    house: House, dockerd: FakeDockerd, before: float
) -> None:
    container = has(dockerd, status="restarting", restart_count=1)
    house.define(APP)
    house.look()
    container.restart_count = 9
    ended = datetime.fromtimestamp(house.watch.now - before, UTC).isoformat()
    stopped = {"State": {"FinishedAt": ended}}
    dockerd.scripts["stop"] = [says(204, status="exited", inspect=stopped)]
    house.look()
    assert container.status == "exited"
    house.supervisor.heard("stop", "app", {})
    status = house.look(times=2)
    assert (status.stopped_by_hand, status.gave_up) == (False, True)


def test_a_docker_that_is_away_changes_nothing_remembered(house: House, dockerd: FakeDockerd) -> None:
    has(dockerd, inspect={"State": {"Pid": 0}})
    house.define(APP)
    house.look()
    before = house.records.get("app")
    dockerd.mode = Mode.ERROR
    assert house.look().state is ContainerState.UNKNOWN
    assert house.records.get("app") == before


def test_a_one_shot_that_has_done_its_work_since_the_boot_is_ready_and_not_run_again(
    house: House, dockerd: FakeDockerd
) -> None:
    has(dockerd, status="exited", exit_code=0, inspect={"State": {"FinishedAt": "2027-01-15T08:00:00Z"}})
    house.define(replace(APP, ready=Probe(HasExited(0))))
    assert house.look(times=3).state is ContainerState.READY
    assert dockerd.acts == []
    house.supervisor.ask(Verb.START, "app")
    house.look()
    assert dockerd.acts == [("app", "start")]


def test_one_waits_for_another_and_is_looked_at_when_that_is_ready(
    house: House, dockerd: FakeDockerd
) -> None:
    has(dockerd, status="created")
    dockerd.containers.append(FakeContainer("db", status="exited"))
    db = replace(APP, name="db", container=ContainerRef(name="db"), autostart=False)
    house.define(replace(APP, after=("db",)), db)
    house.look("db")
    status = house.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.DEPENDENCY_NOT_READY
    assert status.waits_for == ("db (ready)",)
    dockerd.containers[1].status = "running"
    house.look("db")
    assert house.queue.due(["container:app"])
    assert house.look(times=2).state is ContainerState.READY


def test_containers_that_wait_for_each_other_are_told_so(house: House, dockerd: FakeDockerd) -> None:
    has(dockerd, status="created")
    dockerd.containers.append(FakeContainer("db", status="created"))
    db = replace(APP, name="db", container=ContainerRef(name="db"), after=("app",))
    house.define(replace(APP, after=("db",)), db)
    house.look("db")
    status = house.look()
    assert status.trouble is not None
    assert "app → db → app" in f"{status.trouble.what} {status.trouble.evidence}"
    assert dockerd.acts == []


def test_no_more_than_the_limit_are_on_their_way_at_once(
    docker: Docker, database: Database, dockerd: FakeDockerd
) -> None:
    house = House(docker, database, limit=1)
    never = Probe(TcpConnects("127.0.0.1:1"))
    names = ["one", "two", "three"]
    for name in names:
        dockerd.containers.append(FakeContainer(name, status="created"))
    house.define(*(replace(APP, name=name, container=ContainerRef(name=name), ready=never) for name in names))
    for name in names:
        house.look(name)
    assert [name for name, what in dockerd.acts if what == "start"] == ["one"]
    held = house.board.get("two")
    assert held is not None
    assert held.trouble is not None
    assert held.trouble.reason is Reason.HELD_BACK


@pytest.mark.parametrize("torn", ["{ torn", "[" * 100_000, '{"name": "app", "failures": 1e999}'])
def test_damage_to_what_was_remembered_costs_a_count_and_not_a_container(
    house: House, dockerd: FakeDockerd, caplog: pytest.LogCaptureFixture, torn: str
) -> None:
    has(dockerd, status="created")
    house.store.put("container", "app", torn)
    house.define(APP)
    assert house.look(times=2).state is ContainerState.READY
    assert "cannot be understood" in caplog.text
