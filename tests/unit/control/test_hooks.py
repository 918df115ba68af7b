"""``POST /v1/hooks``: what the stream tells a package's script, when it ends, and who may ask."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fakes.board_agent import STARTED, BoardAgent, sync
from portreeve.control import codec
from portreeve.control.codec import to_json
from portreeve.control.routes import Request, Routes, Stream
from portreeve.control.streams import Line
from portreeve.errors import Misuse, Reason, Refused
from portreeve.reconcile.status import State, Trouble
from portreeve.upgrade.mark import Event, Mark
from portreeve.upgrade.pending import Hooked
from portreeve.upgrade.status import PackageStatus

PRE = Mark("cockpit-ws", Event.PRE_UPGRADE, "300", since=STARTED, until=STARTED + 900)
POST = replace(PRE, event=Event.POST_UPGRADE)
CHANGING = Trouble(Reason.PACKAGE_CHANGING, "cockpit-ws is being upgraded to 300")
FAILING = Trouble(Reason.NOT_IN_EFFECT, "it does not listen")


def agent_with(
    mark: Mark, *names: str, trouble: Trouble | None = None, state: State = State.IN_STEP
) -> BoardAgent:
    """Syncs that were looked at once, and a package that touches them."""
    agent = BoardAgent(*(sync(name, state, trouble=trouble) for name in names))
    agent.hooked["cockpit-ws"] = Hooked(mark, dict.fromkeys(names, 1), ("guard",))
    agent.packages.post(PackageStatus("cockpit-ws", mark.event, "300", STARTED, None, names))
    return agent


def stream(agent: BoardAgent, timeout: float = 10) -> Iterator[Line]:
    request = Request(
        "POST", "/v1/hooks", {"timeout": [str(timeout)]}, {"package": "cockpit-ws"}, trusted=True
    )
    answer = Routes(agent).answer(request)
    assert isinstance(answer, Stream)
    return (line for line in answer.lines if line is not None and "sync" not in line)


def unproved(agent: BoardAgent, *names: str) -> None:
    """The agent has seen that these do not prove to work."""
    agent.packages.post(replace(agent.packages.snapshot()["cockpit-ws"], unproved=names))


def is_done(agent: BoardAgent, line: str) -> None:
    """The agent is done with the package."""
    agent.lines_of_packages["cockpit-ws"] = line
    agent.packages.keep_only(())


def test_it_begins_with_what_the_package_touches() -> None:
    hook = {"package": "cockpit-ws", "event": "pre-upgrade", "syncs": ["cockpit"], "services": ["guard"]}
    assert next(stream(agent_with(PRE, "cockpit"))) == {"hook": hook}


def test_before_the_change_it_ends_when_nothing_is_worked_on() -> None:
    agent = agent_with(PRE, "cockpit", "proxy")
    lines = stream(agent)
    next(lines)
    agent.board.post(sync("cockpit", State.WAITING, runs=2, trouble=CHANGING))
    agent.board.post(sync("proxy", State.PENDING, runs=2))
    agent.board.post(sync("proxy", State.WAITING, runs=3, trouble=CHANGING))
    assert list(lines) == [{"result": "done", "pending": [], "kept": ""}]


def test_before_the_change_it_does_not_wait_beyond_its_deadline_for_what_is_being_applied() -> None:
    lines = stream(agent_with(PRE, "cockpit"), timeout=0.05)
    next(lines)
    assert list(lines) == [{"result": "not-yet", "pending": ["cockpit"], "kept": ""}]


def test_after_the_change_it_ends_with_what_was_kept() -> None:
    agent = agent_with(POST, "cockpit", state=State.WAITING, trouble=CHANGING)
    lines = stream(agent)
    next(lines)
    agent.board.post(sync("cockpit", runs=2))
    is_done(agent, "cockpit-ws 300: cockpit keeps port = 9000, verified")
    assert list(lines) == [
        {"result": "done", "pending": [], "kept": "cockpit-ws 300: cockpit keeps port = 9000, verified"}
    ]


def test_a_sync_whose_container_is_away_need_not_come_in_step() -> None:
    agent = agent_with(POST, "cockpit", state=State.WAITING, trouble=CHANGING)
    lines = stream(agent)
    next(lines)
    absent = Trouble(Reason.CONTAINER_ABSENT, "there is no container")
    agent.board.post(sync("cockpit", State.WAITING, runs=2, trouble=absent))
    is_done(agent, "cockpit-ws 300: cockpit keeps generation 2, verified (there is no container)")
    assert next(lines) == {
        "result": "done",
        "pending": [],
        "kept": "cockpit-ws 300: cockpit keeps generation 2, verified (there is no container)",
    }


def test_what_fails_as_it_did_before_is_not_waited_for() -> None:
    agent = agent_with(POST, "cockpit", state=State.FAILED, trouble=FAILING)
    agent.board.post(sync("proxy"))
    lines = stream(agent)
    next(lines)
    agent.board.post(sync("cockpit", State.FAILED, runs=2, trouble=FAILING))
    unproved(agent, "cockpit")
    assert list(lines) == [{"result": "not-yet", "pending": ["cockpit"], "kept": ""}]


def test_it_does_not_end_before_it_is_known_what_a_look_has_proved() -> None:
    agent = agent_with(POST, "cockpit", state=State.WAITING, trouble=FAILING)
    answer = Routes(agent).answer(
        Request("POST", "/v1/hooks", {"timeout": ["10"]}, {"package": "cockpit-ws"}, trusted=True)
    )
    assert isinstance(answer, Stream)
    next(answer.lines)
    agent.board.post(sync("cockpit", State.WAITING, runs=2, trouble=FAILING))
    told = next(answer.lines)
    assert told is not None
    assert told["sync"]["runs"] == 2
    is_done(agent, "cockpit-ws 300: cockpit keeps generation 2, verified")
    assert next(answer.lines) == {
        "result": "done",
        "pending": [],
        "kept": "cockpit-ws 300: cockpit keeps generation 2, verified",
    }


def test_what_fails_since_the_change_is_waited_for_until_the_deadline() -> None:
    agent = agent_with(POST, "cockpit", state=State.WAITING, trouble=CHANGING)
    lines = stream(agent, timeout=0.05)
    next(lines)
    agent.board.post(sync("cockpit", State.FAILED, runs=2, trouble=FAILING))
    unproved(agent, "cockpit")
    assert list(lines) == [{"result": "not-yet", "pending": ["cockpit"], "kept": ""}]


def test_what_is_held_for_another_package_is_not_waited_for() -> None:
    agent = agent_with(POST, "cockpit")
    lines = stream(agent)
    next(lines)
    agent.board.post(sync("cockpit", State.WAITING, runs=2, trouble=CHANGING))
    unproved(agent, "cockpit")
    assert list(lines) == [{"result": "not-yet", "pending": ["cockpit"], "kept": ""}]


def test_an_agent_that_stops_says_so() -> None:
    agent = agent_with(POST, "cockpit", state=State.WAITING, trouble=CHANGING)
    lines = stream(agent)
    next(lines)
    agent.board.changes.close()
    assert list(lines) == [{"result": "stopping", "pending": ["cockpit"], "kept": ""}]


def test_a_hook_is_for_root() -> None:
    agent = agent_with(PRE, "cockpit")
    with pytest.raises(Refused):
        Routes(agent).answer(Request("POST", "/v1/hooks", body={"package": "cockpit-ws"}))
    assert agent.requests == []


@pytest.mark.parametrize("body", [{}, {"package": 5}, {"package": "vim"}], ids=["none", "number", "no mark"])
def test_a_hook_names_a_package_that_has_a_mark(body: dict[str, object]) -> None:
    with pytest.raises(Misuse):
        Routes(BoardAgent()).answer(Request("POST", "/v1/hooks", body=body, trusted=True))


def test_the_status_has_what_is_pending_and_is_read_again_as_it_was() -> None:
    agent = agent_with(PRE, "cockpit")
    told = to_json(agent.overview())
    assert told["pending"] == [
        {
            "package": "cockpit-ws",
            "event": "pre-upgrade",
            "version": "300",
            "since": STARTED,
            "until": None,
            "syncs": ["cockpit"],
            "services": [],
            "unproved": [],
        }
    ]
    assert codec.overview(told) == agent.overview()


def test_metrics_count_what_is_pending() -> None:
    for agent, count in ((BoardAgent(), 0), (agent_with(PRE, "cockpit"), 1)):
        answer = Routes(agent).answer(Request("GET", "/metrics"))
        assert not isinstance(answer, Stream)
        assert f"portreeve_pending_packages {count}.0" in answer.content.decode()
