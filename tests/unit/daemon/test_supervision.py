"""Containers and services wired together: who is looked after, and by what is remembered when."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd
from portreeve.clock import SYSTEM_CLOCK
from portreeve.containers.connection import Docker
from portreeve.daemon.supervision import Supervision
from portreeve.definitions.locations import COMPOSE_PROJECT, COMPOSE_SERVICE
from portreeve.definitions.settings import DockerSettings, Settings
from portreeve.reconcile.board import Changes
from portreeve.reconcile.database import Database
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.seal import Seal
from portreeve.reconcile.status import DockerStatus
from portreeve.supervise.pressure import Pressure
from portreeve.supervise.pressure_watch import PressureWatch
from portreeve.supervise.state import ContainerState
from portreeve.supervise.store import SupervisedStore


@pytest.fixture
def dockerd(tmp_path: Path) -> FakeDockerd:
    return FakeDockerd(tmp_path / "docker.sock")


@pytest.fixture
def docker(dockerd: FakeDockerd) -> Iterator[Docker]:
    docker = Docker(DockerSettings(dockerd.socket, timeout=0.5))
    yield docker
    docker.close()


@pytest.fixture
def supervision(tmp_path: Path, docker: Docker) -> Iterator[Supervision]:
    database = Database(tmp_path / "state.db")
    found = Supervision(
        store=SupervisedStore(database, Seal(tmp_path / "secrets.key")),
        docker=docker,
        systemd=None,
        changes=Changes(),
        settings=Settings(),
        docker_status=lambda: DockerStatus("unused"),
        syncs=Queue(),
        docker_since=lambda: 0.0,
        on_interests=lambda: None,
        places=lambda: (),
        clock=SYSTEM_CLOCK,
    )
    yield found
    found.stop(5.0)
    database.close()


def test_what_two_ask_for_at_once_is_both_looked_after(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_only, second_done = supervision.containers.keep_only, threading.Event()

    def watch_two() -> None:
        supervision.watch_container("two")
        second_done.set()

    second = threading.Thread(target=watch_two)

    def slowly(names: Iterable[str]) -> None:
        if not second.ident:
            second.start()
            second_done.wait(0.5)
        keep_only(names)

    monkeypatch.setattr(supervision.containers, "keep_only", slowly)
    supervision.watch_container("one")
    second.join()
    assert sorted(supervision.containers.snapshot()) == ["one", "two"]


def test_a_compose_service_that_was_waited_for_before_docker_was_there_is_found(
    supervision: Supervision, dockerd: FakeDockerd, docker: Docker
) -> None:
    supervision.watch_container("shop-db")
    supervision.work("container:shop-db")
    labels = {COMPOSE_PROJECT: "shop", COMPOSE_SERVICE: "db"}
    dockerd.containers = [FakeContainer("shop-db-1", labels=labels)]
    (interested,) = supervision.interests().values()
    assert any(each.matches("shop-db-1", labels) for each in interested)
    with dockerd:
        docker.require_up(now=True)
        supervision.work("container:shop-db")
        docker.close()
    assert supervision.container_status("shop-db").state is ContainerState.READY


def test_a_look_at_the_host_that_fails_is_not_the_last(
    supervision: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_watch: PressureWatch, _now: float) -> Pressure:
        raise OSError("no such file: /proc/pressure/memory")

    monkeypatch.setattr(PressureWatch, "look", fails)
    supervision.watch_container("app")
    added: list[str] = []
    monkeypatch.setattr(supervision.queue, "add", lambda key, _delay: added.append(key))
    with pytest.raises(OSError, match="pressure"):
        supervision.work("host:pressure")
    assert added == ["host:pressure"]
