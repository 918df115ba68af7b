"""A file of the container's own file system is read through Docker's archive."""

import tarfile

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode
from portreeve.containers.archive import read_file
from portreeve.containers.connection import Docker
from portreeve.containers.model import Container, Mount
from portreeve.errors import DockerUnavailable, Reason, Waiting


@pytest.fixture
def app(dockerd: FakeDockerd) -> FakeContainer:
    made = FakeContainer("app", status="created")
    dockerd.containers = [made]
    return made


def read(docker: Docker, app: FakeContainer, path: str, *mounts: Mount, limit: int = 1000) -> bytes:
    return read_file(docker, Container(app.id, "app", "created", 0, {}, mounts, ""), path, limit)


def failure(docker: Docker, app: FakeContainer, path: str, *mounts: Mount) -> Waiting:
    with pytest.raises(Waiting) as caught:
        read(docker, app, path, *mounts)
    return caught.value


def test_a_regular_file(docker: Docker, app: FakeContainer) -> None:
    app.files["/etc/app.ini"] = b"[a]\nb = 1\n"
    assert read(docker, app, "/etc/app.ini") == b"[a]\nb = 1\n"


def test_an_empty_file(docker: Docker, app: FakeContainer) -> None:
    app.files["/etc/app.ini"] = b""
    assert read(docker, app, "/etc/app.ini") == b""


@pytest.mark.parametrize("target", ["/data/real.ini", "../data/real.ini", "../../../data/./real.ini"])
def test_links_are_followed_inside_the_container(docker: Docker, app: FakeContainer, target: str) -> None:
    app.link("/etc/app.ini", target)
    app.files["/data/real.ini"] = b"x"
    assert read(docker, app, "/etc/app.ini") == b"x"


def test_links_in_a_circle_end(docker: Docker, app: FakeContainer) -> None:
    app.link("/etc/a", "b")
    app.link("/etc/b", "a")
    error = failure(docker, app, "/etc/a")
    assert error.reason is Reason.FILE_REFUSED
    assert "more than 8 links" in error.evidence


def test_a_link_to_a_tmpfs_does_not_show_what_the_image_has_below_it(
    docker: Docker, app: FakeContainer
) -> None:
    app.link("/etc/app.ini", "/run/app.ini")
    app.files["/run/app.ini"] = b"from the image"
    error = failure(docker, app, "/etc/app.ini", Mount("tmpfs", "", "/run"))
    assert error.reason is Reason.FILE_REFUSED


@pytest.mark.parametrize(
    ("kind", "name"),
    [(tarfile.DIRTYPE, "a directory"), (tarfile.FIFOTYPE, "a fifo"), (tarfile.CHRTYPE, "a device")],
)
def test_only_regular_files_are_read(docker: Docker, app: FakeContainer, kind: bytes, name: str) -> None:
    app.special("/etc/thing", kind)
    error = failure(docker, app, "/etc/thing")
    assert error.reason is Reason.FILE_REFUSED
    assert error.evidence == f"it is {name}"


def test_a_file_over_the_limit_is_refused_before_it_is_read(docker: Docker, app: FakeContainer) -> None:
    app.files["/big"] = b"x" * 1001
    error = failure(docker, app, "/big")
    assert error.reason is Reason.FILE_TOO_LARGE
    assert error.evidence == "1001 bytes, 1000 allowed"


def test_a_file_that_is_not_there(docker: Docker, app: FakeContainer) -> None:
    error = failure(docker, app, "/etc/app.ini")
    assert error.reason is Reason.FILE_ABSENT
    assert "Could not find the file" in error.evidence


def test_a_container_that_is_gone(docker: Docker, app: FakeContainer, dockerd: FakeDockerd) -> None:
    dockerd.containers.clear()
    assert failure(docker, app, "/etc/app.ini").reason is Reason.CONTAINER_ABSENT


def test_docker_that_goes_away(docker: Docker, app: FakeContainer, dockerd: FakeDockerd) -> None:
    docker.require_up()
    dockerd.mode = Mode.CLOSE
    with pytest.raises(DockerUnavailable):
        read(docker, app, "/etc/app.ini")


def test_a_second_read_uses_the_same_client(docker: Docker, app: FakeContainer) -> None:
    app.files["/a"] = b"1"
    assert [read(docker, app, "/a") for _ in range(3)] == [b"1"] * 3
