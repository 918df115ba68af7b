"""What ``portreeve status`` shows, and what its exit code says."""

import json

import click
import pytest

from fakes.board_agent import STARTED, BoardAgent, sync
from portreeve.cli.status import report
from portreeve.control.server import ControlServer
from portreeve.errors import Reason
from portreeve.reconcile.status import DockerStatus, State, Trouble
from portreeve.upgrade.mark import Event
from portreeve.upgrade.status import PackageStatus

from .conftest import Portreeve

ABSENT = Trouble(Reason.CONTAINER_ABSENT, "there is no container websoft9-apphub", "404", step="read")


def shown(agent: BoardAgent, *, seconds: float = 180) -> str:
    return click.unstyle("\n".join(report(agent.overview(), STARTED + seconds)))


def test_every_state_at_a_glance() -> None:
    broken = Trouble(Reason.DEFINITION_INVALID, "its definition has 1 problem")
    refused = Trouble(Reason.CHECK_FAILED, "nginx -t refused it")
    held = Trouble(Reason.HELD, "held at generation 1")
    agent = BoardAgent(
        sync("cockpit", values={"port": "9000"}),
        sync("broken", State.BROKEN, trouble=broken),
        sync("failed", State.FAILED, trouble=refused, next_try=STARTED + 190),
        sync("held", State.HELD, trouble=held, values={"a": "1", "b": "2"}),
        sync("new", State.PENDING),
        sync("old", State.UNDECLARED, trouble=Trouble(Reason.UNDECLARED, "its definition is gone")),
        sync("overdue", State.OVERDUE, trouble=ABSENT, since=STARTED - 7200),
        sync("waiting", State.WAITING, trouble=ABSENT, since=STARTED + 170, next_try=STARTED + 184),
    )
    summary, _, *table = shown(agent).splitlines()
    assert summary == (
        "portreeve 0.1.0 · docker up 20.10.24 · 8 syncs: 1 in step, 1 held, 1 pending, 1 waiting, 1 overdue, "
        "1 failed, 1 broken, 1 undeclared"
    )
    assert table == [
        "SYNC     STATE       SINCE    VALUES     WHY / NEXT",
        "broken   broken      3m ago   -          its definition has 1 problem",
        "cockpit  in step     3m ago   port=9000",
        "failed   failed      3m ago   -          nginx -t refused it · next try in 10s",
        "held     held        3m ago   a=1 b=2    held at generation 1",
        "new      pending     3m ago   -",
        "old      undeclared  3m ago   -          its definition is gone",
        "overdue  overdue     2h ago   -          there is no container websoft9-apphub",
        "waiting  waiting     10s ago  -          there is no container websoft9-apphub · next try in 4s",
    ]


def test_without_syncs_it_says_where_they_go() -> None:
    agent = BoardAgent()
    agent.docker = DockerStatus("unused")
    agent.ready = False
    assert shown(agent) == (
        "portreeve 0.1.0 · starting · docker not needed · no syncs: none in /etc/portreeve/syncs.d"
    )


def test_problems_of_definitions_are_below() -> None:
    agent = BoardAgent(sync("a"))
    key: dict[str, str | int] = {"line": 3, "message": "unknown key", "hint": "did you mean `path`?"}
    whole: dict[str, str | int] = {"line": 0, "message": "cannot be read", "hint": ""}
    folder = "/etc/portreeve/syncs.d"
    agent.problems = ({"file": f"{folder}/b.toml", **key}, {"file": f"{folder}/c.toml", **whole})
    assert (
        shown(agent).split("\n\n")[-1]
        == """\
2 problems in definitions (`portreeve check` shows the lines, and what to do):
  /etc/portreeve/syncs.d/b.toml:3: unknown key
  /etc/portreeve/syncs.d/c.toml: cannot be read"""
    )


def test_many_problems_do_not_push_the_table_away() -> None:
    agent = BoardAgent(sync("a"))
    problem: dict[str, str | int] = {"file": "/x.toml", "line": 1, "message": "no", "hint": ""}
    agent.problems = (problem,) * 23
    last = shown(agent).splitlines()[-11:]
    assert last[-2:] == ["  /x.toml:1: no", "  and 13 more"]


def test_waiting_for_docker_itself_has_its_own_exit_code(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a", State.WAITING, trouble=Trouble(Reason.DOCKER_HUNG, "no answer")))
    agent.board.post(sync("b", State.WAITING, trouble=ABSENT))
    assert portreeve("status")[0] == 4
    agent.board.post(sync("c", State.FAILED))
    assert portreeve("status")[0] == 1


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([], 0),
        ([State.IN_STEP, State.HELD], 0),
        ([State.IN_STEP, State.WAITING], 3),
        ([State.OVERDUE], 3),
        ([State.PENDING], 3),
        ([State.WAITING, State.FAILED], 1),
        ([State.BROKEN], 1),
        ([State.UNDECLARED], 0),
    ],
)
def test_the_exit_code_tells_the_worst(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve, states: list[State], code: int
) -> None:
    for number, state in enumerate(states):
        agent.board.post(sync(f"s{number}", state))
    assert portreeve("status")[0] == code
    assert portreeve("status", "--output", "json")[0] == code


def test_a_problem_in_a_definition_is_a_failure(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.problems = ({"file": "/x.toml", "line": 1, "message": "no", "hint": ""},)
    assert portreeve("status")[0] == 1


def test_json_is_what_the_agent_told(server: ControlServer, agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.board.post(sync("a", State.WAITING, trouble=ABSENT))
    data = json.loads(portreeve("status", "--output", "json")[1])
    assert data["syncs"][0]["trouble"]["reason"] == "container-absent"
    assert data["started"] == STARTED


def test_there_are_no_colours_where_there_is_no_terminal(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a"))
    assert "\x1b" not in portreeve("status")[1]


def test_a_container_cannot_speak_to_the_terminal(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a", values={"port": "\x1b]0;owned\x07"}))
    assert "port=\\x1b]0;owned\\x07" in portreeve("status")[1]


def test_without_the_agent_it_says_so_and_what_to_do(portreeve: Portreeve) -> None:
    code, out, err = portreeve("status")
    assert (code, out) == (4, "")
    first, evidence, hint = err.splitlines()
    assert first == "error: the agent cannot be reached"
    assert evidence.endswith("/run/portreeve/public.sock does not exist")
    assert hint == "  hint: systemctl status portreeve"


def test_packages_that_are_changed_are_below() -> None:
    agent = BoardAgent(sync("a"))
    syncs = tuple(f"s{number}" for number in range(10))
    agent.packages.post(
        PackageStatus(
            "cockpit-ws", Event.PRE_UPGRADE, "300", STARTED + 120, STARTED + 1020, ("cockpit",), ("guard",)
        )
    )
    agent.packages.post(PackageStatus("", Event.TRIGGERED, "", STARTED + 175, None, syncs))
    assert (
        shown(agent).split("\n\n")[-1]
        == """\
packages that are being changed, or whose change is not proved yet:
  cockpit-ws 300: pre-upgrade 1m ago, holds cockpit, guard for 14m at most
  files of packages: triggered 5s ago, proves s0, s1, s2, s3, s4, s5, s6, s7 and 2 more"""
    )
