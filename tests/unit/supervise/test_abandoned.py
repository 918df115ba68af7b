"""A recreation whose definition was removed in the middle, or whose journal nobody can read."""

import logging

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd
from portreeve.containers.connection import Docker
from portreeve.containers.recreate_journal import Journal, Phase
from portreeve.errors import Reason
from portreeve.supervise.memory import Verb
from portreeve.supervise.rebuilding import ANEW
from portreeve.supervise.record import Record

from .house import APP, House, has

OLD = "a" * 64
STANDS = Journal("app", OLD, Phase.CREATING, {"Name": "no"}, True)


def park(dockerd: FakeDockerd) -> FakeContainer:
    """The old container, as a recreation has put it aside."""
    old = FakeContainer(STANDS.parked, id=OLD, status="exited")
    dockerd.containers.append(old)
    return old


def test_one_whose_definition_is_gone_is_taken_back_and_forgotten(house: House, dockerd: FakeDockerd) -> None:
    old = park(dockerd)
    house.records.put(Record("app", journal=STANDS.text()))
    house.define()
    assert house.queue.due(["container:app"])
    house.supervisor.work("app")
    assert old.status == "running"
    assert house.records.get("app").journal == ""
    house.define()
    house.supervisor.work("app")
    assert old.status == "running"


def test_while_docker_is_away_it_waits(house: House, dockerd: FakeDockerd, docker: Docker) -> None:
    old = park(dockerd)
    house.records.put(Record("app", journal=STANDS.text()))
    house.define()
    dockerd.stop()
    house.supervisor.work("app")
    assert house.records.get("app").journal
    dockerd.start()
    docker.require_up(now=True)
    house.watch.now += 30
    assert house.queue.due(["container:app"])
    house.supervisor.work("app")
    assert old.status == "running"


@pytest.mark.parametrize("journal", [ANEW, "{", "[]", '{"form": 1}', '{"form": 2}', "null", "3"])
def test_what_cannot_be_taken_back_is_forgotten(
    house: House, journal: str, caplog: pytest.LogCaptureFixture
) -> None:
    house.records.put(Record("app", journal=journal))
    house.define()
    house.supervisor.work("app")
    assert house.records.get("app").journal == ""
    said = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert bool(said) == (journal != ANEW)


def test_a_damaged_journal_of_one_that_is_declared_is_named_until_somebody_resets_it(
    house: House, dockerd: FakeDockerd
) -> None:
    has(dockerd)
    house.records.put(Record("app", journal='{"form": 1}'))
    house.define(APP)
    trouble = house.look().trouble
    assert trouble is not None
    assert (trouble.reason, "portreeve containers reset" in trouble.hint) == (Reason.RECREATION_FAILED, True)
    house.supervisor.ask(Verb.RESET, "app")
    assert house.look(times=2).trouble is None
    assert house.records.get("app").journal == ""
