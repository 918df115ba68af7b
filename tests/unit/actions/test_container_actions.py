"""A container takes notice of what was written, or is waited for."""

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, FakeExec, frame
from portreeve.actions.containers import run_exec, send_signal
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.steps import Exec, Signal
from portreeve.errors import Failed, Reason, Waiting

PROXY = ContainerRef(name="proxy")
RELOAD = Exec(PROXY, ("nginx", "-s", "reload", "--key=hunter2"), timeout=0.3)


@pytest.fixture
def proxy(dockerd: FakeDockerd) -> FakeContainer:
    made = FakeContainer("proxy")
    dockerd.containers = [made]
    return made


def test_a_command_runs_in_the_container_and_may_print_what_it_likes(
    docker: Docker, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    dockerd.exec = FakeExec(frame(1, b"x" * 1_000_000))
    run_exec(RELOAD, docker)
    assert dockerd.commands == [list(RELOAD.command)]


def test_a_command_that_fails_is_told_with_its_last_words_and_without_arguments_or_output(
    docker: Docker, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    dockerd.exec = FakeExec(frame(1, b"hunter2") + frame(2, b"nginx: [emerg] no such host\n"), exit_code=1)
    with pytest.raises(Failed) as caught:
        run_exec(RELOAD, docker)
    assert caught.value.reason is Reason.ACTION_FAILED
    assert str(caught.value) == (
        "nginx did not work in container proxy: it ended with exit status 1: nginx: [emerg] no such host"
    )


def test_a_command_that_takes_too_long_failed(
    docker: Docker, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    dockerd.exec = FakeExec(hang=True, running=1000)
    with pytest.raises(Failed) as caught:
        run_exec(RELOAD, docker)
    assert "did not end within 0.3 s" in caught.value.evidence
    dockerd.release()


def test_a_signal_is_sent(docker: Docker, dockerd: FakeDockerd, proxy: FakeContainer) -> None:
    send_signal(Signal(PROXY, "HUP"), docker)
    assert dockerd.signals == [("proxy", "HUP")]


def test_a_container_that_does_not_run_is_waited_for(
    docker: Docker, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    proxy.status = "exited"
    with pytest.raises(Waiting):
        run_exec(RELOAD, docker)
    with pytest.raises(Waiting):
        send_signal(Signal(PROXY, "HUP"), docker)
    assert (dockerd.commands, dockerd.signals) == ([], [])
