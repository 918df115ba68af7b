"""A start that failed is tried again when its cause is gone, and its cause is named while it is not."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, bind
from portreeve.containers.connection import Docker
from portreeve.containers.observe import observe
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.settings import DockerSettings
from portreeve.supervise.start_cause import cause

PORT = "Bind for 0.0.0.0:80 failed: port is already allocated"


@pytest.fixture
def dockerd(tmp_path: Path) -> Iterator[FakeDockerd]:
    with FakeDockerd(tmp_path / "docker.sock") as fake:
        yield fake


@pytest.fixture
def docker(dockerd: FakeDockerd) -> Iterator[Docker]:
    client = Docker(DockerSettings(dockerd.socket, timeout=0.5))
    yield client
    client.close()


@pytest.fixture
def app(dockerd: FakeDockerd) -> FakeContainer:
    container = FakeContainer("app", status="created")
    dockerd.containers = [container]
    return container


def now(docker: Docker, error: str) -> str | None:
    return cause(docker, observe(docker, ContainerRef(name="app")), error)


def test_a_port_while_somebody_listens_on_it(docker: Docker, app: FakeContainer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        app.inspect = {
            "HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": str(port)}]}},
            "NetworkSettings": {"Ports": {}},
        }
        told = now(docker, PORT)
        assert told is not None
        assert told.startswith(f"port {port} is held by py")
    assert now(docker, PORT) is None


def test_a_program_while_it_is_missing(docker: Docker, app: FakeContainer) -> None:
    error = 'runc create failed: exec: "/bin/app": stat /bin/app: no such file or directory: unknown'
    assert now(docker, error) == "there is no /bin/app in it"
    app.files["/bin/app"] = b"#!/bin/sh"
    assert now(docker, error) is None
    assert now(docker, 'exec: "app": executable file not found in $PATH') is None


def test_a_path_while_it_is_missing(docker: Docker, app: FakeContainer, tmp_path: Path) -> None:
    source = tmp_path / "source"
    app.mounts = [bind(tmp_path / "other", "/other"), bind(source, "/data")]
    error = f"bind source path does not exist: {source}"
    assert now(docker, error) == f"{source}, which is mounted into it, does not exist"
    source.mkdir()
    assert now(docker, error) is None


def test_a_device_is_not_looked_for_since_the_agent_does_not_see_it(
    docker: Docker, app: FakeContainer
) -> None:
    app.mounts = [bind("/dev/nosuch", "/dev/nosuch")]
    assert now(docker, "bind source path does not exist: /dev/nosuch") is None


def test_the_container_whose_network_it_uses_while_it_does_not_run(
    docker: Docker, dockerd: FakeDockerd, app: FakeContainer
) -> None:
    main = FakeContainer("main", status="exited")
    app.inspect = {"HostConfig": {"NetworkMode": f"container:{main.id}"}}
    error = f"cannot join network of a non running container: {main.id}"
    assert now(docker, error) == f"container {main.id[:12]}, whose network it uses, does not exist"
    dockerd.containers.append(main)
    assert now(docker, error) == "container main, whose network it uses, is exited"
    main.status = "running"
    assert now(docker, error) is None


def test_a_network_while_it_does_not_exist(docker: Docker, dockerd: FakeDockerd, app: FakeContainer) -> None:
    assert now(docker, "network shop not found") == "network shop does not exist"
    dockerd.networks.add("shop")
    assert now(docker, "network shop not found") is None


@pytest.mark.parametrize("error", ['exec: "x": executable file not found in $PATH', "something else", ""])
def test_what_cannot_be_looked_at_is_tried(docker: Docker, app: FakeContainer, error: str) -> None:
    assert now(docker, error) is None
