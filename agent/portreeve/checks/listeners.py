"""Who listens on which TCP port of the host, from /proc alone (proc_net_tcp, cgroups(7))."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

_LISTEN = "0A"
_UNIT_SUFFIXES = (".service", ".socket", ".scope", ".mount", ".swap")


@dataclass(frozen=True, slots=True)
class Listener:
    """A TCP socket in state LISTEN.

    Args:
        address: that it is bound to; an IPv4 address in IPv6 form is given as IPv4.
        port: that it is bound to.
        inode: of the socket; names it in ``/proc/PID/fd``.
    """

    address: IPv4Address | IPv6Address
    port: int
    inode: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a listening socket open.

    Args:
        pid: its id.
        command: its name (``comm``).
        unit: the unit it belongs to; ``None`` when it belongs to none (PID 1, for one).
    """

    pid: int
    command: str
    unit: str | None

    def __str__(self) -> str:
        place = f", unit {self.unit}" if self.unit else ""
        return f"{self.command} (pid {self.pid}{place})"


def listeners(proc: Path = Path("/proc")) -> tuple[Listener, ...]:
    """All TCP sockets in state LISTEN in this process's network namespace."""
    found = []
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except FileNotFoundError:  # tcp6, where IPv6 is switched off
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN:
                address, _, port = fields[1].partition(":")
                found.append(Listener(_address(address), int(port, 16), int(fields[9])))
    return tuple(found)


def holders(inodes: frozenset[int], proc: Path = Path("/proc")) -> tuple[Holder, ...]:
    """The processes that have one of the sockets open, as far as they may be seen.

    Args:
        inodes: of sockets.
        proc: where processes are listed.

    Without CAP_SYS_PTRACE only the caller's own processes can be looked into.
    """
    links = {f"socket:[{inode}]" for inode in inodes}
    folders = sorted(
        (folder for folder in proc.iterdir() if folder.name.isdigit()), key=lambda f: int(f.name)
    )
    return tuple(
        Holder(int(folder.name), _command(folder), _unit(folder))
        for folder in folders
        if not links.isdisjoint(_open_files(folder))
    )


def unit_of_cgroup(text: str) -> str | None:
    """The system unit that a ``/proc/PID/cgroup`` belongs to: the first component that is no slice.

    systemd keeps units in the unified hierarchy (number 0), where it has none in one named after itself. A
    container may see both, and is the root of the one that its own systemd does not use.
    """
    hierarchies = {line.split(":", 2)[1]: line.split(":", 2)[2] for line in text.splitlines()}
    return _unit_in(hierarchies.get("", "")) or _unit_in(hierarchies.get("name=systemd", ""))


def _unit_in(path: str) -> str | None:
    for component in path.split("/"):
        # systemd puts an underscore before names that clash with the kernel's own files.
        name = component.removeprefix("_")
        if name and not name.endswith(".slice"):
            return name if name.endswith(_UNIT_SUFFIXES) else None
    return None


def _address(text: str) -> IPv4Address | IPv6Address:
    # The kernel prints 32-bit words in the machine's own byte order.
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    packed = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    address = ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _open_files(folder: Path) -> Iterator[str]:
    try:
        files = list((folder / "fd").iterdir())
    except (PermissionError, FileNotFoundError, ProcessLookupError):
        return
    for file in files:
        try:
            yield str(file.readlink())
        except (PermissionError, FileNotFoundError, ProcessLookupError):
            continue


def _command(folder: Path) -> str:
    try:
        return (folder / "comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return "a process that has just ended"


def _unit(folder: Path) -> str | None:
    try:
        return unit_of_cgroup((folder / "cgroup").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return None
