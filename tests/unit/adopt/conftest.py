"""A customised host: a vendor's socket unit that somebody edited, and an application's own settings."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.agent_process import AGENT_FOLDER
from fakes.dockerd import FakeContainer, FakeDockerd, volume
from portreeve.cli.main import run

DEFINITION = """\
[sources.app]
{source}

[values]
port = {{ source = "app", key = "web.port", type = "port", adopt = {{ file = "{unit}", {adopt} }} }}

[[targets]]
path = "{root}/out.conf"
template = "out.conf.j2"
"""
CONFIG = (
    "; the application's own file\n[web]\nname = shop\n; chosen in the app\nport = 9090\n\n[db]\nport=5432\n"
)


@dataclass
class Ran:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Customised:
    """A host.

    Args:
        root: the agent's root, and where everything is.
        capsys: what commands print.
    """

    root: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def unit(self) -> Path:
        return self.root / "usr/lib/systemd/system/app.socket"

    @property
    def config(self) -> Path:
        return self.root / "volume/config.ini"

    def write(self, file: Path, text: str) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def declare(
        self, *, source: str = "", adopt: str = 'key = "Socket.ListenStream"', name: str = "app"
    ) -> None:
        source = source or f'file = "{self.config}"'
        text = DEFINITION.format(source=source, unit=self.unit, adopt=adopt, root=self.root)
        self.write(self.root / f"etc/portreeve/syncs.d/{name}.toml", text)

    def adopt(self, *arguments: str) -> Ran:
        """Without a terminal."""
        code = run(["adopt", *arguments])
        said = self.capsys.readouterr()
        return Ran(code, said.out, said.err)

    def adopt_asked(self, answer: str) -> tuple[int, str]:
        """With a terminal, on which somebody types."""
        ours, theirs = pty.openpty()
        try:
            os.write(ours, answer.encode())
            ran = subprocess.run(
                [sys.executable, "-m", "portreeve", "adopt", "app"],
                env={**os.environ, "PYTHONPATH": str(AGENT_FOLDER)},
                stdin=theirs,
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
        finally:
            os.close(theirs)
            os.close(ours)
        return ran.returncode, ran.stdout + ran.stderr

    def adopted(self, *arguments: str) -> dict[str, object]:
        """What is told to machines."""
        ran = self.adopt("app", "--yes", "--output", "json", *arguments)
        assert ran.returncode == 0, ran.stderr
        told = json.loads(ran.stdout)
        assert isinstance(told, dict)
        return told

    @contextmanager
    def docker(self, container: FakeContainer) -> Iterator[FakeDockerd]:
        """A daemon with one container, and the source in it."""
        self.write(self.root / "etc/portreeve/portreeve.toml", f'[docker]\nsocket = "{self.root}/d.sock"\n')
        with FakeDockerd(self.root / "d.sock") as daemon:
            daemon.containers.append(container)
            yield daemon

    def container(self, status: str = "running") -> FakeContainer:
        """One that has the config in its volume."""
        self.declare(source='container = "app"\nvolume = "app_config"\npath = "config.ini"')
        mounts = [volume("app_config", self.config.parent, "/etc/app")]
        return FakeContainer("app", status=status, mounts=mounts)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Customised]:
    """The vendor's socket was edited to 9000, the application says 9090."""
    with tempfile.TemporaryDirectory(prefix="pr") as folder:
        monkeypatch.setenv("PORTREEVE_ROOT", folder)
        host = Customised(Path(folder), capsys)
        host.write(host.unit, "[Unit]\nDescription=App\n\n[Socket]\nListenStream=9000\n")
        host.write(host.config, CONFIG)
        host.write(host.root / "etc/portreeve/templates/out.conf.j2", "listen {{ port }}\n")
        host.declare()
        yield host
