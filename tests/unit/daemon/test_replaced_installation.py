"""An agent whose installation is replaced below it, as an upgrade of portreeve's own package does."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

import portreeve
from fakes.agent_process import AGENT_FOLDER, AgentProcess, Eventually
from fakes.dockerd import FakeContainer, FakeDockerd, volume
from portreeve.daemon.preload import MODULES

PROJECT = AGENT_FOLDER.parent
NOT_OF_THE_AGENT = {"cli", "demo", "adopt", "graph"}

RECORDER = """
import os, sys
class Recorder:
    def find_spec(name, path=None, target=None):
        with open(os.environ["RECORD"], "a") as record:
            record.write(name + chr(10))
sys.meta_path.insert(0, Recorder)
from portreeve.cli.main import main
main()
"""
"""Notes whatever is imported that was not imported before, found or not."""

FORMATS = {
    "ini": "[web]\nport = {}\n",
    "json": '{{"web": {{"port": {}}}}}',
    "yaml": "web:\n  port: {}\n",
    "toml": "[web]\nport = {}\n",
    "env": "port={}\n",
    "properties": "web.port={}\n",
    "xml": "<web><port>{}</port></web>",
    "unit": "[web]\nport={}\n",
    "text": "the port is {}\n",
}
KEYS = {"env": 'key = "port"', "xml": 'key = "web.port"', "text": "match = 'port is (\\d+)'"}


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """A folder with the program and its dependencies, as a package installs them."""
    folder = tmp_path / "installed"
    shutil.copytree(AGENT_FOLDER / "portreeve", folder / "portreeve", copy_function=os.link)
    for kind in ("templates", "units"):
        shutil.copytree(PROJECT / kind, folder / "portreeve/_data" / kind)
    for name in re.findall(r"^([\w-]+)==", (PROJECT / "requirements.lock").read_text(), re.MULTILINE):
        if name in ("colorama", "pywin32"):
            continue
        for file in distribution(name).files or ():
            source, target = Path(str(file.locate())), folder / str(file)
            if ".." not in file.parts and source.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(source, target)
    return folder


@pytest.fixture
def dockerd(root: Path) -> Iterator[FakeDockerd]:
    (root / "volume").mkdir()
    with FakeDockerd(root / "docker.sock") as fake:
        fake.containers = [FakeContainer("app", mounts=[volume("config", root / "volume", "/config")])]
        fake.volumes = {"config": None}
        yield fake


@pytest.fixture
def agent(root: Path, installation: Path, dockerd: FakeDockerd) -> Iterator[AgentProcess]:
    """One that has read nothing yet, since none of its sources is there; its imports are recorded."""
    declare(root)
    environment = {"PYTHONPATH": str(installation), "RECORD": str(root / "imported")}
    running = AgentProcess(root, environment=environment, program=("-S", "-c", RECORDER))
    yield running
    running.stop(signal.SIGKILL)


def declare(root: Path) -> None:
    """A sync of each format, one of a container's file with a secret, one with a template that is shipped."""
    (root / "app.ini").unlink()
    (root / "etc/portreeve/portreeve.toml").write_text(
        f'[docker]\nsocket = "{root}/docker.sock"\n[reconcile]\nbackoff_max = "1s"\n'
    )
    syncs = root / "etc/portreeve/syncs.d"
    for name in FORMATS:
        key = KEYS.get(name, 'key = "web.port"')
        (syncs / f"{name}.toml").write_text(
            f'[sources.app]\nfile = "{root}/app.{name}"\nformat = "{name}"\n'
            f'[values]\nport = {{ source = "app", {key}, type = "port" }}\n'
            f'[[targets]]\npath = "{root}/out-{name}.conf"\ntemplate = "out.conf.j2"\n'
        )
    (syncs / "app.toml").write_text(
        '[sources.app]\ncontainer = "app"\nvolume = "config"\npath = "app.ini"\n'
        '[values]\nport = { source = "app", key = "web.port", type = "port" }\n'
        'token = { source = "app", key = "web.token", type = "secret" }\n'
        f'[[targets]]\npath = "{root}/out-app.conf"\ntemplate = "secret.conf.j2"\n'
    )
    (root / "etc/portreeve/templates/secret.conf.j2").write_text("listen {{ port }} {{ token }}\n")
    (syncs / "shipped.toml").write_text(
        f'[sources.app]\nfile = "{root}/app.shipped"\nformat = "ini"\n'
        '[values]\nport = { source = "app", key = "web.port", type = "port" }\n'
        f'[[targets]]\npath = "{root}/out-shipped.conf"\ntemplate = "cockpit-listen.conf.j2"\n'
    )


