"""One cell of the matrix of packages: an operation in an environment, and what holds of every one."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from host.lab.command import Result
from host.lab.guest import Guest
from host.package_versions import EARLIER, Versions

OPERATIONS = ("install", "upgrade", "downgrade", "reinstall", "remove", "purge")
SHORT = ("install", "upgrade", "purge")
BOUND = 60.0
"""Seconds that an operation may take, the wait for the agent included; on a machine at rest it takes two."""

_DEBCONF = """
cd "$1/var/lib/dpkg/info"
ls portreeve.config portreeve.templates 2>/dev/null || true
cksum "$1"/var/cache/debconf/*.dat 2>/dev/null || true
"""
_TOOLS = re.compile(r"portreeve|dpkg|apt-get|p(re|ost)(inst|rm)|systemctl|deb-systemd")
_AGENT = re.compile(r"\S*/python3? /usr/bin/portreeve run|\S*/python3? \S*/venv/bin/portreeve run")


@dataclass
class Cells:
    """The operations in one environment, one after the other.

    Args:
        guest: where they are run.
        versions: of the package, as files in it.
        command: what stands before a package tool, such as `chroot FOLDER`.
        dpkg: dpkg's own options, where it installs and not apt-get.
        root: the file system that is installed into, as the guest names it.
        times: seconds that each operation took.
    """

    guest: Guest
    versions: Versions
    command: str = ""
    dpkg: str = ""
    root: str = ""
    times: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._before = set(self._processes())

    def run(self, operation: str) -> Result:
        """Run an operation without a terminal and with a closed input; it must end well, in time, unasked.

        The versions go up, down, and stay: install and reinstall take the earlier one.
        """
        questions = self._debconf()
        began = time.monotonic()
        # Nobody says that nothing is to be asked.
        script = f"unset DEBIAN_FRONTEND; exec setsid --wait {self.command} {self._tool(operation)} <&-"
        done = self.guest.shell(script, check=False, timeout=2 * BOUND)
        self.times[operation] = time.monotonic() - began
        assert done.code == 0, f"{operation}: {done.stdout}\n{done.stderr}"
        assert self.times[operation] < BOUND
        assert self._debconf() == questions, f"{operation} asked by debconf"
        assert self._status() == self._expected(operation)
        assert self.audit() == ""
        return done

    def audit(self) -> str:
        """What dpkg finds half done, and what of the package's files is not as it was shipped."""
        admin = f"--admindir={self.root}/var/lib/dpkg"
        audit = self.guest.run("dpkg", admin, "--audit").stdout
        verify = self.guest.run(
            "dpkg", f"--root={self.root or '/'}", "--verify", "portreeve", check=False
        ).stdout
        return audit + "\n".join(line for line in verify.splitlines() if " c /etc" not in line)

    def left_running(self) -> list[str]:
        """Processes of package tools, of their scripts, and of portreeve but for its one agent."""
        lines = [line for line in self._processes() if line not in self._before]
        agents = [line for line in lines if _AGENT.fullmatch(line)]
        return [line for line in lines if line not in agents] + agents[1:]

    def _processes(self) -> list[str]:
        lines = self.guest.run("ps", "-e", "-o", "args=").stdout.splitlines()
        return [line for line in lines if _TOOLS.search(line)]

    def _tool(self, operation: str) -> str:
        package = ""
        if operation in {"install", "downgrade", "reinstall"}:
            package = str(self.versions.earlier)
        elif operation == "upgrade":
            package = str(self.versions.current)
        if self.dpkg:
            word = "--install" if package else f"--{operation}"
            return f"dpkg {self.dpkg} {word} {package or 'portreeve'}"
        options = "-y --allow-downgrades -o DPkg::Lock::Timeout=60"
        word = f"install --reinstall {package}" if package else f"{operation} portreeve"
        return f"apt-get {options} {word}"

    def _expected(self, operation: str) -> str:
        if operation in {"remove", "purge"}:
            return f"config-files {EARLIER}" if operation == "remove" else ""
        if operation == "upgrade":
            return f"installed {self.versions.current.name.split('_')[1]}"
        return f"installed {EARLIER}"

    def _status(self) -> str:
        admin, show = f"--admindir={self.root}/var/lib/dpkg", "${db:Status-Status} ${Version}"
        shown = self.guest.run("dpkg-query", admin, "-W", "-f", show, "portreeve", check=False).stdout
        return "" if shown.startswith("not-installed") else shown

    def _debconf(self) -> str:
        """What would change if a question was asked, or could be."""
        return self.guest.shell(_DEBCONF, self.root).stdout
