"""A program in a container says whether something would work, or does."""

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, FakeExec, frame
from portreeve.checks.in_container import holds_in_container
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import ContainerRef
from portreeve.errors import Reason, Waiting


def holds(docker: Docker) -> str | None:
    return holds_in_container(ContainerRef(name="proxy"), ("nginx", "-t"), docker, timeout=1)


def test_it_holds_when_the_program_ends_well(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("proxy")]
    dockerd.exec = FakeExec(frame(2, b"nginx: the configuration file is ok\n"))
    assert holds(docker) is None
    assert dockerd.commands == [["nginx", "-t"]]


def test_else_it_says_how_it_ended_and_its_last_words(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("proxy")]
    dockerd.exec = FakeExec(frame(2, b"unknown directive\nnginx: test failed\n"), exit_code=1)
    assert holds(docker) == "nginx in container proxy: it ended with exit status 1: nginx: test failed"


def test_of_a_container_that_does_not_run_nothing_can_be_said(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("proxy", status="paused")]
    with pytest.raises(Waiting) as caught:
        holds(docker)
    assert caught.value.reason is Reason.CONTAINER_PAUSED
