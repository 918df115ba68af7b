"""Syncs that are proved by a container are told how it stands, and woken when that changes."""

from dataclasses import replace
from pathlib import Path

from portreeve.daemon.readiness import Readiness
from portreeve.definitions.model import Definitions, Sync
from portreeve.definitions.settings import Settings
from portreeve.definitions.steps import ContainerReady
from portreeve.reconcile.board import Board
from portreeve.reconcile.queue import Queue
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus

READY = ContainerStatus("db", state=ContainerState.READY, evidence="it answers", runs=1)


def sync(name: str, *containers: str) -> Sync:
    steps = tuple(ContainerReady(container) for container in containers)
    return Sync(name, "", {}, {}, (), (), (), steps, 300, (Path("/etc/portreeve/syncs.d/x.toml"),))


def readiness(*syncs: Sync) -> tuple[Readiness, Board[ContainerStatus], Queue]:
    board, queue = Board[ContainerStatus](), Queue()
    found = Readiness(board, queue)
    definitions = Definitions(Settings(), {each.name: each for each in syncs}, {}, (), {}, (), ())
    found.define(definitions)
    return found, board, queue


def test_nothing_is_said_before_it_was_looked_at() -> None:
    found, board, _ = readiness()
    board.post(replace(READY, runs=0))
    assert found.container_ready("db") == "container db was not looked at yet"


def test_what_is_ready_holds_and_what_is_not_tells_why() -> None:
    found, board, _ = readiness()
    board.post(READY)
    assert found.container_ready("db") is None
    board.post(replace(READY, state=ContainerState.UNREADY, evidence="nobody listens"))
    assert found.container_ready("db") == "container db is unready: nobody listens"


def test_those_that_are_proved_by_it_are_woken_and_no_others() -> None:
    found, _, queue = readiness(sync("proxy", "db"), sync("other", "cache"))
    found.moved(READY)
    assert queue.due(["proxy"])
    assert not queue.due(["other"])
