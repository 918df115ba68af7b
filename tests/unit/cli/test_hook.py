"""``portreeve hook``: it leaves its mark, tells one line, and never ends another package's transaction."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from fakes.board_agent import sync
from fakes.hook_agent import hook_agent
from fakes.nobody import nobody
from portreeve.cli import hook
from portreeve.control.codec import to_json
from portreeve.errors import Reason
from portreeve.paths import Paths
from portreeve.reconcile.status import State, Trouble
from portreeve.upgrade.mark import Event, Mark
from portreeve.upgrade.marks import Marks
from unit.cli.conftest import Portreeve

AGENT = str(Path(__file__).parents[3] / "agent")
PRE = ("hook", "pre-upgrade", "--package", "cockpit-ws", "--version", "300")
POST = ("hook", "post-upgrade", "--package", "cockpit-ws", "--version", "300")
DONE = {"result": "done", "pending": []}


@pytest.fixture(autouse=True)
def no_variables_of_dpkg(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DPKG_ROOT", "DPKG_ADMINDIR", "SYSTEMD_OFFLINE"):
        monkeypatch.delenv(name, raising=False)


def touched(event: str, *syncs: str, services: tuple[str, ...] = ()) -> dict[str, Any]:
    found = {"package": "cockpit-ws", "event": event, "syncs": list(syncs), "services": list(services)}
    return {"hook": found}


def line(status: Any) -> dict[str, Any]:
    return {"sync": to_json(status)}


COCKPIT = sync("cockpit", values={"port": "9000"})
WAITING = sync(
    "cockpit",
    State.WAITING,
    trouble=Trouble(Reason.CONTAINER_STOPPED, "container websoft9-apphub is stopped"),
)


def marks(paths: Paths) -> tuple[Mark, ...]:
    return Marks(paths.pending).read()


def test_what_was_kept_is_told_in_one_line_on_standard_error(portreeve: Portreeve, paths: Paths) -> None:
    with hook_agent(paths, touched("post-upgrade", "cockpit"), line(COCKPIT), DONE) as requests:
        code, out, err = portreeve(*POST)
    assert (code, out) == (0, "")
    assert err == "portreeve: cockpit-ws 300: cockpit keeps port = 9000, verified\n"
    assert b"POST /v1/hooks?timeout=" in requests[0]
    assert b'{"package": "cockpit-ws"}' in requests[0]


def test_before_it_tells_what_is_left_alone_with_the_values_in_force(
    portreeve: Portreeve, paths: Paths
) -> None:
    with hook_agent(paths, touched("pre-upgrade", "cockpit"), line(COCKPIT), DONE):
        code, out, err = portreeve(*PRE)
    assert (code, out) == (0, "")
    assert err == "portreeve: cockpit-ws 300: cockpit (port = 9000) is left alone until that is done\n"


def test_what_the_agent_says_was_kept_is_told_as_it_says_it(portreeve: Portreeve, paths: Paths) -> None:
    done = {**DONE, "kept": "cockpit-ws 300: cockpit keeps port = 9000, verified"}
    with hook_agent(paths, touched("post-upgrade", "cockpit"), done):
        _, _, err = portreeve("hook", "post-upgrade", "--package", "cockpit-ws")
    assert err == "portreeve: cockpit-ws 300: cockpit keeps port = 9000, verified\n"


def test_guarded_services_are_left_alone_too(portreeve: Portreeve, paths: Paths) -> None:
    with hook_agent(paths, touched("pre-upgrade", services=("web", "panel")), DONE):
        _, _, err = portreeve(*PRE)
    assert err == "portreeve: cockpit-ws 300: web, panel are left alone until that is done\n"


def test_nothing_is_told_of_a_package_that_touches_nothing(portreeve: Portreeve, paths: Paths) -> None:
    with hook_agent(paths, touched("post-upgrade"), DONE):
        assert portreeve(*POST) == (0, "", "")


def test_what_is_not_in_step_is_told_with_its_reason(portreeve: Portreeve, paths: Paths) -> None:
    with hook_agent(paths, touched("post-upgrade", "cockpit", "web"), line(WAITING), {"result": "not-yet"}):
        code, out, err = portreeve(*POST)
        assert portreeve(*POST, "--strict")[0] == 3
    assert (code, out) == (0, "")
    assert err == (
        "portreeve: cockpit-ws 300: cockpit is waiting: container websoft9-apphub is stopped; "
        "web was not looked at yet\n"
    )


def test_the_mark_is_on_the_disk_before_the_agent_is_told(portreeve: Portreeve, paths: Paths) -> None:
    portreeve(*PRE)
    before = marks(paths)
    assert [(mark.package, mark.event, mark.version) for mark in before] == [
        ("cockpit-ws", Event.PRE_UPGRADE, "300")
    ]
    assert before[0].until - before[0].since == 900
    assert before[0].holds(time.time(), before[0].boot)
    portreeve(*POST)
    after = marks(paths)
    assert [mark.event for mark in after] == [Event.POST_UPGRADE]
    assert after[0].since == before[0].since
    assert not after[0].holds(time.time(), after[0].boot)


def test_a_mark_of_files_that_changed_names_no_package(portreeve: Portreeve, paths: Paths) -> None:
    code, out, _ = portreeve("hook", "triggered")
    assert (code, out) == (0, "")
    assert [(mark.package, mark.event) for mark in marks(paths)] == [("", Event.TRIGGERED)]


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [("SYSTEMD_OFFLINE", "1", "SYSTEMD_OFFLINE is set"), ("DPKG_ROOT", "{root}/image", "the system below")],
)
def test_where_the_agent_is_not_that_of_the_package_only_the_mark_is_left(
    portreeve: Portreeve, paths: Paths, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, why: str
) -> None:
    monkeypatch.setenv(variable, value.format(root=paths.root))
    with hook_agent(paths, touched("post-upgrade", "cockpit"), line(COCKPIT), DONE) as requests:
        code, out, err = portreeve(*POST)
        assert portreeve(*POST, "--strict")[0] == 3
        assert portreeve(*PRE, "--strict")[0] == 0
    assert (code, out, requests) == (0, "", [])
    assert why in err
    place = Paths(paths.root / "image") if variable == "DPKG_ROOT" else paths
    assert len(marks(place)) == 1


def test_a_timeout_of_nothing_only_leaves_the_mark(portreeve: Portreeve, paths: Paths) -> None:
    with hook_agent(paths) as requests:
        code, out, _ = portreeve(*POST, "--timeout", "0")
    assert (code, out, requests) == (0, "", [])
    assert len(marks(paths)) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("hook",),
        ("hook", "post-updrage", "--package", "a"),
        ("hook", "pre-install"),
        ("hook", "pre-install", "--package"),
        ("hook", "pre-install", "--package", "-x"),
        ("hook", "pre-install", "--package", "../../etc/passwd"),
        ("hook", "pre-install", "--package", "a", "b"),
        ("hook", "pre-install", "--package", "a", "--timeout", "soon"),
        ("hook", "triggered", "--package", "a"),
        ("hook", "pre-install", "--package", "a", "--frobnicate"),
    ],
)
def test_wrong_usage_is_told_and_fails_nothing_unless_it_is_to_be_strict(
    portreeve: Portreeve, paths: Paths, arguments: tuple[str, ...]
) -> None:
    code, out, err = portreeve(*arguments)
    assert (code, out) == (0, "")
    assert err.startswith("portreeve: ")
    assert "nothing was noted" in err
    assert err.count("\n") == 1
    assert marks(paths) == ()
    assert portreeve("hook", "--strict", *arguments[1:])[0] == 2


def test_a_damaged_mark_is_replaced(portreeve: Portreeve, paths: Paths) -> None:
    paths.pending.mkdir(parents=True)
    (paths.pending / "cockpit-ws.json").write_text("{")
    code, _, _ = portreeve(*POST)
    assert code == 0
    assert [mark.event for mark in marks(paths)] == [Event.POST_UPGRADE]


def test_a_mark_that_cannot_be_written_is_told(portreeve: Portreeve, paths: Paths) -> None:
    (paths.root / "var").write_text("no folder")
    code, out, err = portreeve(*POST)
    assert (code, out) == (0, "")
    assert "nothing was noted" in err
    assert portreeve(*POST, "--strict")[0] == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_without_permission_it_is_told_and_fails_nothing(portreeve: Portreeve, paths: Paths) -> None:
    portreeve(*PRE)
    paths.root.chmod(0o755)
    with nobody():
        code, out, err = portreeve(*POST)
        strict = portreeve(*POST, "--strict")[0]
    assert (code, out, strict) == (0, "", 5)
    assert "nothing was noted: marks of packages are for root" in err
    assert [mark.event for mark in marks(paths)] == [Event.PRE_UPGRADE]


@pytest.mark.parametrize(
    ("script", "then", "head"),
    [
        ((), "hang", b""),
        ((touched("post-upgrade", "cockpit"),), "hang", None),
        ((touched("post-upgrade", "cockpit"),), "beat", None),
        ((touched("post-upgrade", "cockpit"),), "end", None),
        ((), "end", b"HTTP/1.1 503 Busy\r\n"),
        ((), "end", b"\x00\xff\r\n\r\n"),
        (({"sync": {"of": "another version"}},), "end", None),
        (({"result": "of another version"},), "end", None),
    ],
    ids=[
        "says nothing",
        "stops",
        "only beats",
        "gone in the middle",
        "cut",
        "garbage",
        "other",
        "other result",
    ],
)
def test_an_agent_that_does_not_answer_as_it_should_costs_a_bounded_time(
    portreeve: Portreeve, paths: Paths, script: Any, then: str, head: bytes | None
) -> None:
    options = {"then": then} if head is None else {"then": then, "head": head}
    began = time.monotonic()
    with hook_agent(paths, *script, **options):
        code, out, err = portreeve(*POST, "--timeout", "1s")
    assert time.monotonic() - began < 3
    assert (code, out) == (0, "")
    assert err.startswith("portreeve: cockpit-ws 300: noted, and seen to later (")
    assert err.count("\n") == 1
    assert len(marks(paths)) == 1


def test_strictly_an_agent_that_is_not_there_is_told_by_the_exit_code(
    portreeve: Portreeve, paths: Paths
) -> None:
    assert portreeve(*POST, "--strict")[0] == 4
    paths.runtime.mkdir(parents=True)
    with hook_agent(paths, then="hang", head=b""):
        assert portreeve(*POST, "--strict", "--timeout", "1s")[0] == 4
    assert portreeve(*POST, "--strict")[0] == 4


def test_what_is_told_is_one_line_that_a_terminal_shows_as_it_is(portreeve: Portreeve, paths: Paths) -> None:
    many = [sync(f"sync-{number}", values={"text": "a\nb\x1b[31m" * 20}) for number in range(9)]
    names = [status.name for status in many]
    with hook_agent(paths, touched("post-upgrade", *names), *map(line, many), DONE):
        _, _, err = portreeve(*POST)
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert len(err) < 450


def started(paths: Paths, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    code = "import sys; from portreeve.cli.main import main; main()"
    environment = {**os.environ, "PYTHONPATH": AGENT, "PORTREEVE_ROOT": str(paths.root)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        text=True,
        **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_without_an_error(paths: Paths, number: signal.Signals) -> None:
    with hook_agent(paths, touched("post-upgrade", "cockpit"), then="beat") as requests:
        process = started(paths, *POST)
        deadline = time.monotonic() + 30
        while not requests and time.monotonic() < deadline:
            assert process.poll() is None
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, "")
    assert err == "portreeve: cockpit-ws 300: noted, and seen to later (it was ended by a signal)\n"
    assert len(marks(paths)) == 1


def test_it_reads_nothing_and_says_nothing_where_debconf_listens(paths: Paths) -> None:
    """confmodule(3): in a maintainer script, standard input and output are the protocol of debconf."""
    with hook_agent(paths, touched("post-upgrade", "cockpit"), line(COCKPIT), DONE):
        process = started(paths, *POST)
        out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", ">/dev/full 2>/dev/full"])
def test_streams_that_are_closed_or_full_fail_nothing(paths: Paths, closed: str) -> None:
    code = "import sys; from portreeve.cli.main import main; main()"
    environment = {**os.environ, "PYTHONPATH": AGENT, "PORTREEVE_ROOT": str(paths.root)}
    command = ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-c", code, *POST]
    assert subprocess.run(command, env=environment, check=False, timeout=30).returncode == 0
    assert len(marks(paths)) == 1


def test_a_standard_error_that_nobody_reads_costs_a_bounded_time(paths: Paths) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(writing, b"x" * 4096):
            pass
    os.set_blocking(writing, True)
    began = time.monotonic()
    process = started(paths, *POST, stderr=writing)
    assert process.wait(timeout=20) == 0
    assert time.monotonic() - began < 10
    process.communicate()
    os.close(reading)
    os.close(writing)


def test_a_lock_that_somebody_holds_costs_a_bounded_time(
    portreeve: Portreeve, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    portreeve(*POST)
    folder = os.open(paths.pending, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    monkeypatch.setattr(hook, "BEFORE", 0.5)
    began = time.monotonic()
    code, _, err = portreeve(*PRE)
    os.close(folder)
    assert time.monotonic() - began < 3
    assert code == 0
    assert err == "portreeve: cockpit-ws 300: nothing was noted: it took too long\n"


def test_no_thread_and_no_signal_handler_is_left(portreeve: Portreeve, paths: Paths) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT)]
    threads = threading.enumerate()
    portreeve(*POST)
    assert [
        signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT)
    ] == handlers
    assert threading.enumerate() == threads
