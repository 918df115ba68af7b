"""A root whose syncs stand in every way there is, and its state file as a version of portreeve left it.

``python -m fakes.state_house SCHEMA FILE`` has the portreeve that Python finds first (``PYTHONPATH``) live in
such a root, kills it in the middle of an action, and stores what it left. That was done once with the last
code of each schema; the next one is made so before the schema is changed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from fakes.agent_process import AgentProcess
from fakes.dockerd import FakeContainer, FakeDockerd

ROOT = Path("/var/tmp/portreeve-state-house")
"""Always the same, since a generation's digest has its targets' paths in it."""

SYNCS = ("steady", "halfway", "held", "rejected", "folder", "gone", "secret", "owed")
"""The first schema's portreeve knew neither of the last two."""
SECRET = "correct-horse-battery"
FIRST, SECOND, THIRD, REFUSED = 29000, 29443, 29500, 29999
"""Ports; no proof holds for the last one."""

_APPLY = """#!/bin/sh
echo applied >> {root}/log/$1
while [ -e {root}/slow-$1 ]; do sleep 0.05; done
"""
_PROVE = f"""#!/bin/sh
! grep -q {REFUSED} {{root}}/$1
"""
_DEFINITION = """
[sources.app]
file = "{root}/{name}.ini"
[values]
port = {{ source = "app", key = "web.port", type = "port" }}
{more}
[[targets]]
path = "{root}/{target}"
template = "{template}.j2"
{steps}
"""
_STEPS = """
[[apply]]
command = ["{root}/apply", "{name}"]
{last}
[[verify]]
command = ["{root}/prove", "{target}"]
timeout = "3s"
"""
_FIRST_STEPS = """
[[verify]]
tcp = "127.0.0.1:{{{{ port }}}}"
timeout = "{timeout}"
"""
"""The first schema's portreeve knew no commands in steps; there a probe is what takes long."""
_SECRET = 'word = { source = "app", key = "web.word", type = "secret" }'
_OWED = '[[apply]]\nexec = { container = "late", command = ["reload"] }'


def syncs(version: int) -> tuple[str, ...]:
    """Those that there are in a schema's house."""
    return SYNCS[:-2] if version == 1 else SYNCS


def target(name: str) -> Path:
    """The file that a sync makes."""
    return ROOT / ("made/folder.conf" if name == "folder" else f"out/{name}.conf")


def applied(name: str) -> int:
    """How often a sync's action was carried out."""
    log = ROOT / "log" / name
    return len(log.read_text().splitlines()) if log.exists() else 0


def choose(name: str, port: int) -> None:
    """Somebody chooses a port."""
    new = ROOT / "new.ini"
    new.write_text(f"[web]\nport = {port}\nword = {SECRET}\n")
    new.replace(ROOT / f"{name}.ini")


@contextmanager
def dockerd(*, runs: bool) -> Iterator[FakeDockerd]:
    """Docker, with the container that an action is owed to, and one that is supervised."""
    with FakeDockerd(ROOT / "docker.sock") as daemon:
        daemon.containers = [
            FakeContainer("late", status="running" if runs else "exited"),
            FakeContainer("db"),
        ]
        yield daemon


