"""Starting and ending one systemd-nspawn over an overlay."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import mounts
from .base import NSPAWN_ENV
from .cgroup import Cgroup
from .command import execute
from .errors import LabError
from .waiting import wait_until

_PLAIN = {"docker": "/var/lib/docker", "containerd": "/var/lib/containerd", "plain": "/srv/plain"}

_HOSTS = "127.0.0.1 localhost\n127.0.1.1 {}\n::1 localhost ip6-localhost ip6-loopback\n"


@dataclass(frozen=True)
class Snapshot:
    """What a machine starts from.

    Attributes:
        layers: root file systems to be read through, the topmost first.
        plain: a folder with the folders `docker`, `containerd` and `plain`, copied for every machine,
            or None for empty ones.
    """

    layers: tuple[Path, ...]
    plain: Path | None = None


class Nspawn:
    """A machine's folder on the disk and the process that runs it.

    Folders that Docker needs on a plain file system are bound in: /var/lib/docker, /var/lib/containerd, and
    /srv/plain for whatever else does.

    Args:
        folder: made here; holds the changes, the plain folders and the console's log.
        snapshot: what is beneath the changes.
    """

    def __init__(self, folder: Path, snapshot: Snapshot) -> None:
        self.name = folder.name
        self.folder = folder
        self.snapshot = snapshot
        self._cgroup = Cgroup(self.name)
        self._process: subprocess.Popen[bytes] | None = None
        self._leader: int | None = None
        for part in ("upper", "work", "root"):
            (folder / part).mkdir(parents=True, mode=0o755)
        for part in _PLAIN:
            if snapshot.plain and (snapshot.plain / part).is_dir():
                execute("cp", "-a", str(snapshot.plain / part), str(folder / part))
            else:
                (folder / part).mkdir(mode=0o711)
        mounts.overlay(snapshot.layers, folder / "upper", folder / "work", folder / "root")
        (folder / "root/etc/hosts").write_text(_HOSTS.format(self.name))

    def start(self, options: Sequence[str], command: Sequence[str] = (), timeout: float = 20.0) -> None:
        """Start it and wait for its process 1.

        Args:
            options: more options of systemd-nspawn.
            command: what runs as process 2; with `-b` among the options there is none.
            timeout: seconds for process 1 to appear.

        Raises:
            LabError: systemd-nspawn ended at once; has its output.
            DeadlineError: no process 1 in time.
        """
        binds = [f"--bind={self.folder / part}:{target}" for part, target in _PLAIN.items()]
        argv = self._cgroup.command(
            *("systemd-nspawn", "-q", "-D", str(self.folder / "root"), f"--machine={self.name}"),
            *("--register=no", "--keep-unit", "--settings=no", "--link-journal=no", "--timezone=off"),
            *("--capability=all", "--system-call-filter=@keyring bpf add_key", "--resolv-conf=off"),
            *(*binds, *options, *command),
        )
        with (self.folder / "console.log").open("ab") as console:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=console, stderr=console, env=NSPAWN_ENV, cwd="/"
            )
        leader = wait_until(self._first_process, timeout, f"{self.name} has a process 1", interval=0.01)
        if leader < 0:
            raise LabError(f"systemd-nspawn ended at once: {self.console}")
        self._leader = leader

    @property
    def leader(self) -> int:
        """The machine's process 1 as seen here; LabError when it does not run."""
        if self._leader is None or self._process is None or self._process.poll() is not None:
            raise LabError(f"{self.name} is not running")
        return self._leader

    @property
    def console(self) -> str:
        """The end of what it printed on its console."""
        log = self.folder / "console.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def wait(self, timeout: float) -> None:
        """Wait for its end after it was told to go; DeadlineError when it stays."""
        process = self._process
        if process is not None:
            wait_until(lambda: process.poll() is not None, timeout, f"{self.name} is powered off")
        self._ended()

    def kill(self) -> None:
        """End it at once: SIGKILL to process 1, which takes all the others with it."""
        if self._leader is not None and self._process is not None and self._process.poll() is None:
            os.kill(self._leader, signal.SIGKILL)
            self._process.wait(20)
        self._ended()

    def freeze(self, target: Path) -> Snapshot:
        """Turn the changes of a machine that is off into a layer; the machine itself is gone then."""
        mounts.unmount_beneath(self.folder)
        target.mkdir()
        for part in ("upper", *_PLAIN):
            (self.folder / part).rename(target / part)
        self.close()
        return Snapshot((target / "upper", *self.snapshot.layers), target)

    def close(self) -> None:
        """End it, unmount it and delete its folder; may be called twice."""
        self.kill()
        mounts.unmount_beneath(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ended(self) -> None:
        self._leader = None
        self._cgroup.end()
        if self._process is not None:
            self._process.wait(20)
            self._process = None

    def _first_process(self) -> int:
        if self._process is None or self._process.poll() is not None:
            return -1
        for process in self._cgroup.processes():
            try:
                status = Path(f"/proc/{process}/status").read_text()
                ids = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
                parent = next(line for line in status.splitlines() if line.startswith("PPid:")).split()[1]
            except (OSError, StopIteration):
                continue
            if len(ids) > 1 and ids[-1] == "1" and int(parent) == self._process.pid:
                return process
        return 0
