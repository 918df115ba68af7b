"""``sync``, ``diff``, ``history`` and ``rollback`` against an agent on real sockets."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.board_agent import STARTED, BoardAgent, sync
from portreeve.cli.history import report
from portreeve.control.server import ControlServer
from portreeve.definitions.problems import Problem
from portreeve.errors import Misuse, Reason
from portreeve.paths import Paths
from portreeve.reconcile.status import FileDiff, GenerationInfo, Preview, State, Trouble

from .conftest import Portreeve

NO_DOCKER = Trouble(Reason.DOCKER_DOWN, "Docker is down")
CHECK = Trouble(Reason.CHECK_FAILED, "nginx -t refused it", "line 3", "mend the template")
DIFF = "--- /etc/a (now)\n+++ /etc/a (wanted)\n@@ -1 +1 @@\n-port 1\n+port 2\n"


@pytest.mark.parametrize(
    ("state", "trouble", "code", "last"),
    [
        (State.IN_STEP, None, 0, "a: in step"),
        (State.FAILED, CHECK, 1, "a: failed: nginx -t refused it"),
        (State.WAITING, CHECK, 3, "a: waiting: nginx -t refused it"),
        (State.WAITING, NO_DOCKER, 4, "a: waiting: Docker is down"),
    ],
)
def test_sync_shows_changes_and_its_exit_code_the_outcome(
    server: ControlServer,
    agent: BoardAgent,
    portreeve: Portreeve,
    state: State,
    trouble: Trouble | None,
    code: int,
    last: str,
) -> None:
    agent.board.post(sync("a", State.PENDING))
    agent.after_request["a"] = sync("a", state, trouble=trouble)
    assert portreeve("sync", "a") == (code, f"{last}\n", "")
    assert agent.requests == [("sync", "a")]


def test_sync_without_names_is_about_all(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    for name in ("a", "b"):
        agent.board.post(sync(name))
        agent.after_request[name] = sync(name)
    assert portreeve("sync")[1] == "a: in step\nb: in step\n"
    assert agent.requests == [("sync",)]


def test_sync_of_all_fails_while_a_definition_has_problems(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a"))
    agent.after_request["a"] = sync("a")
    problem = Problem(Path("/etc/portreeve/syncs.d/b.toml"), 3, "no such key")
    agent.problems = (problem.to_json(),)
    said = "1 problem in definitions (`portreeve check` shows the lines, and what to do)\n"
    assert portreeve("sync") == (1, "a: in step\n", said)
    assert portreeve("sync", "a") == (0, "a: in step\n", "")


def test_what_was_said_of_a_sync_is_not_said_again(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a"))
    agent.after_request["a"] = sync("a")
    assert portreeve("sync", "a") == (0, "a: in step\n", "")


@pytest.mark.parametrize("words", [("sync",), ("sync", "--dry-run"), ("rollback", "--all")])
def test_without_syncs_it_says_so(
    server: ControlServer, portreeve: Portreeve, words: tuple[str, ...]
) -> None:
    assert portreeve(*words) == (0, "no syncs: none in /etc/portreeve/syncs.d\n", "")


def test_a_diff_without_syncs_is_a_comment(server: ControlServer, portreeve: Portreeve) -> None:
    assert portreeve("diff") == (0, "# no syncs: none in /etc/portreeve/syncs.d\n", "")


def test_sync_gives_up_when_its_time_is_over(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a", State.WAITING))
    assert portreeve("sync", "--timeout", "10ms")[0] == 3


def test_sync_as_json_is_a_line_for_each_change(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a"))
    agent.after_request["a"] = sync("a")
    first, last = map(json.loads, portreeve("sync", "--output", "json")[1].splitlines())
    assert first["sync"]["name"] == "a"
    assert last == {"result": "done", "pending": []}


def test_sync_says_when_the_agent_stops(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a", State.WAITING))
    agent.board.changes.close()
    code, _, err = portreeve("sync")
    assert (code, err.splitlines()[0]) == (4, "error: the agent stopped before it was done")


def test_a_dry_run_tells_the_plan_and_asks_for_nothing(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a", targets=("/etc/a",)))
    agent.previews["a"] = Preview("a", "write 1 file, then restart a.service", (FileDiff("/etc/a", DIFF),))
    assert portreeve("sync", "--dry-run") == (0, "a: write 1 file, then restart a.service\n", "")
    assert agent.requests == []


def test_diff_is_what_patch_reads(server: ControlServer, agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.board.post(sync("a"))
    agent.previews["a"] = Preview("a", "write 1 file", (FileDiff("/etc/a", DIFF), FileDiff("/etc/b", "")))
    assert portreeve("diff", "a") == (0, f"# a: write 1 file\n{DIFF}", "")


def test_diff_says_when_nothing_can_be_said(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a", targets=("/etc/a",)))
    agent.previews["a"] = Preview("a", "nothing is written: nginx -t refused it", (), CHECK)
    assert portreeve("diff") == (
        3,
        "# a: nothing is written: nginx -t refused it\n#   line 3\n#   hint: mend the template\n",
        "",
    )


def test_diff_without_docker_is_about_docker(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a", targets=("/etc/a",)))
    agent.previews["a"] = Preview("a", "what is in force stays: Docker is down", (), NO_DOCKER)
    assert portreeve("diff")[0] == 4


def test_diff_passes_over_what_has_no_content(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a", State.BROKEN))
    agent.board.post(sync("b", State.UNDECLARED))
    agent.board.post(sync("c", State.HELD))
    assert portreeve("diff", "--output", "json") == (0, "[]\n", "")


HISTORY = (
    GenerationInfo(3, STARTED + 170, "restored", "not listening", {"port": "9100"}, ("/etc/a",), False),
    GenerationInfo(2, STARTED, "verified", "", {"port": "9000"}, ("/etc/a",), True),
    GenerationInfo(0, STARTED, "baseline", "", {}, ("/etc/a",), False),
)


def test_history_shows_what_is_in_force() -> None:
    assert (
        "\n".join(report(HISTORY, STARTED + 180))
        == """\
   GENERATION  WRITTEN  OUTCOME   VALUES     NOTE
   3           10s ago  restored  port=9100  not listening
