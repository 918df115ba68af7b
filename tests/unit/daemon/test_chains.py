"""A chain of syncs, each reading what the one before it writes: a change passes through in order, once."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from fakes.agent_process import AgentProcess, Eventually

Start = Callable[..., AgentProcess]

CHECK = """
[[check]]
command = ["{check}"]
"""
FIRST = """
[sources.app]
file = "{root}/app.ini"

[values]
port = {{ source = "app", key = "web.port", type = "port" }}

[[targets]]
path = "{root}/first.env"
template = "first.j2"
"""
LATER = """
[sources.before]
file = "{root}/{before}.env"

[sources.app]
file = "{root}/app.ini"

[values]
port = {{ source = "app", key = "web.port", type = "port" }}
passed_on = {{ source = "before", key = "PORT", type = "port" }}

[[targets]]
path = "{root}/{name}.env"
template = "later.j2"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Syncs whose names are in the wrong order: c → b → a, and b and a read the first's source as well."""
    for folder in ("etc/portreeve/syncs.d", "etc/portreeve/templates", "var/lib", "run"):
        (tmp_path / folder).mkdir(parents=True)
    templates = tmp_path / "etc/portreeve/templates"
    (templates / "first.j2").write_text("PORT={{ port }}\n")
    (templates / "later.j2").write_text("PORT={{ passed_on }}\nAPP={{ port }}\n")
    (tmp_path / "app.ini").write_text("[web]\nport = 9000\n")
    syncs = tmp_path / "etc/portreeve/syncs.d"
    (syncs / "c.toml").write_text(FIRST.format(root=tmp_path))
    (syncs / "b.toml").write_text(LATER.format(root=tmp_path, before="first", name="second"))
    (syncs / "a.toml").write_text(LATER.format(root=tmp_path, before="second", name="third"))
    return tmp_path


def generations(agent: AgentProcess, name: str) -> list[dict[str, object]]:
    shown = json.loads(agent.command("history", name, "--output", "json"))
    return [each for each in shown["generations"] if each["number"]]


def passed(root: Path, port: int) -> bool:
    third = root / "third.env"
    return third.exists() and third.read_text() == f"PORT={port}\nAPP={port}\n"


def test_a_change_passes_through_a_chain_with_one_write_each(
    start: Start, root: Path, eventually: Eventually
) -> None:
    agent = start()
    eventually(lambda: "READY=1" in agent.told and passed(root, 9000), "the first value is everywhere")
    for count, port in enumerate((9100, 9200, 9300), start=2):
        (root / "app.ini").write_text(f"[web]\nport = {port}\n")
        eventually(partial(passed, root, port), "the change has passed")
        agent.command("wait", "all", "--timeout", "10s")
        assert [len(generations(agent, name)) for name in "cba"] == [count, count, count]


def test_a_broken_first_one_does_not_hold_the_others_back(
    start: Start, root: Path, eventually: Eventually
) -> None:
    agent = start()
    eventually(lambda: "READY=1" in agent.told and passed(root, 9000), "the first value is everywhere")
    first = root / "etc/portreeve/syncs.d/c.toml"
    first.write_text(FIRST.format(root=root) + CHECK.format(check="/bin/false"))
    agent.command("sync", "c", "--timeout", "5s", code=None)
    (root / "app.ini").write_text("[web]\nport = 9100\n")
    eventually(
        lambda: (root / "third.env").read_text() == "PORT=9000\nAPP=9100\n", "the others went on without it"
    )
