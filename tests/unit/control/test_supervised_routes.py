"""What the sockets answer about containers and services."""

import json
from typing import Any

import pytest

from fakes.board_agent import BoardAgent, container, service
from portreeve.control.routes import Document, Request, Routes, Stream
from portreeve.control.streams import Line, events
from portreeve.errors import Misuse, Reason, Refused
from portreeve.reconcile.status import Trouble
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState

SECRET = "password: hunter2"
DOWN = Trouble(Reason.DOCKER_DOWN, "Docker is down")


@pytest.fixture
def agent() -> BoardAgent:
    agent = BoardAgent()
    agent.containers.post(container("db", container_id="old", log_tail=(SECRET,)))
    agent.services.post(service("daemon"))
    agent.pressure = ("memory: 96 % in use; container starts are held back",)
    return agent


def get(agent: BoardAgent, path: str, *, trusted: bool = False) -> Any:
    answer = Routes(agent).answer(Request("GET", path, trusted=trusted))
    assert isinstance(answer, Document)
    return json.loads(json.dumps(answer.content))


def post(agent: BoardAgent, path: str, *, seconds: float = 10, **body: object) -> list[Line]:
    request = Request("POST", path, {"timeout": [str(seconds)]}, body, trusted=True)
    answer = Routes(agent).answer(request)
    assert isinstance(answer, Stream)
    return list(answer.lines)


def test_the_status_has_containers_services_and_pressure(agent: BoardAgent) -> None:
    status = get(agent, "/v1/status")
    assert [(one["name"], one["state"]) for one in status["containers"]] == [("db", "ready")]
    assert [(one["name"], one["state"]) for one in status["services"]] == [("daemon", "active")]
    assert status["pressure"] == ["memory: 96 % in use; container starts are held back"]


def test_the_containers_are_listed(agent: BoardAgent) -> None:
    assert [one["name"] for one in get(agent, "/v1/containers")["containers"]] == ["db"]


def test_a_service_can_be_asked_for(agent: BoardAgent) -> None:
    assert get(agent, "/v1/services/daemon")["unit"] == "daemon.service"


@pytest.mark.parametrize("path", ["/v1/status", "/v1/containers", "/v1/containers/db"])
def test_what_a_container_logs_is_not_public(agent: BoardAgent, path: str) -> None:
    assert SECRET not in json.dumps(get(agent, path))


def test_root_is_told_what_a_container_logs(agent: BoardAgent) -> None:
    assert get(agent, "/v1/containers/db", trusted=True)["log_tail"] == [SECRET]


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v1/containers/dbs", "there is no declared container `dbs`"),
        ("/v1/services/daemons", "there is no service `daemons`"),
    ],
)
def test_a_misspelt_name_gets_a_suggestion(agent: BoardAgent, path: str, what: str) -> None:
    with pytest.raises(Misuse, match=what) as caught:
        get(agent, path)
    assert caught.value.hint.startswith("did you mean")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("POST", f"/v1/containers/{verb}") for verb in ("start", "stop", "reset", "recreate")),
        ("POST", "/v1/services/reset"),
        ("GET", "/v1/containers/db/recreation"),
    ],
)
def test_nothing_is_done_for_others_than_root(agent: BoardAgent, method: str, path: str) -> None:
    with pytest.raises(Refused):
        Routes(agent).answer(Request(method, path, body={"names": ["db"]}))
    assert agent.requests == []


@pytest.mark.parametrize("path", ["/v1/containers/stop", "/v1/services/reset"])
def test_nothing_is_done_with_everything_by_leaving_the_names_out(agent: BoardAgent, path: str) -> None:
    with pytest.raises(Misuse, match="`names` must say which"):
        post(agent, path, names=[])


def test_what_a_recreation_would_do_is_told(agent: BoardAgent) -> None:
    agent.recreations["db"] = ("stop container db", "make it anew")
    answer = get(agent, "/v1/containers/db/recreation", trusted=True)
    assert answer == {"name": "db", "steps": ["stop container db", "make it anew"]}


