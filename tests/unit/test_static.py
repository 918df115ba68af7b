"""Linters, types, the direction of imports, shell scripts and spelling: warnings are errors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent
WEBSOFT9 = TOP / "tests/host/websoft9"
SHELL_SCRIPTS = [
    *("install.sh", "tests/run", "tests/environment", "release/build", ".ci/run"),
    *(f"debian/{name}" for name in ("preinst", "postinst", "prerm", "postrm")),
    *(str(file.relative_to(TOP)) for file in WEBSOFT9.glob("*/*") if not file.suffix),
]


def holds(*argv: str, timeout: float = 300) -> None:
    """Run a tool on the checkout; what it prints is the failure."""
    ran = subprocess.run(
        argv,
        cwd=TOP,
        env=os.environ | {"PYTHONPATH": "agent"},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if ran.returncode != 0:
        pytest.fail(f"{' '.join(argv)}\n{ran.stdout}{ran.stderr}", pytrace=False)


def test_ruff_finds_nothing() -> None:
    holds(str(TOOLS / "ruff"), "check", "--no-cache", ".")


def test_the_code_is_formatted() -> None:
    holds(str(TOOLS / "ruff"), "format", "--no-cache", "--check", ".")


@pytest.mark.timeout(300)
def test_types_hold_strictly() -> None:
    holds(str(TOOLS / "mypy"), "--cache-dir", "/dev/null")


def test_imports_point_one_way() -> None:
    holds(str(TOOLS / "lint-imports"), "--no-cache")


def test_shell_scripts_are_sound() -> None:
    holds(str(TOOLS / "shellcheck"), "--severity", "style", *SHELL_SCRIPTS)


def test_words_are_spelled_right() -> None:
    shipped = ("agent", "units", "templates", "examples", "profiles")
    holds(str(TOOLS / "codespell"), *shipped, "release", "tests", "docs", "README.md")


def test_no_module_is_longer_than_300_lines() -> None:
    long = {
        str(module.relative_to(TOP)): lines
        for module in (TOP / "agent").rglob("*.py")
        if (lines := len(module.read_text().splitlines())) > 300
    }
    assert long == {}


def test_every_room_says_in_a_sentence_what_it_is_for() -> None:
    silent = [
        str(room.relative_to(TOP))
        for room in (TOP / "agent/portreeve").rglob("__init__.py")
        if not room.read_text().startswith('"""')
    ]
    assert silent == []


def test_the_lock_file_matches_what_is_declared() -> None:
    holds(
        str(TOOLS / "uv"),
        "pip",
        "install",
        "--dry-run",
        "--offline",
        "--python",
        sys.executable,
        "--no-deps",
        "--require-hashes",
        "--requirements",
        "requirements.lock",
    )
