"""A target in a container's volume is written through what Docker says is mounted there."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, volume
from portreeve.definitions.locations import ContainerFile, ContainerRef, HostFile
from portreeve.definitions.model import Edits, Format, Mirror, Source, Target, Template
from portreeve.errors import Reason
from portreeve.reconcile.status import State
from unit.reconcile.host import Host

APP = ContainerRef(name="app")


@pytest.fixture
def data(host: Host) -> Path:
    folder = host.folder / "volumes/shop/_data"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def app(host: Host, data: Path) -> FakeContainer:
    return FakeContainer("app", mounts=[volume("shop", data, "/data")])


@pytest.fixture(autouse=True)
def dockerd(host: Host, app: FakeContainer) -> Iterator[FakeDockerd]:
    with FakeDockerd(host.folder / "docker.sock") as fake:
        fake.containers = [app]
        fake.volumes["shop"] = None
        yield fake


def declare(host: Host, place: ContainerFile, content: Template | Edits | Mirror | None = None) -> None:
    target = Target(place, content or Template("app.conf.j2"))
    host.sync = replace(host.sync, targets=(target,))
    host.declare(host.sync)


def test_a_file_in_a_volume_follows_its_source(host: Host, data: Path) -> None:
    declare(host, ContainerFile(APP, "etc/app.conf", volume="shop"))
    (data / "etc").mkdir()
    host.bring_in_step(9000)
    assert (data / "etc/app.conf").read_text() == "listen 9000\n"
    assert data / "etc/app.conf" in host.watched["app"]


def test_a_link_that_the_container_put_there_is_refused_by_name(host: Host, data: Path) -> None:
    outside = host.folder / "outside"
    outside.write_text("outside")
    (data / "app.conf").symlink_to(outside)
    declare(host, ContainerFile(APP, "app.conf", mount="/data"))
    host.choose(9000)
    status = host.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.FILE_REFUSED
    assert outside.read_text() == "outside"


def test_a_single_file_that_is_mounted_keeps_its_inode_also_after_a_kill(
    host: Host, app: FakeContainer
) -> None:
    single = host.folder / "app.ini.mounted"
    single.write_text("before")
    app.mounts.append({"Type": "bind", "Source": str(single), "Destination": "/etc/app.conf", "RW": True})
    declare(host, ContainerFile(APP, "/etc/app.conf"))
    before = single.stat().st_ino
    host.bring_in_step(9000)
    assert (single.read_text(), single.stat().st_ino) == ("listen 9000\n", before)
    # As a kill between the truncation and the write leaves it.
    record = host.record
    host.store.save(replace(record, unfinished=record.good))
    single.write_text("")
    host.restart_agent()
    host.source.unlink()
    host.look()
    assert (single.read_text(), single.stat().st_ino) == ("listen 9000\n", before)
    host.reconciler.hold("app", 0)
    host.look()
    assert (single.read_text(), single.stat().st_ino) == ("before", before)


def test_a_key_of_a_containers_file_is_set(host: Host, data: Path) -> None:
    (data / "app.ini").write_text("[a]\nb = 1\nport = 2\n")
    declare(
        host, ContainerFile(APP, "app.ini", volume="shop"), Edits(Format.INI, {("a", "port"): "{{ port }}"})
    )
    host.bring_in_step(9000)
    assert (data / "app.ini").read_text() == "[a]\nb = 1\nport = 9000\n"


def test_a_container_that_is_absent_is_waited_for(host: Host, dockerd: FakeDockerd) -> None:
    dockerd.containers = []
    declare(host, ContainerFile(APP, "app.conf", volume="shop"))
    host.choose(9000)
    status = host.look()
    assert status.state is State.WAITING
    assert status.trouble is not None
    assert status.trouble.reason is Reason.CONTAINER_ABSENT


def test_what_is_in_no_mount_would_go_with_the_container_and_is_not_written(host: Host) -> None:
    declare(host, ContainerFile(APP, "/etc/app.conf"))
    host.choose(9000)
    status = host.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.MOUNT_ABSENT


def test_a_volume_that_was_made_anew_gets_its_file_and_the_old_one_is_not_waited_for(
    host: Host, data: Path, app: FakeContainer, dockerd: FakeDockerd
) -> None:
    (data / "app.conf").write_text("before")
    declare(host, ContainerFile(APP, "app.conf", mount="/data"))
    host.bring_in_step(9000)
    new = host.folder / "volumes/other/_data"
    new.mkdir(parents=True)
    data.rename(host.folder / "gone")
    app.mounts[:] = [volume("other", new, "/data")]
    dockerd.volumes["other"] = None
    host.bring_in_step(9443)
    assert (new / "app.conf").read_text() == "listen 9443\n"
    assert not data.exists()


def test_a_folder_of_one_container_is_mirrored_into_another(host: Host, data: Path) -> None:
    (data / "sub").mkdir()
    (data / "sub/key").write_text("x")
    (data / "sub/key").chmod(0o600)
    outside = host.folder / "volumes/shop/secret"
    outside.write_text("outside the volume, in the folder above it")
    sources = {"certs": Source("certs", ContainerFile(APP, "", mount="/data"), None)}
    target = Target(HostFile(host.target.parent / "ssl"), Mirror("certs"))
    host.sync = replace(host.sync, sources=sources, values={}, targets=(target,))
    host.declare(host.sync)
    assert host.look().state is State.IN_STEP
    assert (host.target.parent / "ssl/sub/key").read_text() == "x"
    (data / "link").symlink_to("../secret")
    host.ticks += 60
    status = host.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.FILE_ABSENT
    assert not (host.target.parent / "ssl/link").exists()
