"""Whether a hook can tell the agent, or leaves a mark for its next start: by what surrounds it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_ITS_ROOT = Path("proc/1/root")
_YES = frozenset({"1", "yes", "y", "true", "t", "on"})
"""What systemd reads as true (parse_boolean), in lower case."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a hook sees around it.

    Args:
        other_root: ``DPKG_ROOT``: the package is installed below that folder, and this is not its host.
        offline: ``SYSTEMD_OFFLINE``: an image is being built.
        chroot: process 1 has another root, so what runs there is not the agent of this one.
        systemd: systemd runs here (sd_booted(3)).
        socket: there is a socket of an agent.
    """

    other_root: str = ""
    offline: bool = False
    chroot: bool = False
    systemd: bool = True
    socket: bool = True


@dataclass(frozen=True, slots=True)
class Reach:
    """What a hook can do besides its mark.

    Args:
        agent: there is an agent to tell.
        here: there could be one: this is the host that the package is for.
        why: why there is none to tell, in words; empty otherwise.
    """

    agent: bool
    here: bool = True
    why: str = ""


def reach(seen: Surroundings) -> Reach:
    """Decide by what was seen."""
    if seen.other_root:
        return Reach(agent=False, here=False, why=f"this is for the system below {seen.other_root}")
    if seen.offline:
        return Reach(agent=False, here=False, why="SYSTEMD_OFFLINE is set")
    if seen.chroot:
        return Reach(agent=False, here=False, why="this is a chroot")
    if not seen.socket:
        why = "the agent does not run" if seen.systemd else "systemd does not run here"
        return Reach(agent=False, why=why)
    return Reach(agent=True)


def look(socket: Path, environment: Mapping[str, str] = os.environ, root: Path = Path("/")) -> Surroundings:
    """See what is there. Nothing is run, and nothing is waited for.

    Args:
        socket: the agent's.
        environment: of the maintainer script.
        root: the folder that stands for ``/``.
    """
    return Surroundings(
        other_root=other_root(environment),
        offline=environment.get("SYSTEMD_OFFLINE", "").lower() in _YES,
        chroot=_in_chroot(root),
        systemd=(root / "run/systemd/system").is_dir(),
        socket=_there(socket),
    )


def other_root(environment: Mapping[str, str] = os.environ) -> str:
    """``DPKG_ROOT``, where it is another one; dpkg(1) sets it in every script, mostly to nothing."""
    folder = environment.get("DPKG_ROOT", "")
    return "" if folder.strip("/") == "" else folder


def _in_chroot(root: Path) -> bool:
    """As systemd and ischroot(1) find out, without either: by comparing the root of process 1 with ours."""
    try:
        first, ours = (root / _ITS_ROOT).stat(), root.stat()
    except PermissionError:
        # Not root: whoever looks at one's own host.
        return False
    except OSError:
        # Without /proc it is no host that was booted (systemd's running_in_chroot() says so, too).
        return True
    return (first.st_dev, first.st_ino) != (ours.st_dev, ours.st_ino)


def _there(socket: Path) -> bool:
    try:
        return socket.is_socket()
    except OSError:
        return False
