"""Where a target in a container is, when it is looked at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, volume
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import ContainerFile, ContainerRef, HostFile
from portreeve.definitions.model import Target, Template, Write
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import PortreeveError, Reason
from portreeve.targets.locate import locate_target

PROXY = ContainerRef(name="proxy")
TEMPLATE = Template("x.j2")


@pytest.fixture
def dockerd(tmp_path: Path) -> Iterator[FakeDockerd]:
    with FakeDockerd(tmp_path / "docker.sock") as fake:
        fake.containers = [
            FakeContainer(
                "proxy",
                status="exited",
                mounts=[
                    volume("conf", tmp_path / "conf", "/etc/custom"),
                    {"Type": "bind", "Source": "/srv/app.conf", "Destination": "/app.conf", "RW": True},
                ],
            )
        ]
        fake.volumes = {"conf": None}
        yield fake


@pytest.fixture
def docker(tmp_path: Path, dockerd: FakeDockerd) -> Iterator[Docker]:
    client = Docker(DockerSettings(tmp_path / "docker.sock", timeout=0.5))
    yield client
    client.close()


def in_container(path: str, volume: str | None = None) -> Target:
    return Target(ContainerFile(PROXY, path, volume), TEMPLATE)


def test_a_file_in_a_volume_is_beneath_the_volumes_folder_also_while_its_container_is_down(
    docker: Docker, tmp_path: Path
) -> None:
    place = locate_target(in_container("sub/a.conf", "conf"), docker)
    assert (place.path, place.root) == (tmp_path / "conf/sub/a.conf", tmp_path / "conf")
    assert not place.in_place


def test_a_single_file_that_is_mounted_is_written_in_place(docker: Docker) -> None:
    place = locate_target(in_container("/app.conf"), docker)
    assert (place.path, place.in_place) == (Path("/srv/app.conf"), True)


def test_what_no_mount_covers_is_refused_since_it_would_end_with_the_container(docker: Docker) -> None:
    with pytest.raises(PortreeveError) as caught:
        locate_target(in_container("/etc/passwd"), docker)
    assert caught.value.reason is Reason.MOUNT_ABSENT


def test_a_file_of_the_host_is_where_it_says(docker: Docker) -> None:
    target = Target(HostFile(Path("/etc/x")), TEMPLATE, write=Write.IN_PLACE)
    place = locate_target(target, docker)
    assert (place.path, place.root, place.in_place) == (Path("/etc/x"), Path("/"), True)
