"""A search path of its own for each test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from unit.definitions.folders import GOOD_SYNC, Host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def only_problem(host: Host) -> Callable[[str, str], tuple[str, str]]:
    """The message and hint of the one mistake that a change of the good sync makes."""

    def change(old: str, new: str) -> tuple[str, str]:
        assert old in GOOD_SYNC
        host.sync(GOOD_SYNC.replace(old, new))
        (problem,) = host.load().problems
        assert problem.line > 0
        assert problem.text
        return problem.message, problem.hint

    return change
