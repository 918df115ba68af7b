"""A program in a container says whether something would work, or does."""

from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, FakeExec, bind, frame, tmpfs, volume
from portreeve.checks.in_container import holds_in_container, seen_from
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
    assert (
        holds(docker)
        == "nginx in container proxy: it ended with exit status 1: unknown directive\nnginx: test failed"
    )


def test_of_a_container_that_does_not_run_nothing_can_be_said(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.containers = [FakeContainer("proxy", status="paused")]
    with pytest.raises(Waiting) as caught:
        holds(docker)
    assert caught.value.reason is Reason.CONTAINER_PAUSED


def seen(docker: Docker, dockerd: FakeDockerd, file: Path, *mounts: dict[str, object]) -> str | None:
    dockerd.containers = [FakeContainer("proxy", mounts=list(mounts))]
    return seen_from(docker.find(ContainerRef(name="proxy")), {file: file}).get(file)


def test_a_file_is_seen_below_the_mount_of_a_folder_above_it(
    docker: Docker, dockerd: FakeDockerd, tmp_path: Path
) -> None:
    file = tmp_path / "conf.d" / "app.conf"
    assert seen(docker, dockerd, file, bind(tmp_path, "/etc/nginx")) == "/etc/nginx/conf.d/app.conf"
    assert seen(docker, dockerd, file, volume("v", file.parent, "/conf/")) == "/conf/app.conf"


def test_a_file_is_seen_by_the_other_name_of_its_folder(
    docker: Docker, dockerd: FakeDockerd, tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert seen(docker, dockerd, tmp_path / "link" / "a", bind(tmp_path / "real", "/x")) == "/x/a"
    assert seen(docker, dockerd, tmp_path / "real" / "a", bind(tmp_path / "link", "/x")) == "/x/a"


def test_a_file_is_not_seen_where_another_mount_covers_it(
    docker: Docker, dockerd: FakeDockerd, tmp_path: Path
) -> None:
    file = tmp_path / "conf.d" / "app.conf"
    assert seen(docker, dockerd, file, bind(tmp_path, "/etc"), tmpfs("/etc/conf.d")) is None


def test_what_is_beside_a_mounted_file_is_not_seen(
    docker: Docker, dockerd: FakeDockerd, tmp_path: Path
) -> None:
    file = tmp_path / "app.conf"
    assert seen(docker, dockerd, tmp_path / ".new", bind(file, "/etc/app.conf")) is None
    assert seen(docker, dockerd, file, bind(tmp_path / "app", "/etc/app")) is None
