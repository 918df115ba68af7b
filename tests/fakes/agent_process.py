"""The agent as a process of its own, with its own root, and everything that it tells its notify socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

AGENT_FOLDER = Path(__file__).resolve().parents[2] / "agent"
Eventually = Callable[[Callable[[], object], str], None]

DEFINITION = """
[sources.app]
file = "{root}/app.ini"

[values]
port = {{ source = "app", key = "web.port", type = "port" }}
"""
TARGET = """
[[targets]]
path = "{root}/{name}"
template = "out.conf.j2"
"""


class AgentProcess:
    """An agent with its own root, and everything that it told its notify socket.

    Args:
        root: stands for ``/``.
        watchdog: seconds of systemd's watchdog.
        environment: more of it.
        program: what Python is to run.

    Attributes:
        told: the lines, in order.
        alive_at: monotonic seconds of each sign of life for systemd's watchdog.
    """

    def __init__(
        self,
        root: Path,
        watchdog: float | None = None,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = ("-m", "portreeve"),
    ) -> None:
        self.root = root
        self.told: list[str] = []
        self.alive_at: list[float] = []
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        (root / "notify").unlink(missing_ok=True)
        self._notify.bind(str(root / "notify"))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        variables = {
            **os.environ,
            "PYTHONPATH": str(AGENT_FOLDER),
            "PORTREEVE_ROOT": str(root),
            "NOTIFY_SOCKET": str(root / "notify"),
            **(environment or {}),
        }
        variables.pop("WATCHDOG_PID", None)
        if watchdog is not None:
            variables["WATCHDOG_USEC"] = str(int(watchdog * 1_000_000))
        self.process = subprocess.Popen(
            [sys.executable, *program, "run"],
            env=variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _read(self) -> None:
        while (datagram := self._notify.recv(4096)) != b"end":
            lines = datagram.decode().splitlines()
            self.told.extend(lines)
            if "WATCHDOG=1" in lines:
                self.alive_at.append(time.monotonic())

    def told_all(self, *wanted: str) -> bool:
        return all(text in self.told for text in wanted)

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """A command, whatever comes of it."""
        return subprocess.run(
            [sys.executable, "-m", "portreeve", *argv],
            env={**os.environ, "PYTHONPATH": str(AGENT_FOLDER), "PORTREEVE_ROOT": str(self.root)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def command(self, *argv: str, code: int | None = 0) -> str:
        """What a command prints; ``code`` is the exit status that it must have, ``None`` any."""
        ran = self.run(*argv)
        assert code in (None, ran.returncode), f"{argv}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def status(self, name: str) -> dict[str, object]:
        shown = json.loads(self.command("explain", name, "--output", "json"))
        assert isinstance(shown, dict)
        return shown

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, if it has not ended yet, and listen no more; again is harmless."""
        if not self._reader.is_alive():
            return
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            # faulthandler then writes what each thread is doing.
            self.process.send_signal(signal.SIGABRT)
            _, said = self.process.communicate(timeout=30)
            raise AssertionError(f"the agent did not end within 30 s:\n{said}") from None
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"end", str(self.root / "notify"))
        self._reader.join(10)
        self._notify.close()


def prepare(root: Path, targets: tuple[str, ...] = ("out.conf",)) -> Path:
    """A root with one source, one template and one sync that writes ``targets`` from them."""
    for folder in ("etc/portreeve/syncs.d", "etc/portreeve/templates", "var/lib", "run"):
        (root / folder).mkdir(parents=True)
    (root / "app.ini").write_text("[web]\nport = 9000\n")
    (root / "etc/portreeve/templates/out.conf.j2").write_text("listen {{ port }}\n")
    (root / "etc/portreeve/syncs.d/app.toml").write_text(definition(root, targets))
    return root


def definition(root: Path, targets: tuple[str, ...] = ("out.conf",)) -> str:
    """The sync that :func:`prepare` declares."""
    text = DEFINITION.format(root=root)
    return text + "".join(TARGET.format(root=root, name=name) for name in targets)
