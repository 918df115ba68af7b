"""Commands that ask the agent start fast: what takes long to import is not imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AGENT = str(Path(__file__).parents[3] / "agent")
HEAVY = {
    "asyncio",
    "difflib",
    "docker",
    "http.client",
    "http.server",
    "jeepney",
    "jinja2",
    "prometheus_client",
    "pydantic",
    "re2",
    "rich",
    "tomllib",
    "watchdog",
}


@pytest.mark.parametrize(
    "name",
    [
        *("main", "status", "explain", "sync", "diff", "wait", "history", "rollback", "doctor"),
        *("containers", "services", "hook"),
    ],
)
def test_nothing_heavy_is_imported(name: str) -> None:
    code = f"import sys, portreeve.cli.main, portreeve.cli.{name}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": AGENT},
        capture_output=True,
        text=True,
        check=True,
    )
    assert HEAVY & set(done.stdout.split()) == set()


def test_help_imports_no_command() -> None:
    code = "import sys; from portreeve.cli.main import run; run(['--help']); print('MODULES', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": AGENT},
        capture_output=True,
        text=True,
        check=True,
    )
    modules = done.stdout.split("MODULES")[1].split()
    assert not [name for name in modules if name in {"portreeve.cli.status", "portreeve.control.client"}]
    assert HEAVY & set(modules) == set()
