from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.dockerd import FakeDockerd
from portreeve.containers.connection import Docker
from portreeve.definitions.settings import DockerSettings


@pytest.fixture
def settings(tmp_path: Path) -> DockerSettings:
    return DockerSettings(tmp_path / "docker.sock", timeout=0.5)


@pytest.fixture
def dockerd(settings: DockerSettings) -> Iterator[FakeDockerd]:
    with FakeDockerd(settings.socket) as fake:
        yield fake


@pytest.fixture
def docker(settings: DockerSettings) -> Iterator[Docker]:
    client = Docker(settings)
    yield client
    client.close()