*  2           3m ago   verified  port=9000
   0           3m ago   baseline  -"""
    )


def test_history_shows_of_a_long_note_as_much_as_can_be_read() -> None:
    noted = GenerationInfo(1, STARTED, "restored", "nginx: \n" + "[emerg] " * 100, {}, (), False)
    (_, line) = report((noted,), STARTED)
    assert len(line) < 160
    assert line.endswith("[emerg]…")


def test_history_of_nothing_says_so(server: ControlServer, agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.board.post(sync("a"))
    assert portreeve("history", "a") == (0, "nothing was written yet\n", "")


def test_history_as_json(server: ControlServer, agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.board.post(sync("a"))
    agent.histories["a"] = HISTORY
    data = json.loads(portreeve("history", "a", "--output", "json")[1])
    assert [entry["number"] for entry in data["generations"]] == [3, 2, 0]


def test_sync_holds_what_is_in_force(server: ControlServer, agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.board.post(sync("a"))
    agent.after_request["a"] = sync("a", State.HELD)
    assert portreeve("sync", "--hold", "a") == (0, "a: held\n", "")
    assert agent.requests == [("hold", "a")]


@pytest.mark.parametrize("arguments", [[], ["a", "--dry-run"]])
def test_a_hold_of_something_unclear_is_refused(portreeve: Portreeve, arguments: list[str]) -> None:
    assert portreeve("sync", "--hold", *arguments)[0] == 2


def test_rollback_puts_a_generation_back(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    agent.board.post(sync("a"))
    agent.after_request["a"] = sync("a", State.HELD)
    assert portreeve("rollback", "a", "--to", "1") == (0, "a: held\n", "")
    assert agent.requests == [("rollback", "a", 1)]


def test_rollback_of_all_goes_on_after_one_that_does_not_work(
    server: ControlServer, agent: BoardAgent, portreeve: Portreeve
) -> None:
    for name in ("a", "b", "c"):
        agent.board.post(sync(name))
    agent.after_request = {"b": sync("b", State.FAILED), "c": sync("c", State.HELD)}
    agent.refused["a"] = Misuse(Reason.UNKNOWN_NAME, "a has no generation 7")
    code, out, err = portreeve("rollback", "--all", "--to", "7")
    assert code == 1
    assert out == "b: failed\nc: held\n"
    assert err == "error: a has no generation 7\n"


def test_a_hold_is_said_once(server: ControlServer, agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.board.post(sync("a"))
    agent.after_request["a"] = sync("a", State.HELD, trouble=Trouble(Reason.HELD, "held at generation 1"))
    assert portreeve("rollback", "a") == (0, "a: held at generation 1\n", "")


@pytest.mark.parametrize("arguments", [[], ["a", "--all"], ["--all", "--to", "-1"], ["a", "--to", "x"]])
def test_rollback_of_something_unclear_is_refused(portreeve: Portreeve, arguments: list[str]) -> None:
    assert portreeve("rollback", *arguments)[0] == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_who_is_not_root_is_told_to_use_sudo(server: ControlServer, paths: Paths) -> None:
    paths.root.chmod(0o755)
    code = "import os, sys; os.setuid(65534); from portreeve.cli.main import run; sys.exit(run(['sync']))"
    agent_folder = str(Path(__file__).parents[3] / "agent")
    environment = {**os.environ, "PYTHONPATH": agent_folder, "PORTREEVE_ROOT": str(paths.root)}
    # The modules are imported before the user changes: the checkout may be root's alone.
    code = "import portreeve.cli.main, portreeve.cli.sync, portreeve.cli.progress; " + code
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    assert done.stderr.splitlines()[0] == "error: not allowed to ask the agent"
    assert done.stderr.splitlines()[2] == "  hint: it is for root: run the command with sudo"
