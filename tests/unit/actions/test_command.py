"""Programs of the host that make files effective: real ones."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portreeve.actions.command import run_command
from portreeve.definitions.steps import Command
from portreeve.errors import Failed, PortreeveError, Reason, Waiting


def failure(*command: str, timeout: float = 10.0) -> PortreeveError:
    with pytest.raises((Failed, Waiting)) as caught:
        run_command(Command(command, timeout=timeout))
    return caught.value


def test_a_program_that_ends_with_status_0_did_its_work(tmp_path: Path) -> None:
    run_command(Command(("touch", str(tmp_path / "done"))))
    assert (tmp_path / "done").exists()


def test_a_program_that_ends_otherwise_is_named_with_what_it_printed() -> None:
    error = failure("sh", "-c", "echo first; echo 'no such upstream' >&2; exit 3")
    assert error.reason is Reason.ACTION_FAILED
    assert error.what.endswith("ended with exit status 3")
    assert error.evidence == "first\nno such upstream"


def test_no_shell_looks_at_the_arguments() -> None:
    error = failure(sys.executable, "-c", "import sys; sys.exit(sys.argv[1])", "$(id) && `id`; $HOME *")
    assert error.evidence == "$(id) && `id`; $HOME *"


def test_a_program_that_is_not_there_is_waited_for() -> None:
    error = failure("portreeve-no-such-program")
    assert (type(error), error.reason) == (Waiting, Reason.PROGRAM_ABSENT)


def test_a_file_that_cannot_be_executed_is_waited_for(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("echo no interpreter\n")
    assert failure(str(script)).reason is Reason.PROGRAM_ABSENT
    script.chmod(0o755)
    error = failure(str(script))
    assert (error.reason, "Exec format error" in error.evidence) == (Reason.PROGRAM_ABSENT, True)


def test_a_program_that_takes_too_long_is_killed_with_all_that_it_started(
    tmp_path: Path, eventually: Callable[[Callable[[], object], str], None]
) -> None:
    pids = tmp_path / "pids"
    error = failure("sh", "-c", f"sleep 60 & echo $! >{pids}; wait", timeout=0.3)
    assert (error.reason, "did not end in time" in error.what) == (Reason.ACTION_FAILED, True)
    child = int(pids.read_text())
    eventually(lambda: not _alive(child), "the program's child is gone")


def test_a_program_that_leaves_another_behind_with_its_output_has_ended(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    began = time.monotonic()
    run_command(Command(("sh", "-c", f"sleep 20 & echo $! >{pids}"), timeout=10))
    assert time.monotonic() - began < 5
    os.kill(int(pids.read_text()), signal.SIGKILL)


def test_what_a_program_prints_is_bounded_and_its_end_is_kept() -> None:
    error = failure("sh", "-c", "yes 0123456789 | head -c 50000000; echo; echo the end; exit 1")
    assert error.evidence.endswith("\nthe end")
    assert len(error.evidence) < 20_000


def test_a_program_gets_nothing_of_the_agents_environment_that_means_the_agent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY", "LISTEN_FDS", "PORTREEVE_ROOT"):
        monkeypatch.setenv(name, "of the agent")
    names = failure("sh", "-c", "env; exit 1").evidence
    assert "of the agent" not in names
    assert f"PATH={os.environ['PATH']}" in names


def test_a_program_that_is_ended_by_a_signal_says_which() -> None:
    assert "SIGKILL" in failure("sh", "-c", f"kill -{signal.SIGKILL} $$").what


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
