"""A virtual machine with a kernel of its own: what it is limited to holds, and its memory is all there is."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from . import base, mounts
from .cgroup import Cgroup
from .command import Result, execute
from .errors import CommandError, LabError
from .machine import Host
from .nspawn import Snapshot
from .run import Run
from .waiting import wait_until

BOOT_TIMEOUT = 300.0
_DOOR = "lab-door"
# Runs what comes in over a port whose other end only the machine's owner has. It needs no network,
# and the kernel does not end it.
_PROGRAM = """
import json, subprocess
with open("/dev/virtio-ports/lab-door", "r+b", buffering=0) as port:
    text = b""
    while True:
        text += port.read(65536) or b""
        line, end, rest = text.partition(b"\\n")
        if not end:
            continue
        text, order = rest, json.loads(line)
        try:
            done = subprocess.run(order["argv"], input=order["input"].encode("latin-1"), capture_output=True,
                                  env=order["env"], timeout=order["timeout"], cwd="/", start_new_session=True)
            answer = [done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")]
        except subprocess.TimeoutExpired as error:
            answer = [None, "", str(error)]
        except OSError as error:
            answer = [127, "", str(error)]
        text_out = json.dumps([order["id"], *answer]).encode() + b"\\n"
        while text_out:
            text_out = text_out[port.write(text_out):]
"""
_UNIT = f"""
[Unit]
BindsTo=dev-virtio\\x2dports-{_DOOR.replace("-", chr(92) + "x2d")}.device
After=dev-virtio\\x2dports-{_DOOR.replace("-", chr(92) + "x2d")}.device
[Service]
ExecStart=/usr/bin/python3 /srv/{_DOOR}.py
OOMScoreAdjust=-1000
[Install]
WantedBy=multi-user.target
"""


def require_tools() -> None:
    """Install qemu where it lacks.

    Raises:
        CommandError: apt-get could not.
    """
    if not shutil.which("qemu-system-x86_64"):
        execute("apt-get", "update", timeout=300)
        execute("apt-get", "install", "-y", "--no-install-recommends", "qemu-system-x86", timeout=600)


class VirtualMachine(Host):
    """A host of the lab in a virtual machine. Leaving its `with` block (or `close`) deletes it.

    Args:
        run: the run of the tests that it belongs to.
        snapshot: what it starts from; made on the Debian 12 server of the lab.
        memory: all that it has, as qemu takes it.
    """

    def __init__(self, run: Run, snapshot: Snapshot, memory: str) -> None:
        require_tools()
        self.name = run.machine_name("vm")
        self._run = run
        self._folder = run.folder / self.name
        self._folder.mkdir()
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._port: socket.socket | None = None
        self._cgroup = Cgroup(self.name)
        self._orders = 0
        run.machines[self.name] = self
        try:
            self._make_disk(snapshot)
            self.boot(BOOT_TIMEOUT)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> VirtualMachine:
        return self

    @property
    def leader(self) -> int:
        """There is none: its processes are not ours."""
        raise LabError(f"{self.name} is a virtual machine")

    def run(
        self,
        *argv: str,
        check: bool = True,
        input: str | bytes | None = None,  # noqa: A002 - subprocess's own word
        timeout: float = 60.0,
        env: Mapping[str, str] | None = None,
    ) -> Result:
        """Run a command as root; as Guest.run."""
        __tracebackhide__ = True
        if self._port is None:
            raise LabError(f"{self.name} is not running")
        data = input.encode() if isinstance(input, str) else input or b""
        self._orders += 1
        order = {
            "id": self._orders,
            "argv": argv,
            "input": data.decode("latin-1"),
            "timeout": timeout,
            "env": {**self.environment(), **(env or {})},
        }
        self._port.settimeout(timeout + 30)
        try:
            self._port.sendall(json.dumps(order).encode() + b"\n")
            # An answer that came too late for whoever asked is not ours.
            while (answer := json.loads(self._line(self._port)))[0] != self._orders:
                continue
        except TimeoutError:
            raise LabError(f"{self.name} does not answer:\n{self._console()}") from None
        code, out, err = answer[1:]
        texts = [text.encode("latin-1").decode(errors="replace") for text in (out, err)]
        if code is None or (check and code != 0):
            raise CommandError(argv, code, "\n".join(filter(None, texts)))
        return Result(argv, code, *texts)

    def _line(self, port: socket.socket) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            part = port.recv(1 << 20)
            if not part:
                raise LabError(f"{self.name} is gone:\n{self._console()}")
            line += part
        return line

    def start(self) -> None:
        """Start it; its door answers once systemd has come so far."""
        kernel = base.virtual("bookworm")
        door = self._folder / "door"
        argv = self._cgroup.command(
            *("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-m", self._memory, "-smp", "2"),
            *("-nographic", "-net", "none", "-no-reboot", "-serial", f"file:{self._folder}/console.log"),
            *("-monitor", "none", "-kernel", str((kernel / "vmlinuz").resolve())),
            *("-initrd", str((kernel / "initrd.img").resolve())),
            # AppArmor: without its tools, which the host has not, Docker starts nothing.
            *("-append", "root=/dev/vda rw console=ttyS0 quiet panic=-1 apparmor=0"),
            *("-drive", f"file={self._folder}/disk.img,if=virtio,format=raw,cache=unsafe"),
            *("-chardev", f"socket,path={door},server=on,wait=off,id=door", "-device", "virtio-serial"),
            *("-device", f"virtserialport,chardev=door,name={_DOOR}"),
        )
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, cwd="/")
        wait_until(lambda: self._connect(door), 20, f"{self.name} has a door")

    def poweroff(self, timeout: float = 60.0) -> None:
        """Shut it down in order."""
        self.run("systemctl", "poweroff", "--no-block", check=False)
        process = self._process
        if process is not None:
            wait_until(lambda: process.poll() is not None, timeout, f"{self.name} is powered off")
        self._end()

    def power_cut(self, boot: bool = True) -> None:
        """Kill all of it at once, and (with boot) start it again on the same disk."""
        self._end()
        if boot:
            self.boot(BOOT_TIMEOUT)

    def close(self) -> None:
        """End and delete it; may be called twice."""
        self._end()
        mounts.unmount_beneath(self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._run.machines.pop(self.name, None)

    def report(self) -> str:
        """The ends of journal and console."""
        try:
            return self.run("journalctl", "-b", "-n", "100", "--no-pager", check=False, timeout=60).stdout
        except LabError:
            return self._console()

    def _connect(self, door: Path) -> bool:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(door))
        except OSError:
            connection.close()
            return False
        self._port = connection
        return True

    def _end(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            self._process = None
        self._cgroup.end()

    def _console(self) -> str:
        log = self._folder / "console.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def _make_disk(self, snapshot: Snapshot) -> None:
        """One file system out of the snapshot's layers, the lowest of them replaced by that with a kernel."""
        for part in ("upper", "work", "root"):
            (self._folder / part).mkdir(mode=0o755)
        root = self._folder / "root"
        layers = (*snapshot.layers[:-1], base.virtual("bookworm"))
        mounts.overlay(layers, self._folder / "upper", self._folder / "work", root)
        for part in ("docker", "containerd"):
            if snapshot.plain is not None and (snapshot.plain / part).is_dir():
                execute("cp", "-a", f"{snapshot.plain / part}/.", f"{root}/var/lib/{part}/", timeout=120)
        (root / f"srv/{_DOOR}.py").write_text(_PROGRAM)
        (root / f"etc/systemd/system/{_DOOR}.service").write_text(_UNIT)
        execute("systemctl", f"--root={root}", "enable", f"{_DOOR}.service")
        (root / "etc/hostname").write_text(f"{self.name}\n")
        disk = self._folder / "disk.img"
        with disk.open("wb") as file:
            os.truncate(file.fileno(), 4 << 30)
        execute("mkfs.ext4", "-q", "-F", "-d", str(root), str(disk), timeout=300)
        mounts.unmount_beneath(self._folder)
