"""All values of a sync are read, typed and told from defaults; what to watch is known even on failure."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, Mode, volume
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import ContainerFile, ContainerRef, HostFile, Location
from portreeve.definitions.model import Format, Source, Sync, Value, ValueType
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import PortreeveError, Reason
from portreeve.sources.interest import Interest
from portreeve.sources.read import Readings, read_sync

APPHUB = ContainerRef(name="websoft9-apphub")
CONFIG = "[nginx]\nlisten_port = 80\n[cockpit]\nport = 9000\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "volumes/websoft9_apphub_config/_data"
    folder.mkdir(parents=True)
    (folder / "config.ini").write_text(CONFIG)
    return folder


@pytest.fixture
def apphub(data: Path) -> FakeContainer:
    return FakeContainer(
        "websoft9-apphub",
        status="created",
        mounts=[volume("websoft9_apphub_config", data, "/websoft9/apphub/src/config")],
    )


@pytest.fixture
def dockerd(tmp_path: Path, apphub: FakeContainer) -> Iterator[FakeDockerd]:
    with FakeDockerd(tmp_path / "docker.sock") as fake:
        fake.containers = [apphub]
        fake.volumes["websoft9_apphub_config"] = None
        yield fake


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[Docker]:
    client = Docker(DockerSettings(tmp_path / "docker.sock", timeout=0.5))
    yield client
    client.close()


IN_VOLUME = ContainerFile(APPHUB, "config.ini", volume="websoft9_apphub_config")


def cockpit(
    location: Location = IN_VOLUME,
    format_: Format = Format.INI,
    key: tuple[str, ...] = ("cockpit", "port"),
    **more: Any,
) -> Sync:
    source = Source("apphub", location, format_, max_size=1000)
    port = Value("port", "apphub", key, ValueType.PORT, **more)
    return Sync("cockpit", "", {"apphub": source}, {"port": port}, (), (), (), (), 300, ())


def failure(sync: Sync, docker: Docker) -> tuple[PortreeveError, Interest]:
    interest = Interest()
    with pytest.raises(PortreeveError) as caught:
        read_sync(sync, docker, interest)
    assert caught.value.step == "read"
    return caught.value, interest


def test_a_port_in_a_volume_of_a_container_that_never_ran(
    docker: Docker, dockerd: FakeDockerd, data: Path, apphub: FakeContainer
) -> None:
    interest = Interest()
    found = read_sync(cockpit(), docker, interest)
    assert found == Readings(
        {"port": 9000},
        frozenset(),
        {"apphub": f"{data}/config.ini of container websoft9-apphub ({apphub.id[:12]}, created)"},
    )
    assert interest == Interest({data / "config.ini"}, poll=False, containers={"apphub": apphub.id})


def test_a_host_file_is_read_without_docker(docker: Docker, data: Path) -> None:
    interest = Interest()
    found = read_sync(cockpit(HostFile(data / "config.ini")), docker, interest)
    assert found.values == {"port": 9000}
    assert interest == Interest({data / "config.ini"})


def test_a_file_inside_the_container_has_to_be_polled(
    docker: Docker, dockerd: FakeDockerd, apphub: FakeContainer
) -> None:
    apphub.files["/etc/app.ini"] = CONFIG.encode()
    interest = Interest()
    found = read_sync(cockpit(ContainerFile(APPHUB, "/etc/app.ini")), docker, interest)
    assert found.values == {"port": 9000}
    assert interest.poll
    assert interest.watch == set()


def test_links_on_the_way_are_watched_too(docker: Docker, dockerd: FakeDockerd, data: Path) -> None:
    (data / "config.ini").rename(data / "real.ini")
    (data / "config.ini").symlink_to("current/../real.ini")
    (data / "current").symlink_to("/releases")
    (data / "releases").mkdir()
    interest = Interest()
    assert read_sync(cockpit(), docker, interest).values == {"port": 9000}
    assert interest.watch == {data / "config.ini", data / "current", data / "real.ini"}


@pytest.mark.parametrize("missing", ["config.ini", "sub/config.ini"])
def test_a_file_that_is_not_there_yet_is_watched_for(
    docker: Docker, dockerd: FakeDockerd, data: Path, missing: str
) -> None:
    (data / "config.ini").unlink()
    location = ContainerFile(APPHUB, missing, volume="websoft9_apphub_config")
    error, interest = failure(cockpit(location), docker)
    assert error.reason is Reason.FILE_ABSENT
    assert interest.watch == {data / missing.partition("/")[0]}


def test_a_link_to_a_file_of_the_host_is_not_followed_there(
    docker: Docker, dockerd: FakeDockerd, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.ini").write_text(CONFIG)
    (data / "config.ini").unlink()
    (data / "config.ini").symlink_to(tmp_path / "secret.ini")
    error, interest = failure(cockpit(), docker)
    assert error.reason is Reason.FILE_ABSENT
    assert all(path.is_relative_to(data) for path in interest.watch)


def test_an_absent_key_is_told_with_what_is_there(docker: Docker, dockerd: FakeDockerd, data: Path) -> None:
    (data / "config.ini").write_text("[cockpit]\nPort = 9000\nhost = h\n")
    error, _ = failure(cockpit(), docker)
    assert error.reason is Reason.KEY_ABSENT
    assert error.evidence == "cockpit has Port, host"
    assert error.hint == "did you mean `Port`? Keys are case-sensitive"


@pytest.mark.parametrize(
    ("text", "evidence", "hint"),
    [
        ("[cokpit]\nport=1", "the source has cokpit", "did you mean `cokpit`?"),
        ("", "the source is empty", ""),
        ("[cockpit]", "cockpit is empty", ""),
        ("[cockpit]\n" + "\n".join(f"key{n}=1" for n in range(10)), None, ""),
        ("[cockpit]\n" + "x" * 200 + " = 1", "cockpit has " + "x" * 40 + "…", ""),
    ],
    ids=["section", "file", "options", "many", "long"],
)
def test_what_is_there_instead_is_shown_within_bounds(
    docker: Docker, dockerd: FakeDockerd, data: Path, text: str, evidence: str | None, hint: str
) -> None:
    (data / "config.ini").write_text(text)
    error, _ = failure(cockpit(), docker)
    assert error.reason is Reason.KEY_ABSENT
    assert error.evidence == (
        evidence or "cockpit has key0, key1, key2, key3, key4, key5, key6, key7 and 2 more"
    )
    assert error.hint == hint


def test_a_default_is_used_for_an_absent_key_only_and_told(
    docker: Docker, dockerd: FakeDockerd, data: Path
) -> None:
    (data / "config.ini").write_text("[other]\na = 1\n")
    found = read_sync(cockpit(default=9090), docker, Interest())
    assert (found.values, found.defaulted) == ({"port": 9090}, frozenset({"port"}))
    (data / "config.ini").write_text("[cockpit]\nport = nine\n")
    assert failure(cockpit(default=9090), docker)[0].reason is Reason.VALUE_INVALID
    (data / "config.ini").unlink()
    assert failure(cockpit(default=9090), docker)[0].reason is Reason.FILE_ABSENT


def test_a_key_below_a_value_is_absent(docker: Docker, data: Path) -> None:
    file = data / "config.json"
    file.write_text(json.dumps({"cockpit": 9000}))
    error, _ = failure(cockpit(HostFile(file), Format.JSON), docker)
    assert error.evidence == "cockpit is a value, not a table"


def test_a_file_of_another_format_is_told_with_the_line(
    docker: Docker, dockerd: FakeDockerd, data: Path
) -> None:
    (data / "config.ini").write_text("port = hunter2\n")
    error, _ = failure(cockpit(), docker)
    assert error.reason is Reason.FORMAT_INVALID
    assert error.what == "source apphub is not valid INI"
    assert "line 1: an option before the first [section]" in error.evidence
    assert "hunter2" not in str(error)


def test_a_value_of_the_wrong_type_is_told(docker: Docker, dockerd: FakeDockerd, data: Path) -> None:
    (data / "config.ini").write_text("[cockpit]\nport = nine\n")
    error, _ = failure(cockpit(), docker)
    assert error.reason is Reason.VALUE_INVALID
    assert "'nine'" in error.evidence


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (Mode.HANG, Reason.DOCKER_HUNG),
        (Mode.REFUSE_VERSION, Reason.DOCKER_VERSION_REFUSED),
        (Mode.ERROR, Reason.DOCKER_ERROR),
    ],
)
def test_docker_is_judged_before_anything_else(
    docker: Docker, dockerd: FakeDockerd, mode: Mode, reason: Reason
) -> None:
    dockerd.mode = mode
    assert failure(cockpit(), docker)[0].reason is reason


def test_docker_that_is_down_is_told(docker: Docker) -> None:
    assert failure(cockpit(), docker)[0].reason is Reason.DOCKER_DOWN


def test_an_absent_container_and_volume_are_told(docker: Docker, dockerd: FakeDockerd) -> None:
    missing = ContainerFile(APPHUB, "config.ini", volume="other")
    assert failure(cockpit(missing), docker)[0].reason is Reason.MOUNT_ABSENT
    dockerd.containers.clear()
    assert failure(cockpit(), docker)[0].reason is Reason.CONTAINER_ABSENT


def test_what_the_other_sources_depend_on_is_known_when_the_first_fails(docker: Docker, data: Path) -> None:
    one = cockpit()
    sources = {**one.sources, "host": Source("host", HostFile(data / "config.ini"), Format.INI)}
    other = Value("other", "host", ("cockpit", "port"), ValueType.PORT)
    sync = Sync("two", "", sources, {**one.values, "other": other}, (), (), (), (), 300, ())
    error, interest = failure(sync, docker)
    assert error.reason is Reason.DOCKER_DOWN
    assert interest.watch == {data / "config.ini"}


def test_values_come_in_the_order_in_which_they_were_declared(docker: Docker, data: Path) -> None:
    sources = {name: Source(name, HostFile(data / "config.ini"), Format.INI) for name in ("b", "a")}
    values = {
        name: Value(name, source, ("cockpit", "port"), ValueType.PORT)
        for name, source in (("x", "a"), ("y", "b"), ("z", "a"))
    }
    sync = Sync("three", "", sources, values, (), (), (), (), 300, ())
    assert list(read_sync(sync, docker, Interest()).values) == ["x", "y", "z"]


def test_a_recreated_container_is_found_again(docker: Docker, dockerd: FakeDockerd, tmp_path: Path) -> None:
    read_sync(cockpit(), docker, Interest())
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "config.ini").write_text("[cockpit]\nport = 9100\n")
    mounts = [volume("websoft9_apphub_config", other, "/websoft9/apphub/src/config")]
    dockerd.containers[:] = [FakeContainer("websoft9-apphub", id="b" * 64, mounts=mounts)]
    interest = Interest()
    assert read_sync(cockpit(), docker, interest).values == {"port": 9100}
    assert interest.watch == {other / "config.ini"}
    assert interest.containers == {"apphub": "b" * 64}
