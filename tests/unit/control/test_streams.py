"""What streams tell of a board that changes, and when they end."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fakes.board_agent import BoardAgent, sync
from portreeve.control.conditions import Condition, Word
from portreeve.control.names import parse_target
from portreeve.control.streams import Line, events, progress
from portreeve.control.waiting import waiting
from portreeve.errors import Misuse
from portreeve.reconcile.status import DockerStatus, State


def told(line: Line) -> object:
    """A line in short: who is in which state, or the line itself."""
    if line and "sync" in line:
        return line["sync"]["name"], line["sync"]["state"]
    return line


def wait(
    agent: BoardAgent, *targets: str, condition: Condition | None = None, timeout: float = 10
) -> Iterator[Line]:
    return waiting(agent, tuple(map(parse_target, targets)), condition, trusted=True, timeout=timeout)


def test_events_begin_with_all_and_go_on_with_changes() -> None:
    agent = BoardAgent(sync("b"), sync("a", State.WAITING))
    stream = events(agent)
    assert [told(next(stream)), told(next(stream))] == [("a", "waiting"), ("b", "in-step")]
    agent.board.post(sync("a"))
    assert told(next(stream)) == ("a", "in-step")


def test_events_tell_of_a_sync_that_is_no_longer_declared() -> None:
    agent = BoardAgent(sync("a"), sync("b"))
    stream = events(agent)
    next(stream), next(stream)
    agent.board.keep_only(["a"])
    assert next(stream) == {"gone": "b"}


def test_events_end_when_the_agent_stops_after_the_last_change() -> None:
    agent = BoardAgent(sync("a"))
    stream = events(agent)
    next(stream)
    agent.board.post(sync("a", State.FAILED))
    agent.board.changes.close()
    assert [told(line) for line in stream] == [("a", "failed")]


def test_waiting_ends_when_all_targets_are_in_step() -> None:
    agent = BoardAgent(sync("a"), sync("b", State.WAITING), sync("c", State.FAILED))
    stream = wait(agent, "sync:a", "sync:b")
    assert [told(next(stream)), told(next(stream))] == [("a", "in-step"), ("b", "waiting")]
    agent.board.post(sync("c", State.WAITING))
    agent.board.post(sync("b"))
    assert [told(line) for line in stream] == [("b", "in-step"), {"result": "done", "pending": []}]


def test_waiting_ends_with_what_is_missing_when_the_deadline_passes() -> None:
    agent = BoardAgent(sync("a"), sync("b", State.WAITING))
    *_, last = wait(agent, "sync:a", "sync:b", timeout=0)
    assert last == {"result": "not-yet", "pending": ["sync:b"]}


def test_waiting_says_that_the_agent_stops() -> None:
    agent = BoardAgent(sync("a", State.WAITING))
    agent.board.changes.close()
    *_, last = wait(agent, "all")
    assert last == {"result": "stopping", "pending": ["all"]}


def test_waiting_for_all_waits_until_the_definitions_are_loaded() -> None:
    agent = BoardAgent()
    agent.ready = False
    *_, last = wait(agent, "all", timeout=0)
    assert last == {"result": "not-yet", "pending": ["all"]}


def test_a_name_is_not_wrong_before_the_definitions_are_loaded() -> None:
    agent = BoardAgent()
    agent.ready = False
    stream = wait(agent, "sync:a")
    assert next(stream) is None
    agent.ready = True
    agent.board.post(sync("a"))
    assert [told(line) for line in stream] == [("a", "in-step"), {"result": "done", "pending": []}]


def test_a_wrong_name_is_told_before_anything_is_streamed() -> None:
    with pytest.raises(Misuse, match="there is no sync `b`"):
        wait(BoardAgent(sync("a")), "sync:b")


@pytest.mark.parametrize("state", [State.WAITING, State.OVERDUE, State.FAILED, State.BROKEN, State.HELD])
def test_a_sync_is_ready_once_it_was_tried(state: State) -> None:
    agent = BoardAgent(sync("a", state))
    *_, last = wait(agent, "all", condition=Condition(Word.READY), timeout=0)
    assert last == {"result": "done", "pending": []}


def test_a_sync_that_was_not_tried_is_not_ready() -> None:
    agent = BoardAgent(sync("a", State.PENDING))
    *_, last = wait(agent, "sync:a", condition=Condition(Word.READY), timeout=0)
    assert last == {"result": "not-yet", "pending": ["sync:a"]}


def test_a_sync_that_is_held_is_where_it_is_wanted() -> None:
    *_, last = wait(BoardAgent(sync("a", State.HELD)), "sync:a", timeout=0)
    assert last == {"result": "done", "pending": []}


def test_docker_is_looked_at_when_a_sync_changes() -> None:
    agent = BoardAgent(sync("a", State.WAITING))
    agent.docker = DockerStatus("down")
    stream = wait(agent, "docker")
    first = next(stream)
    assert first is not None
    assert first["docker"]["state"] == "down"
    agent.docker = DockerStatus("up", version="26.1.5")
    agent.board.post(sync("a"))
    *_, last = stream
    assert last == {"result": "done", "pending": []}


def test_progress_ends_once_each_sync_was_worked_on_after_the_request() -> None:
    agent = BoardAgent(sync("a", State.FAILED), sync("b"))
    stream = progress(agent, {"a": 1, "b": 1}, timeout=10)
    next(stream), next(stream)
    agent.board.post(sync("a", runs=2))
    assert told(next(stream)) == ("a", "in-step")
    agent.board.post(sync("b", runs=2))
    assert [told(line) for line in stream] == [("b", "in-step"), {"result": "done", "pending": []}]


def test_progress_does_not_take_pending_for_an_end() -> None:
    agent = BoardAgent(sync("a", State.PENDING, runs=2))
    *_, last = progress(agent, {"a": 1}, timeout=0)
    assert last == {"result": "not-yet", "pending": ["a"]}


def test_all_does_not_wait_for_what_is_no_longer_declared() -> None:
    agent = BoardAgent(sync("a"), sync("old", State.UNDECLARED))
    *_, last = wait(agent, "all", timeout=0)
    assert last == {"result": "done", "pending": []}


@pytest.mark.parametrize(
    ("state", "result"),
    [
        (State.IN_STEP, "done"),
        (State.HELD, "done"),
        (State.WAITING, "not-yet"),
        (State.OVERDUE, "not-yet"),
        (State.FAILED, "failed"),
        (State.BROKEN, "failed"),
        (State.UNDECLARED, "done"),
    ],
)
def test_progress_ends_in_the_worst_word(state: State, result: str) -> None:
    good = sync("a", runs=2)
    agent = BoardAgent(good, replace(good, name="b", state=state))
    *_, last = progress(agent, {"a": 1, "b": 1}, timeout=10)
    assert last == {"result": result, "pending": []}
