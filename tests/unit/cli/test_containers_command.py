"""``portreeve containers``, ``services`` and ``explain`` of what they list."""

import json
import os
import threading

import pytest

from fakes.board_agent import BoardAgent, container, service, sync
from portreeve.control.server import ControlServer
from portreeve.errors import Reason
from portreeve.reconcile.status import State, Trouble
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ServiceState

from .conftest import Portreeve

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root is told what a container logs")
NO_APHUB = "error: there is no declared container `aphub`\n  hint: did you mean `apphub`?\n"
ESCAPE = "\x1b]0;owned\x07"


@pytest.fixture(autouse=True)
def _agent_is_there(server: ControlServer) -> None:
    """Every test here asks the agent."""


def test_the_list_says_which_container_and_when_it_is_ready(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.containers.post(container("db", container="shop-db", ready="tcp 172.17.0.2:5432"))
    agent.containers.post(container("shop-x", declared=False, container="", restarts_most=0))
    code, out, _ = portreeve("containers", "list")
    assert code == 0
    header, db, other = (line.split("  ") for line in out.splitlines())
    assert [cell.strip() for cell in header if cell] == [
        *("NAME", "STATE", "SINCE", "RESTARTS", "CONTAINER", "READY WHEN", "WHY / NEXT")
    ]
    assert "shop-db" in db
    assert "tcp 172.17.0.2:5432" in db
    assert [cell.strip() for cell in other].count("-") == 3


def test_without_containers_the_list_says_where_they_go(portreeve: Portreeve) -> None:
    assert portreeve("containers", "list") == (
        0,
        "no containers: none in /etc/portreeve/containers.d\n",
        "",
    )


def test_the_list_is_json_for_machines(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.containers.post(container("db"))
    assert json.loads(portreeve("containers", "list", "--output", "json")[1])[0]["state"] == "ready"


def test_a_start_is_followed_until_it_is_ready(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.containers.post(container("db", ContainerState.EXITED))
    agent.after_verb["db"] = container("db", ContainerState.STARTING)
    change = threading.Timer(0.2, agent.containers.post, [container("db", runs=3)])
    change.start()
    assert portreeve("containers", "start", "db") == (0, "db: starting\ndb: ready\n", "")
    assert agent.requests == [("start", "db")]
    change.join()


def test_a_start_that_fails_says_why(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.containers.post(container("web", ContainerState.EXITED))
    held = Trouble(Reason.CONTAINER_START_FAILED, "port 80 is held by another process")
    agent.after_verb["web"] = container("web", ContainerState.FAILED_TO_START, trouble=held)
    code, out, _ = portreeve("containers", "start", "web")
    assert (code, out) == (1, "web: failed to start: port 80 is held by another process\n")


def test_what_is_not_done_in_time_is_not_yet(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.containers.post(container("db"))
    agent.after_verb["db"] = container("db", ContainerState.STOPPING, wanted="down")
    assert portreeve("containers", "stop", "db", "--timeout", "50ms") == (3, "db: stopping\n", "")


def test_a_reset_is_followed(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.containers.post(container("db", ContainerState.RESTARTING, gave_up=True))
    agent.after_verb["db"] = container("db")
    assert portreeve("containers", "reset", "db") == (0, "db: ready\n", "")


def test_several_are_started_at_once_as_json(agent: BoardAgent, portreeve: Portreeve) -> None:
    for name in ("a", "b"):
        agent.containers.post(container(name, ContainerState.EXITED))
        agent.after_verb[name] = container(name)
    code, out, _ = portreeve("containers", "start", "a", "b", "--output", "json")
    assert code == 0
    assert json.loads(out.splitlines()[-1]) == {"result": "done", "pending": []}
    assert agent.requests == [("start", "a", "b")]


def test_a_misspelt_container_gets_a_suggestion(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.containers.post(container("apphub"))
    code, _, err = portreeve("containers", "stop", "aphub")
    assert code == 2
    assert err == NO_APHUB


def test_nothing_is_recreated_without_anybody_agreeing(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.containers.post(container("db"))
    agent.recreations["db"] = ("stop it", f"make it anew {ESCAPE}")
    code, out, err = portreeve("containers", "recreate", "db")
    assert code == 5
    assert out == "to recreate db:\n  stop it\n  make it anew \\x1b]0;owned\\x07\n"
    assert "--yes does it without asking" in err
    assert agent.requests == []


def test_a_dry_run_recreates_nothing(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.containers.post(container("db"))
    agent.recreations["db"] = ("stop it",)
    assert portreeve("containers", "recreate", "db", "--dry-run")[0] == 0
    code, out, _ = portreeve("containers", "recreate", "db", "--dry-run", "--output", "json")
    assert (code, json.loads(out)) == (0, {"name": "db", "steps": ["stop it"]})
    assert agent.requests == []


def test_it_is_recreated_once_somebody_agreed(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.containers.post(container("db", ContainerState.UNREADY))
    agent.recreations["db"] = ("stop it",)
    agent.after_verb["db"] = container("db")
    assert portreeve("containers", "recreate", "db", "--yes") == (
        0,
        "to recreate db:\n  stop it\ndb: ready\n",
        "",
    )
    assert agent.requests == [("recreate", "db")]


def test_one_that_was_put_back_is_a_failure(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.containers.post(container("db", container_id="0123456789ab"))
    agent.recreations["db"] = ("stop it",)
    agent.after_verb["db"] = container("db", container_id="0123456789ab")
    code, _, err = portreeve("containers", "recreate", "db", "--yes")
    assert code == 1
    assert err.splitlines()[0] == "error: the new db did not become ready"


def test_services_are_listed_and_reset(agent: BoardAgent, portreeve: Portreeve) -> None:
    none = "no services: none in /etc/portreeve/services.d\n"
    assert portreeve("services", "list") == (0, none, "")
    agent.services.post(service("daemon", ServiceState.FAILED, gave_up=True))
    assert "failed, given up" in portreeve("services", "list")[1]
    assert json.loads(portreeve("services", "list", "--output", "json")[1])[0]["gave_up"] is True
    assert portreeve("services", "reset", "daemon") == (0, "daemon: failed\n", "")
    assert agent.requests == [("reset services", "daemon")]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("db", "container db is ready"),
        ("container:db", "container db is ready"),
        ("shop-db", "container db is ready"),
        ("container:shop-db", "container db is ready"),
        ("daemon", "service daemon is active"),
        ("daemon.service", "service daemon is active"),
        ("service:daemon", "service daemon is active"),
        ("cockpit", "cockpit is in step"),
        ("sync:cockpit", "cockpit is in step"),
    ],
)
def test_what_is_explained_is_found_by_any_of_its_names(
    agent: BoardAgent, portreeve: Portreeve, words: str, first: str
) -> None:
    agent.board.post(sync("cockpit"))
    agent.containers.post(container("db", container="shop-db"))
    agent.services.post(service("daemon"))
    code, out, err = portreeve("explain", words)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == first


def test_a_sync_comes_before_what_has_the_same_name(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.board.post(sync("web", State.WAITING))
    agent.containers.post(container("web"))
    code, out, err = portreeve("explain", "web")
    assert (code, out.splitlines()[0]) == (0, "web is waiting")
    assert err == "there is a container too: portreeve explain container:web\n"


def test_a_container_and_a_service_of_one_name_have_to_be_told_apart(
    agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.containers.post(container("web"))
    agent.services.post(service("web"))
    assert portreeve("explain", "web") == (
        2,
        "",
        "error: `web` is a container and a service\n  hint: portreeve explain container:web or service:web\n",
    )


@pytest.mark.parametrize(
    ("words", "err"),
    [
        ("aphub", "error: there is no declared container `aphub`\n  hint: did you mean `apphub`?\n"),
        (
            "container:aphub",
            "error: there is no declared container `aphub`\n  hint: did you mean `apphub`?\n",
        ),
        ("service:dmon", "error: there is no service `dmon`\n  hint: did you mean `daemon`?\n"),
        (
            "nothing",
            (
                "error: there is no sync, container or service `nothing`\n"
                "  hint: `portreeve status` lists them\n"
            ),
        ),
    ],
)
def test_a_misspelt_name_gets_the_suggestion_of_its_kind(
    agent: BoardAgent, portreeve: Portreeve, words: str, err: str
) -> None:
    agent.containers.post(container("apphub"))
    agent.services.post(service("daemon"))
    assert portreeve("explain", words) == (2, "", err)


@needs_root
def test_root_sees_the_end_of_the_log_and_it_cannot_speak_to_the_terminal(
    agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.containers.post(container("db", ContainerState.EXITED, log_tail=(f"bye {ESCAPE}",)))
    assert "log        bye \\x1b]0;owned\\x07" in portreeve("explain", "db")[1].splitlines()


def test_what_a_container_says_of_itself_cannot_speak_to_the_terminal(
    agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.containers.post(container("db", ContainerState.UNREADY, evidence=ESCAPE, probe=ESCAPE))
    for words in (("status",), ("containers", "list"), ("explain", "db")):
        out = portreeve(*words)[1]
        assert "\\x1b]0;owned\\x07" in out
        assert "\x1b" not in out
