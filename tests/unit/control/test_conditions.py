"""What can be waited for, and when it is so."""

import pytest

from fakes.board_agent import container, service
from portreeve.control.conditions import (
    Condition,
    Word,
    condition_of,
    container_is,
    is_hopeless,
    parse_condition,
    service_is,
)
from portreeve.control.names import parse_target
from portreeve.errors import Misuse
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ServiceState

ALL = ["exists", "running", "healthy", "ready", "exited=0", "gone"]


@pytest.mark.parametrize("text", [*ALL, "in-step", "exited=3", "exited=255"])
def test_a_condition_is_read_as_it_is_written(text: str) -> None:
    assert str(parse_condition(text)) == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("helthy", "did you mean `healthy`?"),
        ("exited", "exited=0 waits for the exit code 0; it is from 0 to 255"),
        ("exited=256", "exited=0 waits for the exit code 0; it is from 0 to 255"),
        ("exited=-1", "exited=0 waits for the exit code 0; it is from 0 to 255"),
        ("ready=1", "did you mean `ready`?"),
        ("", "a condition is exists, running, healthy, ready, exited=CODE, gone or in-step"),
    ],
)
def test_what_is_no_condition_is_told_with_what_is_one(text: str, hint: str) -> None:
    with pytest.raises(Misuse) as caught:
        parse_condition(text)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("target", "default"),
    [
        ("sync:a", "in-step"),
        ("all", "in-step"),
        ("docker", "in-step"),
        ("container:a", "ready"),
        ("service:a", "ready"),
    ],
)
def test_each_kind_of_target_has_its_default(target: str, default: str) -> None:
    assert str(condition_of(parse_target(target), None)) == default


@pytest.mark.parametrize(
    ("target", "condition", "hint"),
    [
        ("sync:a", "healthy", "--for in-step or ready"),
        ("all", "gone", "--for in-step or ready"),
        ("container:a", "in-step", "--for ready, running, healthy, exists, exited=CODE or gone"),
        ("service:a", "exited=0", "--for ready or running"),
        ("docker", "exists", "--for in-step, ready or running"),
    ],
)
def test_what_a_target_can_never_be_is_not_waited_for(target: str, condition: str, hint: str) -> None:
    with pytest.raises(Misuse, match=f"{target} cannot be waited to be {condition}") as caught:
        condition_of(parse_target(target), parse_condition(condition))
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("state", "docker", "holding"),
    [
        (ContainerState.UNKNOWN, "", ""),
        (ContainerState.ABSENT, "", "gone"),
        (ContainerState.CREATED, "created", "exists"),
        (ContainerState.STARTING, "running", "exists running"),
        (ContainerState.RUNNING, "running", "exists running"),
        (ContainerState.READY, "running", "exists running ready"),
        (ContainerState.UNREADY, "running", "exists running"),
        (ContainerState.RESTARTING, "restarting", "exists"),
        # Between two crashes Docker says for a moment that it runs.
        (ContainerState.RESTARTING, "running", "exists"),
        (ContainerState.PAUSED, "paused", "exists"),
        (ContainerState.STOPPING, "running", "exists"),
        (ContainerState.EXITED, "exited", "exists"),
        (ContainerState.FAILED_TO_START, "created", "exists"),
        (ContainerState.DEAD, "dead", "exists"),
        (ContainerState.REMOVING, "removing", ""),
    ],
)
def test_what_holds_in_each_state(state: ContainerState, docker: str, holding: str) -> None:
    status = container("a", state, docker_status=docker)
    assert [text for text in ALL if container_is(status, parse_condition(text))] == holding.split()


def test_a_one_shot_that_ended_well_is_ready_and_does_not_run() -> None:
    status = container("migrate", ContainerState.READY, docker_status="exited", exit_code=0)
    assert [text for text in ALL if container_is(status, parse_condition(text))] == [
        "exists",
        "ready",
        "exited=0",
    ]


def test_another_exit_code_is_not_the_one_that_is_waited_for() -> None:
    status = container("a", ContainerState.EXITED, docker_status="exited", exit_code=3)
    assert container_is(status, Condition(Word.EXITED, 3))
    assert not container_is(status, Condition(Word.EXITED, 0))


def test_healthy_is_what_the_image_says_while_it_runs() -> None:
    healthy = Condition(Word.HEALTHY)
    assert container_is(container("a", ContainerState.UNREADY, health="healthy"), healthy)
    assert not container_is(container("a", health="unhealthy"), healthy)
    assert not container_is(container("a", health="none"), healthy)
    ended = container("a", ContainerState.EXITED, docker_status="exited", health="healthy")
    assert not container_is(ended, healthy)


@pytest.mark.parametrize(
    ("state", "running", "ready"),
    [
        (ServiceState.ACTIVE, True, True),
        (ServiceState.UNREADY, True, False),
        (ServiceState.STARTING, False, False),
        (ServiceState.STOPPED, False, False),
        (ServiceState.MASKED, False, False),
        (ServiceState.ABSENT, False, False),
        (ServiceState.FAILED, False, False),
        (ServiceState.UNKNOWN, False, False),
    ],
)
def test_what_holds_of_a_service(state: ServiceState, running: bool, ready: bool) -> None:
    assert service_is(service("a", state), Condition(Word.RUNNING)) is running
    assert service_is(service("a", state), Condition(Word.READY)) is ready


@pytest.mark.parametrize("word", Word)
def test_what_was_given_up_can_still_appear_and_go(word: Word) -> None:
    hopeless = is_hopeless(container("a", gave_up=True), Condition(word))
    assert hopeless is (word not in (Word.EXISTS, Word.GONE))
