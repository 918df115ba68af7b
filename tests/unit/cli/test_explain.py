"""What ``portreeve explain`` tells of one sync."""

import json

import click
import pytest

from fakes.board_agent import STARTED, BoardAgent, sync
from portreeve.cli.explain import report
from portreeve.clock import SYSTEM_CLOCK
from portreeve.control.server import ControlServer
from portreeve.errors import Reason
from portreeve.paths import Paths
from portreeve.reconcile.status import Stage, State, SyncStatus, Trouble
from portreeve.upgrade.mark import Event
from portreeve.upgrade.status import PackageStatus

from .conftest import Portreeve


def shown(status: SyncStatus, *, seconds: float = 180) -> str:
    return click.unstyle("\n".join(report(status, STARTED + seconds)))


def test_a_sync_in_step(paths: Paths) -> None:
    status = sync(
        "cockpit",
        description="Cockpit listens on the port chosen in AppHub",
        stage=Stage.VERIFIED,
        values={"port": "9000", "host": "a.example"},
        defaulted=("host",),
        sources={"apphub": "websoft9-apphub:websoft9_apphub_config/config.ini"},
        targets=("/etc/systemd/system/cockpit.socket.d/listen.conf",),
        generation=3,
    )
    assert (
        shown(status)
        == """\
cockpit is in step
  Cockpit listens on the port chosen in AppHub

since      3m ago (2023-11-14 22:13:20)
stage      its files are written, applied and verified
in force   generation 3
values     port = 9000
           host = a.example (the default: its key is absent)
from       apphub: websoft9-apphub:websoft9_apphub_config/config.ini
files      /etc/systemd/system/cockpit.socket.d/listen.conf"""
    )


def test_a_sync_that_failed(paths: Paths) -> None:
    trouble = Trouble(
        Reason.PORT_HELD,
        "port 9000 is held by another process",
        "nginx (pid 77)\nlistens on 0.0.0.0:9000",
        "stop it, or choose another port",
        "check",
    )
    status = sync("cockpit", State.FAILED, trouble=trouble, attempts=7, next_try=STARTED + 185, generation=0)
    assert (
        shown(status)
        == """\
cockpit is failed

why        at check: port 9000 is held by another process (port-held)
evidence   nginx (pid 77)
           listens on 0.0.0.0:9000
since      3m ago (2023-11-14 22:13:20)
next try   in 5s, after 7 attempts
to do      stop it, or choose another port
stage      its content is not known yet
in force   what was there before portreeve (generation 0)"""
    )


@pytest.mark.parametrize(
    ("state", "first", "next_try"),
    [
        (State.PENDING, "cockpit is pending", True),
        (State.IN_STEP, "cockpit is in step", False),
        (State.WAITING, "cockpit is waiting", True),
        (State.OVERDUE, "cockpit is overdue", True),
        (State.FAILED, "cockpit is failed", True),
        (State.HELD, "cockpit is held", False),
        (State.BROKEN, "cockpit is broken", False),
        (State.UNDECLARED, "cockpit is undeclared", False),
    ],
)
def test_every_state_has_its_word_and_says_when_it_is_tried_next(
    paths: Paths, state: State, first: str, next_try: bool
) -> None:
    text = shown(sync("cockpit", state))
    assert text.splitlines()[0] == first
    assert ("next try   when something it depends on changes" in text) is next_try


def test_json_is_the_status(server: ControlServer, agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.board.post(sync("cockpit", State.WAITING))
    code, out, _ = portreeve("explain", "cockpit", "--output", "json")
    assert (code, json.loads(out)["state"]) == (0, "waiting")


def test_a_misspelt_name_gets_a_suggestion(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("cockpit"))
    assert portreeve("explain", "cokpit") == (
        2,
        "",
        "error: there is no sync `cokpit`\n  hint: did you mean `cockpit`?\n",
    )


def test_a_state_that_is_its_own_reason_is_said_once() -> None:
    held = sync("a", State.HELD, trouble=Trouble(Reason.HELD, "held at generation 1"))
    assert "why        held at generation 1" in report(held, STARTED)


def test_a_package_that_holds_or_proves_a_sync_is_named(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("cockpit"))
    agent.board.post(sync("proxy"))
    agent.packages.post(
        PackageStatus("cockpit-ws", Event.POST_UPGRADE, "300", SYSTEM_CLOCK.wall() - 5, None, ("cockpit",))
    )
    assert (
        "package    cockpit-ws 300: post-upgrade 5s ago, proves cockpit" in portreeve("explain", "cockpit")[1]
    )
    assert "package" not in portreeve("explain", "proxy")[1]
