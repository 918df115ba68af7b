"""A Docker engine: the one that answers here, else one that is started for the demo alone."""

import os
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from portreeve.demo.child import running
from portreeve.demo.places import Places
from portreeve.errors import Failed, Reason
from portreeve.process import Completed, run
from portreeve.systemd.bus import systemd_running

SYSTEM_SOCKET = Path("/run/docker.sock")
ANSWER_TIMEOUT = 10.0
START_TIMEOUT = 90.0


@dataclass(frozen=True, slots=True)
class Engine:
    """A Docker engine.

    Args:
        socket: where it answers.
        private: it was started for the demo.
    """

    socket: Path
    private: bool

    def try_docker(self, *argv: str, timeout: float = 60.0) -> Completed:
        """Run ``docker ARGV…``, however it ends."""
        return run(("docker", "-H", f"unix://{self.socket}", *argv), timeout=timeout)

    def docker(self, *argv: str, timeout: float = 60.0) -> str:
        """Run ``docker ARGV…``; what it printed.

        Raises:
            Failed: it ended with an error.
        """
        completed = self.try_docker(*argv, timeout=timeout)
        if not completed.ok:
            raise Failed(
                Reason.DOCKER_ERROR, f"`docker {shlex.join(argv)}` did not work", evidence=completed.output
            )
        return completed.output.strip()

    def version(self) -> str:
        """The daemon's version; empty when it does not answer."""
        completed = self.try_docker("version", "--format", "{{.Server.Version}}", timeout=ANSWER_TIMEOUT)
        return completed.output.strip() if completed.ok else ""


@contextmanager
def engine(places: Places) -> Iterator[Engine]:
    """A Docker engine for the time of the block.

    Raises:
        Failed: none answers and none can be started.
    """
    found = Engine(SYSTEM_SOCKET, private=False)
    if not found.version() and systemd_running():
        run(("systemctl", "start", "docker.service"), timeout=START_TIMEOUT)
    if found.version():
        yield found
        return
    folder = places.engine
    folder.mkdir(parents=True)
    socket = folder / "s"
    # No bridge and no firewall rules: the host's network is not touched, and the container needs none.
    argv = (
        *("dockerd", "--host", f"unix://{socket}", "--data-root", str(folder / "data")),
        *("--exec-root", str(folder / "exec"), "--pidfile", str(folder / "pid")),
        *("--bridge", "none", "--iptables=false", "--ip6tables=false"),
    )
    with running(argv, log=folder / "log", socket=folder / "n", hear=lambda _: None, timeout=START_TIMEOUT):
        yield Engine(socket, private=True)


def end_private_engine(places: Places) -> None:
    """End the engine, and its containerd, of a demo that was killed."""
    for file in (places.engine / "pid", places.engine / "exec/containerd/containerd.pid"):
        with suppress(FileNotFoundError, ValueError, ProcessLookupError):
            number = int(file.read_text())
            name = Path(f"/proc/{number}/comm").read_text().strip()
            if name in ("dockerd", "containerd"):
                os.kill(number, signal.SIGKILL)
