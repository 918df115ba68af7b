import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from portreeve.cli.graph import command
from portreeve.errors import Misuse
from unit.definitions.folders import GOOD_SYNC, Host

TOP = Path(__file__).parents[3]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path / "root")
    host.sync(GOOD_SYNC)
    return host


def graph(host: Host, *arguments: str) -> Result:
    return CliRunner(env={"PORTREEVE_ROOT": str(host.paths.root)}).invoke(command, arguments)


def test_each_format_is_drawn_without_an_agent(host: Host) -> None:
    assert graph(host).stdout.startswith("digraph portreeve {")
    assert graph(host, "--format", "mermaid").stdout.startswith("flowchart LR")
    assert ElementTree.fromstring(graph(host, "--format", "svg").stdout).get("role") == "img"


def test_machines_get_nodes_and_edges(host: Host) -> None:
    told = json.loads(graph(host, "app", "--output", "json").stdout)
    titles = {node["id"]: node["title"] for node in told["nodes"]}
    assert [(titles[edge["tail"]], titles[edge["head"]]) for edge in told["edges"]] == [
        ("config.ini", "app"),
        ("app", "app.conf"),
        ("app.conf", "app.service"),
    ]


def test_what_is_not_valid_is_left_out_and_told_of(host: Host) -> None:
    host.sync("nonsense = 1\n", name="broken")
    drawn = graph(host)
    assert drawn.exit_code == 0
    assert "syncs.d/broken is not valid and is left out" in drawn.stderr


def test_an_unknown_name_gets_a_suggestion(host: Host) -> None:
    result = graph(host, "ap")
    assert isinstance(result.exception, Misuse)
    assert "`app`" in result.exception.hint


@pytest.mark.parametrize(("picture", "shipped"), [("cockpit", "examples"), ("websoft9", "profiles/websoft9")])
def test_the_pictures_in_the_docs_are_those_of_what_is_shipped(
    tmp_path: Path, picture: str, shipped: str
) -> None:
    host = Host(tmp_path / "other")
    shutil.copytree(TOP / shipped, host.etc, dirs_exist_ok=True)
    file = TOP / f"docs/graph-{picture}.svg"
    # The examples have a guarded service besides, which the text beside the picture is not about.
    names = ["cockpit"] if picture == "cockpit" else []
    drawn = graph(host, *names, "--format", "svg").stdout
    assert drawn == file.read_text(), f"`portreeve graph` gives another picture than {file}"
