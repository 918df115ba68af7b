import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.board_agent import BoardAgent, sync
from portreeve.control.server import ControlServer
from portreeve.paths import Paths
from portreeve.reconcile.status import State


@pytest.fixture
def paths() -> Iterator[Paths]:
    """A root with a short name: a unix socket's path has at most 107 bytes (unix(7))."""
    with tempfile.TemporaryDirectory(prefix="pr") as folder:
        Path(folder).chmod(0o755)
        yield Paths(Path(folder))


@pytest.fixture
def agent() -> BoardAgent:
    return BoardAgent(sync("cockpit"), sync("proxy", State.WAITING))


@pytest.fixture
def server(agent: BoardAgent, paths: Paths) -> Iterator[ControlServer]:
    """A server that must leave no thread behind."""
    before = set(threading.enumerate())
    server = ControlServer(agent, paths)
    server.start()
    yield server
    agent.board.changes.close()
    server.stop()
    assert set(threading.enumerate()) <= before