class _OldAgent(AgentProcess):
    """The agent and the commands of the portreeve that Python finds first."""

    def __init__(self) -> None:
        super().__init__(ROOT, environment={"PYTHONPATH": os.environ["PYTHONPATH"]})

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """See there."""
        return subprocess.run(
            [sys.executable, "-m", "portreeve", *argv],
            env={**os.environ, "PORTREEVE_ROOT": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


def listening(port: int) -> socket.socket:
    """Something that a probe finds."""
    return socket.create_server(("127.0.0.1", port))


@contextmanager
def house() -> Iterator[Path]:
    """The root, empty, and nobody else's meanwhile."""
    with ROOT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(ROOT, ignore_errors=True)
        ROOT.mkdir(mode=0o755)
        try:
            yield ROOT
        finally:
            shutil.rmtree(ROOT)


def restore(stored: Path) -> Path:
    """Put everything back that a version left; returns the state file."""
    left = json.loads(stored.read_text())
    for name, (text, mode) in left["files"].items():
        file = ROOT / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
    state = ROOT / "var/lib/portreeve"
    state.mkdir(parents=True, mode=0o700, exist_ok=True)
    if left["key"]:
        (state / "secrets.key").write_bytes(bytes.fromhex(left["key"]))
    with closing(sqlite3.connect(state / "state.sqlite")) as database:
        database.executescript("\n".join(left["sql"]))
        database.execute("PRAGMA journal_mode = WAL")
    return state / "state.sqlite"


def _store(stored: Path) -> None:
    state = ROOT / "var/lib/portreeve"
    key = state / "secrets.key"
    with closing(sqlite3.connect(state / "state.sqlite")) as database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        sql = [f"PRAGMA user_version = {version};", *database.iterdump()]
    files = {
        str(file.relative_to(ROOT)): (file.read_text(), file.stat().st_mode & 0o777)
        for file in sorted(ROOT.rglob("*"))
        if file.is_file() and (not file.is_relative_to(state) or file.suffix == ".json")
    }
    left = {"files": files, "key": key.read_bytes().hex() if key.exists() else "", "sql": sql}
    stored.write_text(json.dumps(left, indent=1) + "\n")


def _furnish(version: int) -> None:
    for folder in ("etc/portreeve/syncs.d", "etc/portreeve/templates", "var/lib", "run", "out", "log"):
        (ROOT / folder).mkdir(parents=True)
    for name, text in (("apply", _APPLY), ("prove", _PROVE)):
        (ROOT / name).write_text(text.format(root=ROOT))
        (ROOT / name).chmod(0o755)
    etc = ROOT / "etc/portreeve"
    (etc / "portreeve.toml").write_text(f'[docker]\nsocket = "{ROOT}/docker.sock"\n')
    (etc / "templates/plain.j2").write_text("listen {{ port }}\n")
    (etc / "templates/secret.j2").write_text("listen {{ port }} {{ word }}\n")
    for name in syncs(version):
        choose(name, FIRST)
        file = target(name).relative_to(ROOT)
        steps = _STEPS.format(root=ROOT, name=name, target=file, last=_OWED if name == "owed" else "")
        if version == 1:
            timeout = {"rejected": "1s", "halfway": "60s"}.get(name)
            steps = _FIRST_STEPS.format(timeout=timeout) if timeout else ""
        text = _DEFINITION.format(
            root=ROOT,
            name=name,
            target=file,
            template="secret" if name == "secret" else "plain",
            more=_SECRET if name == "secret" else "",
            steps=steps,
        )
        (etc / f"syncs.d/{name}.toml").write_text(text)
    if version >= 3:
        (etc / "containers.d").mkdir()
        (etc / "containers.d/db.toml").write_text('container = "db"\nautostart = true\n')


def _until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.1)


def _live(agent: AgentProcess, version: int) -> None:
    """Bring each sync to where it is to stand, and end in the middle of making one effective."""

    def wait_for(name: str, state: str, port: int) -> None:
        def stands() -> bool:
            return agent.status(name)["state"] == state and f"{port}" in target(name).read_text()

        _until(stands, f"{name} is {state}")

    for name in syncs(version):
        wait_for(name, "waiting" if name == "owed" else "in-step", FIRST)
    for port in (SECOND, THIRD):
        choose("steady", port)
        wait_for("steady", "in-step", port)
    for name in {"held", "folder", "secret"} & {*syncs(version)}:
        choose(name, SECOND)
        wait_for(name, "in-step", SECOND)
    agent.command("rollback", "held")
    choose("rejected", REFUSED)
    wait_for("rejected", "failed", FIRST)
    (ROOT / "etc/portreeve/syncs.d/gone.toml").unlink()
    _until(lambda: agent.status("gone")["state"] == "undeclared", "gone")
    if version >= 3:
        agent.command("containers", "stop", "db")
    (ROOT / "slow-halfway").touch()
    choose("halfway", SECOND)
    _until(lambda: str(SECOND) in target("halfway").read_text(), "halfway is written")
    if version > 1:
        _until(lambda: applied("halfway") == 2, "halfway is being applied")
    agent.stop(signal.SIGKILL)
    (ROOT / "slow-halfway").unlink()


def main() -> None:
    """Make what a version leaves."""
    version, stored = int(sys.argv[1]), Path(sys.argv[2]).absolute()
    os.umask(0o022)
    with house():
        _furnish(version)
        with dockerd(runs=False), listening(FIRST):
            agent = _OldAgent()
            try:
                _until(lambda: "READY=1" in agent.told, "ready")
                _live(agent, version)
            finally:
                agent.stop(signal.SIGKILL)
        _store(stored)


if __name__ == "__main__":
    main()
