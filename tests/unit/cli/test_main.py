"""The program as a whole: help, errors, interruption, completion."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from fakes.board_agent import BoardAgent, container, service, sync
from portreeve import __version__
from portreeve.cli.main import SUMMARIES, cli, run
from portreeve.control.server import ControlServer
from portreeve.paths import Paths

from .conftest import Portreeve

AGENT = str(Path(__file__).parents[3] / "agent")
ASKING = ("status", "explain", "sync", "diff", "wait", "history", "rollback", "doctor")
GROUPED = (
    *(("containers", verb) for verb in ("list", "start", "stop", "reset", "recreate")),
    *(("services", verb) for verb in ("list", "reset")),
)


def test_the_version_is_told(portreeve: Portreeve) -> None:
    assert portreeve("--version") == (0, f"portreeve {__version__}\n", "")


def test_help_lists_every_command(portreeve: Portreeve) -> None:
    code, out, _ = portreeve("--help")
    assert code == 0
    assert all(f"\n  {name} " in out for name in SUMMARIES)


@pytest.mark.parametrize("words", [*((name,) for name in ASKING), *GROUPED], ids=" ".join)
def test_every_command_has_an_example_and_two_outputs(portreeve: Portreeve, words: tuple[str, ...]) -> None:
    code, out, _ = portreeve(*words, "--help")
    assert code == 0
    assert "Example: " in out
    assert "--output [text|json]" in out


def test_a_misspelt_command_gets_a_suggestion(portreeve: Portreeve) -> None:
    assert portreeve("stauts") == (
        2,
        "",
        "error: there is no command `stauts`\n  hint: did you mean `status`?\n",
    )


def test_a_wrong_option_is_a_usage_error(portreeve: Portreeve) -> None:
    code, _, err = portreeve("status", "--colour")
    assert code == 2
    assert err.splitlines()[0].startswith("error: no such option")
    assert err.splitlines()[-1] == "  hint: portreeve status --help"


@pytest.mark.parametrize("words", [(), ("units",), ("containers",), ("services",)])
def test_without_a_command_the_help_is_shown_as_an_error(
    portreeve: Portreeve, words: tuple[str, ...]
) -> None:
    code, out, err = portreeve(*words)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: portreeve ")
    assert "hint:" not in err


@pytest.mark.parametrize("group", ["units", "containers", "services"])
def test_no_summary_of_a_command_is_cut_off(portreeve: Portreeve, group: str) -> None:
    assert "..." not in portreeve(group, "--help")[1].partition("Commands:")[2]


class Command(click.Command):
    """A command that ends in an exception."""

    def __init__(self, error: BaseException) -> None:
        super().__init__("explain")
        self.error = error

    def invoke(self, ctx: click.Context) -> None:  # noqa: ARG002
        raise self.error


@pytest.fixture
def explain_raises(monkeypatch: pytest.MonkeyPatch) -> type[Command]:
    class Installed(Command):
        def __init__(self, error: BaseException) -> None:
            super().__init__(error)
            monkeypatch.setattr("portreeve.cli.explain.command", self)

    return Installed


def test_a_mistake_of_ours_is_one_error_without_a_traceback(
    explain_raises: type[Command], portreeve: Portreeve
) -> None:
    explain_raises(ZeroDivisionError("division by zero"))
    code, _, err = portreeve("explain")
    assert code == 1
    assert err == (
        "error: portreeve made a mistake\n  ZeroDivisionError: division by zero\n"
        "  hint: run it again as `portreeve --debug …` and report what it shows\n"
    )


def test_a_file_that_is_not_ours_to_open_is_a_refusal(
    explain_raises: type[Command], portreeve: Portreeve
) -> None:
    explain_raises(PermissionError(13, "Permission denied", "/var/lib/portreeve/lock"))
    code, _, err = portreeve("explain")
    assert code == 5
    assert err == (
        "error: not allowed\n  [Errno 13] Permission denied: '/var/lib/portreeve/lock'\n"
        "  hint: it is for root: run the command with sudo\n"
    )


def test_debug_shows_the_traceback(explain_raises: type[Command], portreeve: Portreeve) -> None:
    explain_raises(ZeroDivisionError("division by zero"))
    assert "Traceback (most recent call last)" in portreeve("--debug", "explain")[2]
    assert "Unreachable" in portreeve("--debug", "status")[2]


def test_ctrl_c_ends_it_as_a_shell_expects(explain_raises: type[Command]) -> None:
    explain_raises(KeyboardInterrupt())
    assert run(["explain"]) == 130


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portreeve", *arguments],
        env={**os.environ, "PYTHONPATH": AGENT, **environment},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def test_a_reader_that_went_away_is_no_error(server: ControlServer, agent: BoardAgent, paths: Paths) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "portreeve", "status"],
        env={**os.environ, "PYTHONPATH": AGENT},
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert done.stderr == b""


def test_output_that_cannot_be_written_is_a_failure_told_once(
    server: ControlServer, agent: BoardAgent, paths: Paths
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "portreeve", "status"],
            env={**os.environ, "PYTHONPATH": AGENT},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: no space left on device\n"


def test_a_terminal_without_unicode_is_no_error(
    server: ControlServer, agent: BoardAgent, paths: Paths
) -> None:
    agent.board.post(sync("a", values={"arrow": "→"}))
    done = program("status", PYTHONIOENCODING="iso-8859-15")
    assert done.returncode == 0
    assert "arrow=?" in done.stdout


def completions(words: str, at: int) -> list[str]:
    done = program(_PORTREEVE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(at))
    assert done.stderr == ""
    return [line.split(",")[1] for line in done.stdout.splitlines() if line]


def test_commands_are_completed(paths: Paths) -> None:
    assert completions("portreeve st", 1) == ["status"]


def test_names_are_completed_by_asking_the_agent(
    server: ControlServer, agent: BoardAgent, paths: Paths
) -> None:
    agent.board.post(sync("cockpit"))
    agent.board.post(sync("proxy"))
    assert completions("portreeve explain co", 2) == ["cockpit"]
    assert completions("portreeve wait ", 2) == ["all", "docker", "sync:cockpit", "sync:proxy"]


def test_a_target_is_completed_after_its_colon_as_bash_asks_for_it(
    server: ControlServer, agent: BoardAgent, paths: Paths
) -> None:
    agent.board.post(sync("cockpit"))
    agent.board.post(sync("proxy"))
    assert completions("portreeve wait sync :", 3) == ["cockpit", "proxy"]
    assert completions("portreeve wait docker sync : co", 5) == ["cockpit"]


def test_targets_of_each_kind_are_completed(server: ControlServer, agent: BoardAgent, paths: Paths) -> None:
    agent.board.post(sync("cockpit"))
    agent.containers.post(container("db"))
    agent.services.post(service("daemon"))
    everything = ["all", "docker", "sync:cockpit", "container:db", "service:daemon"]
    assert completions("portreeve wait ", 2) == everything
    assert completions("portreeve wait container :", 3) == ["db"]
    assert completions("portreeve wait docker service : da", 5) == ["daemon"]
    assert completions("portreeve wait docker --for ex", 4) == ["exists", "exited=0"]


def test_without_an_agent_no_name_is_completed(paths: Paths) -> None:
    assert completions("portreeve explain co", 2) == []


def test_colours_are_for_terminals_and_not_with_no_color(
    server: ControlServer, agent: BoardAgent, paths: Paths
) -> None:
    agent.board.post(sync("a"))

    def on_a_terminal(**environment: str) -> bytes:
        leader, follower = os.openpty()
        subprocess.run(
            [sys.executable, "-m", "portreeve", "status"],
            env={**os.environ, "PYTHONPATH": AGENT, **environment},
            stdout=follower,
            check=True,
        )
        os.close(follower)
        said = os.read(leader, 65536)
        os.close(leader)
        return said

    assert b"\x1b[32min step\x1b[0m" in on_a_terminal()
    assert b"\x1b" not in on_a_terminal(NO_COLOR="1")


def test_progress_on_a_terminal_shows_changes_too(
    server: ControlServer, agent: BoardAgent, paths: Paths
) -> None:
    agent.board.post(sync("a", description="[bold]not markup[/bold]"))
    agent.after_request["a"] = sync("a")
    leader, follower = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "portreeve", "sync"],
        env={**os.environ, "PYTHONPATH": AGENT, "NO_COLOR": "1", "TERM": "xterm"},
        stdout=follower,
        stderr=follower,
        check=False,
    )
    os.close(follower)
    said = os.read(leader, 65536)
    os.close(leader)
    assert done.returncode == 0
    assert b"a: in step" in said


def test_the_group_knows_all_names() -> None:
    assert cli.list_commands(click.Context(cli)) == list(SUMMARIES)