def test_events_tell_of_containers_and_services(agent: BoardAgent) -> None:
    stream = events(agent)
    first = [next(stream), next(stream)]
    assert SECRET not in json.dumps(first)
    assert [list(line) for line in first if line] == [["container"], ["service"]]
    agent.containers.keep_only(())
    assert next(stream) == {"gone": "container:db"}
    agent.services.keep_only(())
    assert next(stream) == {"gone": "service:daemon"}


@pytest.mark.parametrize(
    ("verb", "after", "result"),
    [
        ("start", container("db"), "done"),
        ("start", container("db", ContainerState.STARTING), "not-yet"),
        ("start", container("db", ContainerState.UNREADY), "not-yet"),
        ("start", container("db", ContainerState.EXITED, waits_for=("cache",)), "not-yet"),
        ("start", container("db", ContainerState.FAILED_TO_START), "failed"),
        ("start", container("db", ContainerState.RESTARTING), "failed"),
        ("start", container("db", ContainerState.ABSENT), "failed"),
        ("start", container("db", ContainerState.UNREADY, gave_up=True), "failed"),
        ("start", container("db", ContainerState.UNKNOWN, trouble=DOWN), "unreachable"),
        ("stop", container("db", ContainerState.EXITED, wanted="down"), "done"),
        ("stop", container("db", ContainerState.ABSENT, wanted="down"), "done"),
        ("stop", container("db", ContainerState.STOPPING, wanted="down"), "not-yet"),
        ("stop", container("db", docker_status="exited", wanted="down"), "done"),
        ("stop", container("db", wanted="down"), "not-yet"),
        ("stop", container("db", ContainerState.UNKNOWN, trouble=DOWN), "unreachable"),
        ("reset", container("db"), "done"),
        ("reset", container("db", ContainerState.STARTING), "not-yet"),
        ("reset", container("db", ContainerState.EXITED, wanted="down"), "done"),
        ("reset", container("db", ContainerState.FAILED_TO_START), "failed"),
        ("recreate", container("db", container_id="new"), "done"),
        ("recreate", container("db", ContainerState.STARTING, container_id="new"), "not-yet"),
        # The one from before was put back.
        ("recreate", container("db", container_id="old"), "failed"),
    ],
)
def test_an_action_is_followed_until_it_has_come_to_something(
    agent: BoardAgent, verb: str, after: ContainerStatus, result: str
) -> None:
    agent.after_verb["db"] = after
    *_, last = post(agent, f"/v1/containers/{verb}", seconds=0, names=["db"])
    assert agent.requests == [(verb, "db")]
    assert last == {"result": result, "pending": ["db"] if result == "not-yet" else []}


def test_an_action_has_not_ended_before_the_container_was_looked_at(agent: BoardAgent) -> None:
    *_, last = post(agent, "/v1/containers/start", seconds=0, names=["db"])
    assert last == {"result": "not-yet", "pending": ["db"]}


def test_a_service_is_reset(agent: BoardAgent) -> None:
    agent.services.post(service("daemon", ServiceState.FAILED, gave_up=True))
    *_, last = post(agent, "/v1/services/reset", names=["daemon"])
    assert last == {"result": "done", "pending": []}


def test_metrics_tell_of_containers_and_services(agent: BoardAgent) -> None:
    agent.containers.post(container("web", ContainerState.RESTARTING, restarts=4, gave_up=True))
    answer = Routes(agent).answer(Request("GET", "/metrics"))
    assert isinstance(answer, Document)
    lines = answer.content.decode().splitlines()
    for line in (
        'portreeve_container_ready{container="db"} 1.0',
        'portreeve_container_ready{container="web"} 0.0',
        'portreeve_container_state{container="web",state="restarting"} 1.0',
        'portreeve_container_state{container="web",state="ready"} 0.0',
        'portreeve_container_restarts{container="web"} 4.0',
        'portreeve_container_gave_up{container="web"} 1.0',
        'portreeve_container_runs_total{container="db"} 1.0',
        'portreeve_service_up{service="daemon"} 1.0',
        'portreeve_service_gave_up{service="daemon"} 0.0',
        "portreeve_pressure 1.0",
    ):
        assert line in lines, line
