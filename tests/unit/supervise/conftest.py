from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.dockerd import FakeDockerd
from portreeve.containers.connection import Docker
from portreeve.definitions.settings import DockerSettings
from portreeve.reconcile.database import Database

from .house import House


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
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state.db")
    yield database
    database.close()


@pytest.fixture
def house(docker: Docker, database: Database) -> House:
    return House(docker, database)
