import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.board_agent import BoardAgent
from portreeve.cli.main import run
from portreeve.control.server import ControlServer
from portreeve.paths import Paths

Portreeve = Callable[..., tuple[int, str, str]]


@pytest.fixture
def paths(monkeypatch: pytest.MonkeyPatch) -> Iterator[Paths]:
    """A root with a short name (a unix socket's path has at most 107 bytes), and the time zone UTC."""
    with tempfile.TemporaryDirectory(prefix="pr") as folder:
        monkeypatch.setenv("PORTREEVE_ROOT", folder)
        monkeypatch.setenv("TZ", "UTC")
        time.tzset()
        yield Paths(Path(folder))
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def agent() -> BoardAgent:
    return BoardAgent()


@pytest.fixture
def server(agent: BoardAgent, paths: Paths) -> Iterator[ControlServer]:
    server = ControlServer(agent, paths)
    server.start()
    yield server
    agent.board.changes.close()
    server.stop()


@pytest.fixture
def portreeve(paths: Paths, capsys: pytest.CaptureFixture[str]) -> Portreeve:
    """Runs a command line; gives its exit code, its output and its errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
