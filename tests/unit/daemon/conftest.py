"""Agents as processes, each with a root of its own."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from fakes.agent_process import AgentProcess, prepare


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with one sync of one target."""
    return prepare(tmp_path)


@pytest.fixture
def start(root: Path) -> Iterator[Callable[..., AgentProcess]]:
    """Starts agents, which end with the test."""
    started: list[AgentProcess] = []

    def begin(watchdog: float | None = None, environment: Mapping[str, str] | None = None) -> AgentProcess:
        running = AgentProcess(root, watchdog, environment)
        started.append(running)
        return running

    yield begin
    for running in started:
        running.stop(signal.SIGKILL)
