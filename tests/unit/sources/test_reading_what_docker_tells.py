"""Values come out of a command in a container, and out of what Docker tells of one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, FakeExec, frame
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import ContainerCommand, ContainerRef, Inspection
from portreeve.definitions.model import Format, Source, Sync, Value, ValueType
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import Reason, Waiting
from portreeve.sources.interest import Interest
from portreeve.sources.read import Readings, read_sync

APP = ContainerRef(name="app")
COMMAND = Source("said", ContainerCommand(APP, ("app", "config", "--json")), Format.JSON, max_size=100)
INSPECT = Source("docker", Inspection(APP), None)


@pytest.fixture
def dockerd(tmp_path: Path) -> Iterator[FakeDockerd]:
    with FakeDockerd(tmp_path / "docker.sock") as fake:
        fake.containers = [FakeContainer("app", networks={"my.net": "172.18.0.7"})]
        yield fake


@pytest.fixture
def docker(dockerd: FakeDockerd) -> Iterator[Docker]:
    client = Docker(DockerSettings(dockerd.socket, timeout=0.5))
    yield client
    client.close()


def read(
    docker: Docker, source: Source, *key: str, type_: ValueType = ValueType.PORT
) -> tuple[Readings, Interest]:
    interest = Interest()
    value = Value("found", source.name, key, type_)
    sync = Sync("s", "", {source.name: source}, {"found": value}, (), (), (), (), 300, ())
    return read_sync(sync, docker, interest), interest


def refused(docker: Docker) -> Waiting:
    with pytest.raises(Waiting) as caught:
        read(docker, COMMAND, "port")
    assert "hunter2" not in str(caught.value)
    return caught.value


def test_a_command_prints_a_value(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.exec = FakeExec(frame(2, b"reading\n") + frame(1, b'{"port": 8443}'))
    readings, interest = read(docker, COMMAND, "port")
    assert readings.values == {"found": 8443}
    assert readings.evidence["said"].startswith("app in container app (")
    assert interest.poll
    assert interest.containers == {"said": dockerd.containers[0].id}


def test_a_command_that_fails_is_told_without_what_it_printed(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.exec = FakeExec(frame(1, b"hunter2") + frame(2, b"half of it is missing\n"), exit_code=2)
    error = refused(docker)
    assert (error.reason, error.step) == (Reason.COMMAND_FAILED, "read")
    assert error.evidence == "it ended with exit status 2: half of it is missing"


def test_a_command_that_prints_too_much_is_ended(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.exec = FakeExec(frame(1, b"hunter2" * 20), hang=True, exit_code=None)
    error = refused(docker)
    assert error.reason is Reason.FILE_TOO_LARGE
    assert "more than the 100 bytes allowed" in error.evidence
    dockerd.release()


@pytest.mark.parametrize(
    ("key", "type_", "expected"),
    [
        (("networks", "my.net", "ip"), ValueType.IP, "172.18.0.7"),
        (("status",), ValueType.STRING, "running"),
        (("env", "VIRTUAL_PORT"), ValueType.PORT, 8080),
        (("labels", "com.example.role"), ValueType.STRING, "front"),
        (("compose", "service"), ValueType.STRING, ""),
    ],
)
def test_docker_tells_a_value(
    docker: Docker, dockerd: FakeDockerd, key: tuple[str, ...], type_: ValueType, expected: object
) -> None:
    dockerd.containers[0].env = ["VIRTUAL_PORT=8080"]
    dockerd.containers[0].labels = {"com.example.role": "front"}
    readings, interest = read(docker, INSPECT, *key, type_=type_)
    assert readings.values == {"found": expected}
    assert not interest.poll
    assert interest.containers == {"docker": dockerd.containers[0].id}


def test_what_docker_tells_is_data_and_typed_like_any_other(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers[0].env = ["VIRTUAL_PORT=80; return 301 http://evil/"]
    with pytest.raises(Waiting) as caught:
        read(docker, INSPECT, "env", "VIRTUAL_PORT")
    assert caught.value.reason is Reason.VALUE_INVALID
