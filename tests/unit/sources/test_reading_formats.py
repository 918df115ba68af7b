"""A value reaches a sync from a file of every format; a hostile file is a named reason to wait."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portreeve.containers.connection import Docker
from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Format, Source, Sync, Value, ValueType
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import Reason, Waiting
from portreeve.sources.interest import Interest
from portreeve.sources.read import read_sync


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[Docker]:
    client = Docker(DockerSettings(tmp_path / "docker.sock", timeout=0.5))
    yield client
    client.close()


def read(docker: Docker, file: Path, format_: Format, key: str, **more: Any) -> Any:
    source = Source("app", HostFile(file), format_)
    port = Value("port", "app", tuple(key.split(".")) if key else (), ValueType.PORT, **more)
    sync = Sync("it", "", {"app": source}, {"port": port}, (), (), (), (), 300, ())
    return read_sync(sync, docker, Interest()).values["port"]


@pytest.mark.parametrize(
    ("format_", "text", "key"),
    [
        (Format.INI, "[cockpit]\nport = 9000\n", "cockpit.port"),
        (Format.JSON, '{"servers": [{"port": 80}, {"port": 9000}]}', "servers.1.port"),
        (Format.YAML, "servers:\n- port: 9000\n", "servers.0.port"),
        (Format.TOML, "[[servers]]\nport = 9000\n", "servers.0.port"),
        (Format.ENV, "PORT='9000'\n", "PORT"),
        (Format.PROPERTIES, "server.port: 9000\n", "server.port"),
        (
            Format.XML,
            "<Server><Connector port='80'/><Connector port='9000'/></Server>",
            "Server.Connector.1.@port",
        ),
        (Format.UNIT, "[Socket]\nListenStream=\nListenStream=9000\n", "Socket.ListenStream"),
    ],
)
def test_a_port_is_read_from_every_format(
    docker: Docker, tmp_path: Path, format_: Format, text: str, key: str
) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    assert read(docker, file, format_, key) == 9000


def test_a_port_is_found_in_a_text(docker: Docker, tmp_path: Path) -> None:
    file = tmp_path / "app.conf"
    file.write_text("# listen 80;\nlisten 9000;\n")
    assert read(docker, file, Format.TEXT, "", match=r"^listen (\d+);") == 9000


@pytest.mark.parametrize(
    ("format_", "data", "why"),
    [
        (Format.XML, b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/shadow'>]><a>&x;</a>", "a document type"),
        (Format.YAML, b"a: !!python/object/apply:os.system [hunter2]", "a tag"),
        (Format.YAML, b"a: &a [*a]", "an alias of nothing"),
        (Format.JSON, b'{"a":' * 10_000, "nested too deep"),
        (Format.PROPERTIES, b"hunter2=\\u00", "four hexadecimal digits"),
        (Format.UNIT, b"[a]\nhunter2\n", "Key=value"),
        (Format.INI, b"[a]\nhunter2\n more\n", "neither"),
        (Format.TEXT, b"hunter2\xff", "not UTF-8"),
        (Format.ENV, b"hunter2\0", "a NUL byte"),
    ],
)
def test_a_hostile_file_is_a_reason_to_wait_that_does_not_show_it(
    docker: Docker, tmp_path: Path, format_: Format, data: bytes, why: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    with pytest.raises(Waiting) as caught:
        read(docker, file, format_, "a")
    assert caught.value.reason is Reason.FORMAT_INVALID
    assert why in caught.value.evidence
    assert "hunter2" not in f"{caught.value} {caught.value.evidence} {caught.value.hint}"
