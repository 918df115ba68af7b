"""What a test can do on any machine of the lab: run commands, and read, write and compare files."""

from __future__ import annotations

import io
import os
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .command import Result, execute
from .waiting import wait_until

T = TypeVar("T")
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "SYSTEMD_PAGER": "",
    "DEBIAN_FRONTEND": "noninteractive",
}
_WRITE = 'mkdir -p "$(dirname "$1")"; cat >"$1"; chmod "$2" "$1"'
_REPLACE = 'mkdir -p "$(dirname "$1")"; t=$(mktemp "$1.XXXXXX"); cat >"$t"; chmod "$2" "$t"; mv -T "$t" "$1"'
_LISTING = r"""
find "$@" -printf '%y\t%m\t%s\t%p\t%l\0' 2>/dev/null || true
printf '\0'
find "$@" -type f -exec sha256sum -z {} + 2>/dev/null || true
"""


@dataclass(frozen=True)
class Entry:
    """One file as `listing` sees it.

    Attributes:
        kind: find's letter: f file, d folder, l link, s socket …
        mode: permissions, octal as text.
        size: bytes of a regular file, 0 for anything else.
        content: SHA-256 of a file, target of a link, else empty.
    """

    kind: str
    mode: str
    size: int
    content: str


class Guest(ABC):
    """A running machine. Its commands see only it; paths are paths in it."""

    @property
    @abstractmethod
    def leader(self) -> int:
        """The process id, here, of the machine's process 1.

        Raises:
            LabError: it is not running.
        """

    def environment(self) -> dict[str, str]:
        """What every command gets; a machine may add to it."""
        return dict(_ENVIRONMENT)

    def run(
        self,
        *argv: str,
        check: bool = True,
        input: str | bytes | None = None,  # noqa: A002 - subprocess's own word
        timeout: float = 60.0,
        env: Mapping[str, str] | None = None,
    ) -> Result:
        """Run a command as root.

        Args:
            argv: program and arguments, no shell.
            check: raise when its exit code is not 0.
            input: what it reads.
            timeout: seconds until it is killed.
            env: variables added to a small clean environment.

        Raises:
            CommandError: not in time, or (with check) an exit code other than 0.
            LabError: the machine is not running.
        """
        __tracebackhide__ = True
        variables = {**self.environment(), **(env or {})}
        enter = ("nsenter", "-t", str(self.leader), "-a", "--")
        return execute(*enter, *argv, check=check, input=input, timeout=timeout, env=variables)

    def shell(self, script: str, *arguments: str, check: bool = True, timeout: float = 60.0) -> Result:
        """Run a bash script that ends at its first error; the arguments are its $1, $2 …"""
        __tracebackhide__ = True
        argv = ("bash", "-euo", "pipefail", "-c", script, "bash", *arguments)
        return self.run(*argv, check=check, timeout=timeout)

    def write(self, path: str, text: str | bytes, mode: int = 0o644) -> None:
        """Write a file in place (truncate, then write); missing folders are made."""
        self.run("sh", "-ec", _WRITE, "sh", path, f"{mode:o}", input=text)

    def append(self, path: str, text: str | bytes) -> None:
        """Add to the end of a file."""
        self.run("sh", "-ec", 'cat >>"$1"', "sh", path, input=text)

    def atomic_replace(self, path: str, text: str | bytes, mode: int = 0o644) -> None:
        """Write a file beside it and rename it over the old one."""
        self.run("sh", "-ec", _REPLACE, "sh", path, f"{mode:o}", input=text)

    def read(self, path: str) -> str:
        """The text of a file; CommandError if there is none."""
        return self.run("cat", path).stdout

    def exists(self, path: str) -> bool:
        """Whether there is such a path; a dangling link counts as one."""
        return self.shell('test -e "$1" || test -L "$1"', path, check=False).code == 0

    def copy_in(self, source: Path, target: str) -> None:
        """Copy a file or folder of this machine to exactly that path there, owned by root."""

        def owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
            member.uid = member.gid = 0
            member.uname = member.gname = "root"
            return None if member.name.endswith("/__pycache__") else member

        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(source, arcname=os.path.basename(target), filter=owned_by_root)  # noqa: PTH119 - a guest's path
        script = 'mkdir -p "$1"; tar -C "$1" -xf -'
        self.run("sh", "-ec", script, "sh", os.path.dirname(target) or "/", input=archive.getvalue())  # noqa: PTH120

    def listing(self, *folders: str) -> dict[str, Entry]:
        """All files in some folders; two listings compare what changed in between."""
        output = self.run("sh", "-c", _LISTING, "sh", *folders, timeout=120).stdout
        names, _, sums = output.partition("\0\0")
        digests = {line[66:]: line[:64] for line in sums.split("\0") if line}
        found = {}
        for line in filter(None, names.split("\0")):
            kind, mode, size, path, link = line.split("\t")
            content = link if kind == "l" else digests.get(path, "")
            found[path] = Entry(kind, mode, int(size) if kind == "f" else 0, content)
        return found

    def wait_until(self, condition: Callable[[], T], timeout: float, what: str) -> T:
        """Ask until the answer is true and return it; DeadlineError after `timeout` seconds."""
        return wait_until(condition, timeout, what)
