"""Docker in trouble: a private daemon that may be killed, and a socket that never answers."""

from __future__ import annotations

import itertools
import signal

from .containers import Containers
from .errors import LabError
from .guest import Guest

_numbers = itertools.count(1)
_START = 'mkdir -p "$1"; shift; log=$1; shift; setsid "$@" </dev/null >>"$log" 2>&1 & echo $!'


class PrivateDocker:
    """A second dockerd with a data root, socket and network-less containers of its own.

    Args:
        guest: where it runs; Docker must be installed there.
        options: more options of dockerd, `--live-restore` say.

    Attributes:
        folder: holds its data, socket and log.
        containers: Docker commands for it.
    """

    def __init__(self, guest: Guest, *options: str) -> None:
        self.guest = guest
        self.name = f"private{next(_numbers)}"
        self.folder = f"/srv/plain/{self.name}"
        self.socket = f"/run/{self.name}/docker.sock"
        self.containers = Containers(guest, "-H", f"unix://{self.socket}")
        self._options = options
        self._pid: int | None = None

    def start(self, timeout: float = 30.0) -> None:
        """Start it (again, on the same data) and wait until it answers.

        Raises:
            DeadlineError: it did not answer in time.
        """
        argv = (
            *("dockerd", f"--data-root={self.folder}/data", f"--exec-root=/run/{self.name}/exec"),
            *(f"--pidfile=/run/{self.name}/dockerd.pid", f"--host=unix://{self.socket}"),
            *(f"--containerd-namespace={self.name}", f"--containerd-plugins-namespace={self.name}-plugins"),
            *("--bridge=none", "--iptables=false", *self._options),
        )
        self.guest.shell('mkdir -p "$1"', f"/run/{self.name}")
        self._pid = int(
            self.guest.run("sh", "-ec", _START, "sh", self.folder, f"{self.folder}/dockerd.log", *argv).stdout
        )
        self.guest.wait_until(self.answers, timeout, f"{self.name} answers; see {self.folder}/dockerd.log")

    @property
    def pid(self) -> int:
        """The daemon's process id on the guest; LabError when it was never started."""
        if self._pid is None:
            raise LabError(f"{self.name} was not started")
        return self._pid

    def answers(self) -> bool:
        """Whether it answers within 2 seconds."""
        request = ("curl", "-sf", "-m", "2", "--unix-socket", self.socket, "http://docker/_ping")
        return self.guest.run(*request, check=False).code == 0

    def is_running(self) -> bool:
        """Whether its process exists."""
        state = self.guest.run("cat", f"/proc/{self.pid}/stat", check=False).stdout
        return bool(state) and ") Z " not in state

    def send(self, number: signal.Signals) -> None:
        """Send its process a signal: SIGSTOP and SIGCONT hang and wake it."""
        self.guest.shell(f"kill -{number.value} {self.pid}")  # the smallest Debian has no program for it

    def stop(self, timeout: float = 30.0) -> None:
        """SIGTERM, and wait for its end."""
        self.send(signal.SIGTERM)
        self.guest.wait_until(lambda: not self.is_running(), timeout, f"{self.name} has ended")

    def kill(self, timeout: float = 10.0) -> None:
        """SIGKILL, and the same to the containerd that it may have started."""
        self.send(signal.SIGKILL)
        self.guest.wait_until(lambda: not self.is_running(), timeout, f"{self.name} is gone")
        child = f"/run/{self.name}/exec/containerd/containerd.pid"
        self.guest.shell('if [ -s "$1" ]; then kill -9 "$(cat "$1")" || true; fi', child)


def hung_socket(guest: Guest, path: str) -> None:
    """Make a unix socket that takes connections and never answers, until the guest ends.

    Args:
        guest: a machine with systemd's tools.
        path: where; its folder must exist.
    """
    argv = ("systemd-socket-activate", "-l", path, "sleep", "600")
    guest.run("sh", "-ec", _START, "sh", "/run", "/dev/null", *argv)
    guest.wait_until(lambda: guest.exists(path), 10, f"{path} exists")
