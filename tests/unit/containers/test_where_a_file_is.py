"""A container's file is in one of its mounts or in its own file system, and it is said which."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.dockerd import FakeDockerd
from portreeve.containers.connection import Docker
from portreeve.containers.model import Container, Mount
from portreeve.containers.mounts import InContainer, InMount, Place, locate, resolve
from portreeve.definitions.locations import ContainerFile, ContainerRef
from portreeve.errors import Reason, Waiting

APP = ContainerRef(name="app")
CONFIG = Mount("volume", "/var/lib/docker/volumes/shop_config/_data", "/app/config", "shop_config", "local")


def container(*mounts: Mount, status: str = "running") -> Container:
    return Container("c" * 64, "app", status, 1, {}, mounts, "")


def file(path: str, *, volume: str | None = None, mount: str | None = None) -> ContainerFile:
    return ContainerFile(APP, path, volume, mount)


def in_config(relative: str) -> InMount:
    return InMount(Path(CONFIG.source), relative, "shop_config", "local")


def test_a_volume_by_its_name() -> None:
    assert resolve(container(CONFIG), file("config.ini", volume="shop_config")) == in_config("config.ini")


@pytest.mark.parametrize("mount", ["/app/config", "/app/config/", "/app//config/.", "app/config"])
def test_a_mount_by_its_destination(mount: str) -> None:
    assert resolve(container(CONFIG), file("a/b.ini", mount=mount)) == in_config("a/b.ini")


def test_a_path_alone_is_in_the_deepest_mount_that_holds_it() -> None:
    outer = Mount("bind", "/srv/app", "/app")
    sibling = Mount("bind", "/srv/conf", "/app/conf")
    for mounts in ((outer, CONFIG, sibling), (sibling, CONFIG, outer)):
        assert resolve(container(*mounts), file("/app/config/config.ini")) == in_config("config.ini")
        assert resolve(container(*mounts), file("/app/configs")) == InMount(Path("/srv/app"), "configs")


def test_a_path_in_no_mount_is_in_the_container() -> None:
    assert resolve(container(CONFIG), file("/etc/app.ini")) == InContainer("/etc/app.ini")


def test_a_mount_at_the_root_holds_everything() -> None:
    everything = Mount("bind", "/srv", "/")
    assert resolve(container(everything), file("/etc/app.ini")) == InMount(Path("/srv"), "etc/app.ini")


@pytest.mark.parametrize("path", ["/app/config.ini", "/app/./config.ini"])
def test_a_single_file_that_is_mounted(path: str) -> None:
    single = Mount("bind", "/srv/the.ini", "/app/config.ini")
    assert resolve(container(single), file(path)) == InMount(Path("/srv"), "the.ini", single_file=True)


def test_a_volume_that_the_container_does_not_have_is_told_with_those_it_has() -> None:
    with pytest.raises(Waiting) as caught:
        resolve(container(CONFIG), file("config.ini", volume="shop_confg"))
    assert caught.value.reason is Reason.MOUNT_ABSENT
    assert caught.value.evidence == "it has volume shop_config at /app/config"


def test_a_mount_that_the_container_does_not_have_is_told() -> None:
    with pytest.raises(Waiting) as caught:
        resolve(container(), file("config.ini", mount="/data"))
    assert caught.value.reason is Reason.MOUNT_ABSENT
    assert "no mounts at all" in caught.value.evidence


def test_a_tmpfs_cannot_be_read_from_outside() -> None:
    with pytest.raises(Waiting) as caught:
        resolve(container(Mount("tmpfs", "", "/run")), file("/run/app.ini"))
    assert caught.value.reason is Reason.FILE_UNREADABLE


def test_a_volume_without_a_folder_yet_is_not_mounted() -> None:
    plugin = Mount("volume", "", "/data", "remote", "rexray")
    with pytest.raises(Waiting) as caught:
        resolve(container(plugin, status="exited"), file("a", volume="remote"))
    assert caught.value.reason is Reason.VOLUME_NOT_MOUNTED


SEGMENTS = st.lists(st.sampled_from(["..", ".", "", "a", "config", "app", "x y", "…"]), max_size=8)


@given(SEGMENTS, st.sampled_from([None, "shop_config"]))
def test_no_path_leads_out_of_the_mount_it_was_found_in(parts: list[str], volume: str | None) -> None:
    place: Place = resolve(container(CONFIG), file("/".join(["", *parts]), volume=volume))
    if isinstance(place, InMount):
        assert ".." not in Path(place.relative).parts
        assert not place.relative.startswith("/")
    else:
        assert not place.path.startswith("/app/config/")


def found(docker: Docker, mount: Mount, *, status: str, mounted: bool) -> Place:
    return locate(
        docker,
        container(mount, status=status),
        file("config.ini", volume=mount.name),
        is_mounted=lambda _: mounted,
    )


@pytest.mark.parametrize("options", [None, {}, {"o": "uid=1000"}])
def test_an_ordinary_volume_is_read_in_every_state(
    docker: Docker, dockerd: FakeDockerd, options: dict[str, str] | None
) -> None:
    dockerd.volumes["shop_config"] = options
    assert found(docker, CONFIG, status="created", mounted=False) == in_config("config.ini")


@pytest.mark.parametrize(
    ("status", "mounted"), [("created", False), ("exited", True), ("restarting", False), ("running", False)]
)
def test_a_volume_that_mounts_on_demand_is_not_read_while_it_is_not(
    docker: Docker, dockerd: FakeDockerd, status: str, mounted: bool
) -> None:
    dockerd.volumes["shop_config"] = {"type": "nfs", "device": ":/export"}
    with pytest.raises(Waiting) as caught:
        found(docker, CONFIG, status=status, mounted=mounted)
    assert caught.value.reason is Reason.VOLUME_NOT_MOUNTED
    assert "type nfs" in caught.value.evidence


@pytest.mark.parametrize("status", ["running", "paused"])
def test_a_volume_that_mounts_on_demand_is_read_while_it_is_mounted(
    docker: Docker, dockerd: FakeDockerd, status: str
) -> None:
    dockerd.volumes["shop_config"] = {"type": "tmpfs", "device": "tmpfs"}
    place = found(docker, CONFIG, status=status, mounted=True)
    assert isinstance(place, InMount)
    assert place.on_demand


def test_a_volume_of_another_driver_is_read_while_the_container_runs(
    docker: Docker, dockerd: FakeDockerd
) -> None:
    plugin = Mount("volume", "/mnt/remote", "/data", "remote", "rexray")
    place = found(docker, plugin, status="running", mounted=False)
    assert isinstance(place, InMount)
    assert place.on_demand
    with pytest.raises(Waiting):
        found(docker, plugin, status="exited", mounted=True)


def test_the_kernel_is_asked_whether_something_is_mounted(docker: Docker, dockerd: FakeDockerd) -> None:
    dockerd.volumes["data"] = {"type": "none"}
    for source, is_there in (("/proc", True), ("/proc/self", False)):
        mount = Mount("volume", source, "/data", "data", "local")
        if is_there:
            locate(docker, container(mount), file("x", volume="data"))
        else:
            with pytest.raises(Waiting):
                locate(docker, container(mount), file("x", volume="data"))
