"""``portreeve wait``: until it is so, through an agent that is not there yet or is restarted."""

import os
import threading

import pytest

from fakes.board_agent import BoardAgent, container, service, sync
from portreeve.control.server import ControlServer
from portreeve.errors import Reason
from portreeve.paths import Paths
from portreeve.reconcile.status import DockerStatus, State, Trouble
from portreeve.supervise.state import ContainerState

from .conftest import Portreeve


def test_it_ends_when_the_sync_is_in_step(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a", State.WAITING, trouble=Trouble(Reason.CONTAINER_ABSENT, "no container b")))
    change = threading.Timer(0.2, agent.board.post, [sync("a")])
    change.start()
    assert portreeve("wait", "sync:a") == (0, "a: waiting: no container b\na: in step\n", "")
    change.join()


def test_it_says_what_is_missing_when_the_time_is_over(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a"))
    agent.board.post(sync("b", State.WAITING))
    code, _, err = portreeve("wait", "sync:a", "sync:b", "--timeout", "50ms")
    assert code == 3
    assert err == "error: after 50ms, sync:b is not in step\n  hint: portreeve explain b\n"


def test_docker_can_be_waited_for(server: ControlServer, agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.docker = DockerStatus("hung", evidence="no answer for 5 s")
    code, out, err = portreeve("wait", "docker", "--for", "ready", "--timeout", "50ms")
    assert (code, out) == (3, "docker: hung: no answer for 5 s\n")
    assert err == "error: after 50ms, docker is not up\n  hint: systemctl status docker\n"
    agent.docker = DockerStatus("up", version="26.1.5")
    assert portreeve("wait", "docker") == (0, "docker: up 26.1.5\n", "")


def test_all_that_is_missing_is_named(server: ControlServer, agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.docker = DockerStatus("down")
    agent.board.post(sync("a", State.WAITING))
    err = portreeve("wait", "all", "sync:a", "docker", "--timeout", "50ms")[2]
    assert err.splitlines() == [
        "error: after 50ms, not every sync is in step, sync:a is not in step, docker is not up",
        "  hint: portreeve explain a",
    ]


def test_all_of_nothing_is_said_to_be_nothing(server: ControlServer, portreeve: Portreeve) -> None:
    assert portreeve("wait", "all") == (0, "no syncs: none in /etc/portreeve/syncs.d\n", "")


def test_what_is_no_longer_declared_is_not_spoken_of(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a"))
    agent.board.post(sync("old", State.UNDECLARED))
    assert portreeve("wait", "all") == (0, "a: in step\n", "")


def test_an_agent_that_never_comes_is_unreachable(portreeve: Portreeve) -> None:
    code, _, err = portreeve("wait", "all", "--timeout", "50ms")
    assert (code, err.splitlines()[0]) == (4, "error: the agent cannot be reached")


def test_an_agent_that_comes_late_is_waited_for(
    agent: BoardAgent, paths: Paths, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a"))
    server = ControlServer(agent, paths)
    start = threading.Timer(0.2, server.start)
    start.start()
    assert portreeve("wait", "all", "--timeout", "10s") == (0, "a: in step\n", "")
    start.join()
    server.stop()


def test_it_goes_on_with_the_agent_that_comes_after_this_one(
    server: ControlServer, agent: BoardAgent, paths: Paths, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a", State.WAITING))
    after = ControlServer(BoardAgent(sync("a")), paths)

    def restart() -> None:
        agent.board.changes.close()
        server.stop()
        after.start()

    change = threading.Timer(0.2, restart)
    change.start()
    assert portreeve("wait", "sync:a", "--timeout", "10s") == (0, "a: waiting\na: in step\n", "")
    change.join()
    after.stop()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cockpit"], "hint: did you mean `sync:cockpit`?"),
        (["dockr"], "hint: did you mean `docker`?"),
        (["file:a"], "hint: a target is sync:NAME, container:NAME, service:NAME, docker or all"),
        (["all", "--timeout", "90"], 'write "90s" for seconds'),
        (["all", "--timeout", "soon"], 'must be a duration, not "soon"'),
        (["all", "--for", "ever"], "error: invalid value for '--for'"),
        (["all", "--for", "in-setp"], "did you mean `in-step`?"),
        (["containers:a"], "hint: did you mean `container:a`?"),
        (["sync:a", "--for", "healthy"], "error: sync:a cannot be waited to be healthy"),
        (["container:a", "docker", "--for", "exists"], "hint: --for in-step, ready or running"),
        (["container:a", "--for", "exited"], "exited=0 waits for the exit code 0"),
        ([], "error: missing argument 'TARGET...'"),
    ],
)
def test_what_is_typed_wrong_is_told_at_once(portreeve: Portreeve, arguments: list[str], says: str) -> None:
    code, _, err = portreeve("wait", *arguments)
    assert code == 2
    assert says in err


def test_a_sync_that_does_not_exist_is_not_waited_for(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("cockpit"))
    code, _, err = portreeve("wait", "sync:cokpit", "--timeout", "infinity")
    assert code == 2
    assert "did you mean `cockpit`?" in err


def test_each_target_is_waited_for_as_its_kind_is(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("web"))
    agent.containers.post(container("db", ContainerState.STARTING))
    agent.services.post(service("daemon"))
    change = threading.Timer(0.2, agent.containers.post, [container("db")])
    change.start()
    assert portreeve("wait", "sync:web", "container:db", "service:daemon", "docker") == (
        0,
        "web: in step\ndb: starting\ndaemon: active\ndocker: up 20.10.24\ndb: ready\n",
        "",
    )
    change.join()


def test_a_container_that_was_given_up_fails_at_once(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    trouble = Trouble(Reason.ACTION_FAILED, "it was restarted 5 times within 10m")
    agent.containers.post(container("db", ContainerState.RESTARTING, gave_up=True, trouble=trouble))
    code, out, err = portreeve("wait", "container:db")
    assert (code, out) == (1, "db: restarting, given up: it was restarted 5 times within 10m\n")
    what, hint = err.splitlines()
    assert what == "error: container:db was given up"
    assert hint.startswith("  hint: `portreeve explain container:db` tells why;")
    assert hint.endswith("when that is mended: portreeve containers reset db")


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        ("ready", "container:db is not ready"),
        ("healthy", "container:db is not healthy"),
        ("exists", "container:db does not exist"),
        ("exited=3", "container:db has not exited with 3"),
    ],
)
def test_a_container_that_is_not_so_in_time(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve, condition: str, what: str
) -> None:
    agent.containers.post(container("db", ContainerState.ABSENT))
    code, out, err = portreeve("wait", "container:db", "--for", condition, "--timeout", "50ms")
    assert (code, out) == (3, "db: absent\n")
    assert err == f"error: after 50ms, {what}\n  hint: portreeve explain container:db\n"


def test_a_container_can_be_waited_to_be_gone(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.containers.post(container("db", ContainerState.ABSENT))
    assert portreeve("wait", "container:db", "--for", "gone")[0] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has others watched")
def test_a_container_without_a_definition_is_watched_for_root(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.undeclared["shop-db"] = container("shop-db", declared=False)
    assert portreeve("wait", "container:shop-db") == (0, "shop-db: ready\n", "")
    assert agent.requests == [("watch", "shop-db")]
