import logging

import pytest

from portreeve.clock import Clock
from portreeve.reconcile.board import Board, Changes
from portreeve.reconcile.status import DockerStatus
from portreeve.supervise.overdue import Overdue
from portreeve.supervise.state import ContainerState as S
from portreeve.supervise.status import ContainerStatus


class Host:
    """Docker came up at 100, and 60 s is the deadline."""

    def __init__(self) -> None:
        self.now = 100.0
        self.docker = DockerStatus("up", since=100.0)
        self.woken: list[str] = []
        self.board = Board[ContainerStatus](Changes())
        clock = Clock(wall=lambda: self.now)
        self.overdue = Overdue(60.0, self.board, lambda: self.docker, self.woken.append, clock)

    def post(self, name: str, state: S, **more: object) -> None:
        status = ContainerStatus(name, autostart=True, state=state)
        self.board.post(ContainerStatus(**{**_fields(status), **more}))  # type: ignore[arg-type]

    def look(self, now: float) -> float:
        self.now = now
        return self.overdue.look()


def _fields(status: ContainerStatus) -> dict[str, object]:
    return {name: getattr(status, name) for name in ContainerStatus.__slots__}


def test_who_is_not_ready_in_time_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    host = Host()
    host.post("db", S.READY)
    host.post("web", S.EXITED)
    host.post("api", S.UNREADY, gave_up=True)
    host.post("by-hand", S.EXITED, stopped_by_hand=True)
    host.post("down", S.EXITED, wanted="down")
    host.post("watched", S.EXITED, autostart=False)
    with caplog.at_level(logging.WARNING):
        assert host.look(130.0) == 30.0
        assert not caplog.messages
        assert host.look(160.0) == float("inf")
        host.look(170.0)
    (told,) = caplog.messages
    assert told == (
        "1m after Docker came up, 2 of 3 containers are not ready: web (exited), api (given up); "
        "`portreeve containers list` tells why"
    )
    assert sorted(host.woken) == ["api", "web"]
    assert host.overdue.is_overdue("web")
    assert not host.overdue.is_overdue("db")


def test_who_is_ready_at_last_is_overdue_no_more_and_who_is_lost_later_is_not() -> None:
    host = Host()
    host.post("db", S.READY)
    host.post("web", S.EXITED)
    host.look(160.0)
    host.post("web", S.READY)
    host.look(175.0)
    host.post("web", S.EXITED)
    host.post("db", S.EXITED)
    host.look(190.0)
    assert not host.overdue.is_overdue("web")
    assert not host.overdue.is_overdue("db")
    assert host.woken == ["web", "web"]


def test_nobody_is_overdue_while_docker_is_away_and_time_begins_anew_when_it_is_back() -> None:
    host = Host()
    host.post("web", S.EXITED)
    host.look(160.0)
    host.docker = DockerStatus("down", since=161.0)
    assert host.look(170.0) == float("inf")
    assert not host.overdue.is_overdue("web")
    host.docker = DockerStatus("up", since=180.0)
    assert host.look(200.0) == 40.0
    host.look(240.0)
    assert host.overdue.is_overdue("web")
