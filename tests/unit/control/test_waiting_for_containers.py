"""The stream of ``wait`` for containers and services."""

from collections.abc import Iterator

import pytest

from fakes.board_agent import BoardAgent, container, service, sync
from portreeve.control.conditions import parse_condition
from portreeve.control.names import parse_target
from portreeve.control.streams import Line
from portreeve.control.waiting import waiting
from portreeve.errors import Misuse, Refused
from portreeve.reconcile.status import State
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState

DONE = {"result": "done", "pending": []}


def wait(
    agent: BoardAgent,
    *targets: str,
    condition: str | None = None,
    trusted: bool = True,
    timeout: float = 10,
) -> Iterator[Line]:
    return waiting(
        agent,
        tuple(map(parse_target, targets)),
        parse_condition(condition) if condition else None,
        trusted=trusted,
        timeout=timeout,
    )


def told(line: Line) -> object:
    """A line in short: what is in which state, or the line itself."""
    for kind in ("sync", "container", "service"):
        if line and kind in line:
            return kind, line[kind]["name"], line[kind]["state"]
    return line


@pytest.fixture
def agent() -> BoardAgent:
    agent = BoardAgent(sync("web", State.WAITING))
    agent.containers.post(container("db", ContainerState.STARTING, health="starting"))
    agent.services.post(service("daemon", ServiceState.UNREADY))
    return agent


def test_a_change_on_any_board_wakes_who_waits(agent: BoardAgent) -> None:
    stream = wait(agent, "container:db", "service:daemon", "sync:web")
    assert [told(next(stream)) for _ in range(3)] == [
        ("sync", "web", "waiting"),
        ("container", "db", "starting"),
        ("service", "daemon", "unready"),
    ]
    agent.services.post(service("daemon"))
    assert told(next(stream)) == ("service", "daemon", "active")
    agent.board.post(sync("web"))
    assert told(next(stream)) == ("sync", "web", "in-step")
    agent.containers.post(container("db"))
    assert [told(line) for line in stream] == [("container", "db", "ready"), DONE]


def test_unhealthy_is_no_end(agent: BoardAgent) -> None:
    stream = wait(agent, "container:db", condition="healthy")
    next(stream)
    agent.containers.post(container("db", ContainerState.UNREADY, health="unhealthy"))
    assert told(next(stream)) == ("container", "db", "unready")
    agent.containers.post(container("db", health="healthy"))
    assert [told(line) for line in stream] == [("container", "db", "ready"), DONE]


def test_unready_until_the_deadline_is_not_yet(agent: BoardAgent) -> None:
    agent.containers.post(container("db", ContainerState.UNREADY))
    *_, last = wait(agent, "container:db", timeout=0)
    assert last == {"result": "not-yet", "pending": ["container:db"]}


def test_what_was_given_up_ends_it_at_once(agent: BoardAgent) -> None:
    stream = wait(agent, "container:db", "sync:web")
    next(stream), next(stream)
    agent.containers.post(container("db", ContainerState.EXITED, gave_up=True))
    *_, last = stream
    pending = ["container:db", "sync:web"]
    assert last == {"result": "failed", "pending": pending, "gave_up": ["container:db"]}


def test_a_service_that_was_given_up_ends_it_too(agent: BoardAgent) -> None:
    agent.services.post(service("daemon", ServiceState.FAILED, gave_up=True))
    *_, last = wait(agent, "service:daemon")
    assert last == {"result": "failed", "pending": ["service:daemon"], "gave_up": ["service:daemon"]}


def test_what_was_given_up_may_still_be_waited_to_be_gone(agent: BoardAgent) -> None:
    agent.containers.post(container("db", ContainerState.EXITED, docker_status="exited", gave_up=True))
    stream = wait(agent, "container:db", condition="gone")
    next(stream)
    agent.containers.post(container("db", ContainerState.ABSENT, gave_up=True))
    *_, last = stream
    assert last == DONE


def test_a_container_that_nobody_declared_is_watched(agent: BoardAgent) -> None:
    stream = wait(agent, "container:shop-web", condition="running")
    assert agent.requests == [("watch", "shop-web")]
    assert told(next(stream)) == ("container", "shop-web", "unknown")
    running = ContainerStatus(
        "shop-web", declared=False, state=ContainerState.RUNNING, docker_status="running"
    )
    agent.containers.post(running)
    assert [told(line) for line in stream] == [("container", "shop-web", "running"), DONE]


def test_a_container_is_followed_by_the_name_of_its_definition(agent: BoardAgent) -> None:
    agent.undeclared["websoft9-apphub"] = container("apphub")
    assert [told(line) for line in wait(agent, "container:websoft9-apphub")] == [
        ("container", "apphub", "ready"),
        DONE,
    ]


def test_a_declared_container_is_known_by_its_own_name_too(agent: BoardAgent) -> None:
    agent.containers.post(container("apphub", container="websoft9-apphub", gave_up=True))
    *_, last = wait(agent, "container:websoft9-apphub", trusted=False, condition="healthy")
    assert last == {
        "result": "failed",
        "pending": ["container:websoft9-apphub"],
        "gave_up": ["container:apphub"],
    }
    # Units may follow it by that name, so the agent is told of it.
    assert agent.requests == [("watch", "websoft9-apphub")]


def test_a_container_whose_definition_goes_is_watched_on(agent: BoardAgent) -> None:
    stream = wait(agent, "container:db")
    next(stream)
    agent.containers.keep_only(())
    next(stream)
    assert agent.requests == [("watch", "db")]
    agent.containers.post(ContainerStatus("db", declared=False, state=ContainerState.READY))
    *_, last = stream
    assert last == DONE


def test_nobody_but_root_makes_the_agent_watch(agent: BoardAgent) -> None:
    with pytest.raises(Refused, match="no declared container `shop-web`"):
        wait(agent, "container:shop-web", trusted=False)
    assert agent.requests == []
    agent.containers.post(container("db"))
    *_, last = wait(agent, "container:db", trusted=False)
    assert last == DONE


def test_a_service_that_does_not_exist_is_told_at_once(agent: BoardAgent) -> None:
    with pytest.raises(Misuse, match="there is no service `daemons`") as caught:
        wait(agent, "service:daemons")
    assert caught.value.hint == "did you mean `daemon`?"


def test_a_service_is_not_wrong_before_the_definitions_are_loaded() -> None:
    agent = BoardAgent()
    agent.ready = False
    stream = wait(agent, "service:daemon")
    assert next(stream) is None
    agent.services.post(service("daemon"))
    assert [told(line) for line in stream] == [("service", "daemon", "active"), DONE]


def test_what_a_container_logs_is_not_in_the_lines(agent: BoardAgent) -> None:
    agent.containers.post(container("db", log_tail=("password: hunter2",)))
    assert "hunter2" not in str(list(wait(agent, "container:db")))


def test_a_container_does_not_hold_up_who_waits_for_all_syncs(agent: BoardAgent) -> None:
    agent.board.post(sync("web"))
    assert [told(line) for line in wait(agent, "all")] == [("sync", "web", "in-step"), DONE]
