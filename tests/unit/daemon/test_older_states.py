"""An agent goes on with what one of each schema left when it was killed in the middle of its work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fakes import state_house
from fakes.agent_process import AgentProcess, Eventually
from fakes.state_house import FIRST, ROOT, SECOND, SECRET, THIRD, applied, choose, target
from portreeve.reconcile.database import SCHEMA_VERSION
from portreeve.reconcile.kept import kept

STATES = Path(__file__).resolve().parents[1] / "reconcile/states"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the files in those states belong to root")


@pytest.fixture(params=range(1, SCHEMA_VERSION + 1))
def schema(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def state(schema: int) -> Iterator[Path]:
    """The state file, in the root that it was made in, with something to be proved by."""
    with ExitStack() as stack:
        stack.enter_context(state_house.house())
        file = state_house.restore(STATES / f"schema-{schema}.json")
        stack.enter_context(state_house.dockerd(runs=True))
        for port in (FIRST, SECOND):
            stack.enter_context(state_house.listening(port))
        yield file


def untouched(schema: int) -> dict[str, tuple[int, int]]:
    """Inode of each file and how often its action was carried out, of those that nothing is to be done for.

    What did not work was due to be tried once more; what was cut off is carried out again.
    """
    names = set(state_house.syncs(schema)) - {"rejected", "halfway"}
    return {name: (target(name).stat().st_ino, applied(name)) for name in names}


def test_every_sync_goes_on_from_where_it_stood_and_nothing_is_done_anew(
    schema: int, state: Path, eventually: Eventually
) -> None:
    names, before = set(state_house.syncs(schema)), untouched(schema)
    running = AgentProcess(ROOT)
    try:
        eventually(lambda: "READY=1" in running.told, "the agent is ready")

        def stands(name: str, state: str) -> None:
            eventually(lambda: running.status(name)["state"] == state, f"{name} is {state}")

        for name in names - {"held", "rejected", "gone"}:
            stands(name, "in-step")
        stands("held", "held")
        stands("rejected", "failed")
        assert target("halfway").read_text() == f"listen {SECOND}\n"
        assert target("held").read_text() == target("rejected").read_text() == f"listen {FIRST}\n"
        assert untouched(schema) == before
        assert applied("halfway") == (3 if schema > 1 else 0)

        running.command("rollback", "steady")
        assert target("steady").read_text() == f"listen {SECOND}\n"
        running.command("sync", "steady", "held")
        assert target("steady").read_text() == f"listen {THIRD}\n"
        assert target("held").read_text() == f"listen {SECOND}\n"
        choose("folder", 29555)
        eventually(lambda: target("folder").read_text() == "listen 29555\n", "a new port is followed")
        running.command("rollback", "gone", "--to", "0")
        eventually(lambda: not target("gone").exists(), "what is not declared any more is put back")
        if schema >= 3:
            assert "stopped" in running.command("explain", "container:db")
    finally:
        running.stop()
    assert list(kept(state)) == ([schema] if schema < SCHEMA_VERSION else [])
    for file in state.parent.iterdir():
        assert SECRET.encode() not in file.read_bytes()


@pytest.mark.parametrize("schema", [1])
def test_what_was_kept_in_the_clear_goes_once_there_is_a_secret_in_it(
    state: Path, eventually: Eventually
) -> None:
    port = f"listen {THIRD}\n".encode()
    declared = ROOT / "etc/portreeve/syncs.d/steady.toml"
    declared.write_text(declared.read_text().replace('type = "port"', 'type = "secret"'))
    running = AgentProcess(ROOT)
    try:
        eventually(lambda: "READY=1" in running.told, "the agent is ready")
        assert running.status("steady")["state"] == "in-step"
    finally:
        running.stop()
    assert kept(state) == {}
    assert port not in state.read_bytes()