def everything_is_chosen(root: Path, port: int) -> None:
    for name, text in FORMATS.items():
        (root / f"app.{name}").write_text(text.format(port))
    (root / "volume/app.ini").write_text(f"[web]\nport = {port}\ntoken = correct-horse-{port}\n")
    (root / "app.shipped").write_text(f"[web]\nport = {port}\n")


def is_in_force(root: Path, port: int) -> bool:
    files = [root / f"out-{name}.conf" for name in (*FORMATS, "app", "shipped")]
    return all(file.exists() and str(port) in file.read_text() for file in files)


def test_an_agent_goes_on_when_its_installation_is_gone(
    root: Path, installation: Path, agent: AgentProcess, eventually: Eventually
) -> None:
    eventually(lambda: "READY=1" in agent.told, "it is ready")
    before = (root / "imported").read_text().splitlines()
    installation.rename(root / "gone")

    everything_is_chosen(root, 9001)
    eventually(lambda: is_in_force(root, 9001), "values are read, in every format, and written")
    everything_is_chosen(root, 9002)
    eventually(lambda: is_in_force(root, 9002), "and followed")
    (root / "out-shipped.conf").unlink()
    eventually(lambda: is_in_force(root, 9002), "drift is repaired, also of what a shipped template gives")

    (root / "etc/portreeve/templates/out.conf.j2").write_text("listen {{ port }\n")
    eventually(
        lambda: "template-failed" in agent.command("explain", "ini"), "a mistake in a template is told"
    )
    agent.process.send_signal(signal.SIGHUP)
    eventually(lambda: agent.told.count("READY=1") == 2, "the reload is over")
    (root / "etc/portreeve/templates/out.conf.j2").write_text("port {{ port }}\n")
    agent.command("sync", "ini", "json", "app", "shipped")
    agent.command("rollback", "app")
    agent.command("sync", "app")
    assert "did you mean" in agent.run("sync", "yamll").stderr
    assert agent.run("wait", "sync:tomll", "--timeout", "5s").returncode == 2
    assert "portreeve_sync_state" in metrics(root)
    assert '"state": "in-step"' in agent.command("status", "--output", "json", code=None)
    agent.stop()

    late = (root / "imported").read_text().splitlines()[len(before) :]
    assert [name for name in late if name.partition(".")[0] not in sys.stdlib_module_names] == []


def metrics(root: Path) -> str:
    socket = str(root / "run/portreeve/public.sock")
    curl = ("curl", "-s", "--unix-socket", socket, "http://portreeve/metrics")
    return subprocess.run(curl, capture_output=True, text=True, timeout=10, check=True).stdout


def test_whatever_the_agent_imports_late_is_known() -> None:
    package = Path(portreeve.__file__).parent
    late = set()
    for file in package.rglob("*.py"):
        if file.relative_to(package).parts[0] in NOT_OF_THE_AGENT:
            continue
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef):
                late |= {name for node in ast.walk(function) for name in imported(node)}
    known = {*MODULES, *(name.rpartition(".")[0] for name in MODULES)}
    assert {"portreeve.sources.formats.yaml", "re2", "docker.errors"} <= late <= known


def imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module is not None:
        folder = Path(portreeve.__file__).parent.parent / node.module.replace(".", "/")
        for alias in node.names:
            is_module = (folder / f"{alias.name}.py").exists()
            yield f"{node.module}.{alias.name}" if is_module else node.module
