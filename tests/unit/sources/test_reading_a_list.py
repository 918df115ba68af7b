"""A list of containers: each one's values are typed, and one that is unusable harms only itself."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import ContainerList
from portreeve.definitions.model import Source, Sync, Value, ValueType
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import PortreeveError, Reason
from portreeve.sources.interest import Interest
from portreeve.sources.read import Readings, read_sync

HOST = Value("host", "web", ("labels", "web.host"), ValueType.HOSTNAME)
PORT = Value("port", "web", ("labels", "web.port"), ValueType.PORT, default=80)


@pytest.fixture
def dockerd(tmp_path: Path) -> Iterator[FakeDockerd]:
    with FakeDockerd(tmp_path / "docker.sock") as fake:
        yield fake


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[Docker]:
    client = Docker(DockerSettings(tmp_path / "docker.sock", timeout=0.5))
    yield client
    client.close()


def labelled(name: str, **labels: str) -> FakeContainer:
    return FakeContainer(name, labels={f"web.{key}": value for key, value in labels.items()})


def read(docker: Docker, *values: Value) -> Readings:
    each: Mapping[str, Value] = {value.name: value for value in values or (HOST, PORT)}
    source = Source("web", ContainerList(("web.host",)), None, values=each)
    sync = Sync("proxy", "", {"web": source}, {}, (), (), (), (), 60.0, ())
    return read_sync(sync, docker, Interest())


def test_each_container_gives_its_values_in_the_order_of_the_names(
    dockerd: FakeDockerd, docker: Docker
) -> None:
    dockerd.containers = [labelled("b", host="b.example", port="8080"), labelled("a", host="a.example")]
    assert read(docker).lists == {
        "web": ({"host": "a.example", "port": 80}, {"host": "b.example", "port": 8080})
    }


@pytest.mark.parametrize("label", ["bad host", "x\ny", "x; }", "{{ 7*7 }}", "", "a" * 5000])
def test_an_unusable_label_leaves_out_its_container_alone(
    dockerd: FakeDockerd, docker: Docker, label: str
) -> None:
    dockerd.containers = [labelled("evil", host=label), labelled("good", host="good.example")]
    found = read(docker)
    assert found.lists["web"] == ({"host": "good.example", "port": 80},)
    (why,) = found.left_out
    assert why.startswith("'evil' is not in web")
    assert why.isprintable()


def test_a_default_does_not_excuse_a_label_that_is_wrong(dockerd: FakeDockerd, docker: Docker) -> None:
    dockerd.containers = [labelled("a", host="a.example", port="http")]
    found = read(docker)
    assert found.lists["web"] == ()
    assert len(found.left_out) == 1


def test_no_container_at_all_is_an_empty_list_and_no_error(dockerd: FakeDockerd, docker: Docker) -> None:
    assert read(docker).lists == {"web": ()}


def test_without_docker_there_is_no_list_rather_than_an_empty_one(
    dockerd: FakeDockerd, docker: Docker
) -> None:
    dockerd.mode = Mode.ERROR
    with pytest.raises(PortreeveError) as caught:
        read(docker)
    assert caught.value.reason is Reason.DOCKER_ERROR
