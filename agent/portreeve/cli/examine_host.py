"""What ``doctor`` looks at itself, on the host: nothing here needs the agent."""

import os
import platform
import re
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from portreeve.cli.findings import Finding, fail, ok, warn
from portreeve.paths import Paths
from portreeve.process import Completed, run

OLDEST_PYTHON = (3, 11)
OLDEST_SYSTEMD = 252
"""Debian 12's; the units are written for it."""

FEWEST_WATCHES = 8192
FEWEST_INSTANCES = 128
"""What kernels give by default: the agent itself needs one instance and a watch a folder (inotify(7))."""

LOW_DISK = 256 << 20
FULL_DISK = 16 << 20
"""Bytes: below the one a person should know, below the other writing is about to fail."""

INOTIFY_LIMITS = Path("/proc/sys/fs/inotify")
DOCKER_SOCKET = Path("/run/docker.sock")
"""Docker's own default; the agent's settings may name another, and are not read without it."""

UNIT_FOLDERS = ("etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")
UNIT_FILES = ("portreeve.service", "portreeve-sync@.service", "portreeve-container@.service")


def python() -> Finding:
    """The interpreter is new enough."""
    version = platform.python_version()
    if sys.version_info >= OLDEST_PYTHON:
        return ok("python", version)
    return fail("python", f"{version} is too old", f"install Python {'.'.join(map(str, OLDEST_PYTHON))}")


def systemd() -> Finding:
    """systemd is there, and new enough."""
    answer = run(["systemctl", "--version"], timeout=5.0)
    match = re.match(r"systemd (\d+)", answer.output)
    if match is None:
        return warn("systemd", answer.describe(), "without systemd only host files can be kept in step")
    if int(match[1]) < OLDEST_SYSTEMD:
        remedy = f"upgrade to Debian 12, Ubuntu 24.04 or another host with systemd {OLDEST_SYSTEMD}"
        return fail("systemd", f"{match[1]} is too old", remedy)
    return ok("systemd", match[1])


def inotify(folder: Path = INOTIFY_LIMITS) -> Finding:
    """There are enough watches, so that no change of a file is missed until the next resync."""
    limits = {"max_user_watches": FEWEST_WATCHES, "max_user_instances": FEWEST_INSTANCES}
    found = {}
    for name, fewest in limits.items():
        try:
            found[name] = int((folder / name).read_text())
        except (OSError, ValueError) as error:
            return warn("inotify", f"{folder / name} cannot be read: {error}", "changes may be seen late")
        if found[name] < fewest:
            remedy = f"sysctl fs.inotify.{name}={fewest}, and the same in /etc/sysctl.d"
            return warn("inotify", f"{name} is {found[name]}", remedy)
    return ok("inotify", ", ".join(f"{name} {number}" for name, number in found.items()))


def units(paths: Paths) -> Finding:
    """The unit files are where systemd finds them."""
    missing = [
        name
        for name in UNIT_FILES
        if not any((paths.root / folder / name).is_file() for folder in UNIT_FOLDERS)
    ]
    if missing:
        return fail("units", f"not installed: {', '.join(missing)}", "sudo portreeve units install")
    return ok("units", ", ".join(UNIT_FILES))


def boot(answer: Completed | None = None) -> list[Finding]:
    """The agent is started at every boot; nothing, where systemd does not know it.

    Args:
        answer: of ``systemctl is-enabled``; asked for when it is not given.
    """
    answer = answer or run(["systemctl", "is-enabled", "portreeve.service"], timeout=5.0)
    word = answer.output.strip()
    if word == "disabled":
        return [warn("boot", "portreeve.service is not enabled", "sudo systemctl enable portreeve.service")]
    if word.startswith("masked"):
        return [fail("boot", f"portreeve.service is {word}", "sudo systemctl unmask portreeve.service")]
    return [ok("boot", "portreeve.service is enabled")] if word.startswith("enabled") else []


def docker_socket(path: Path = DOCKER_SOCKET) -> Finding:
    """Docker's socket exists."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        remedy = "systemctl status docker.socket docker.service"
        return warn("docker socket", f"{path}: {error.strerror}", remedy)
    if not stat.S_ISSOCK(mode):
        return fail("docker socket", f"{path} is no socket", "systemctl restart docker.socket")
    return ok("docker socket", str(path))


def state(paths: Paths) -> Finding:
    """The folder of the state is there, and nobody else's."""
    folder = paths.state
    try:
        found = folder.stat()
    except OSError as error:
        remedy = "systemctl start portreeve makes it; if not, see journalctl -u portreeve"
        return fail("state", f"{folder}: {error.strerror}", remedy)
    if not stat.S_ISDIR(found.st_mode):
        return fail("state", f"{folder} is no folder", f"move {folder} away; systemctl restart portreeve")
    if found.st_mode & 0o022:
        mode = stat.S_IMODE(found.st_mode)
        return fail("state", f"{folder} can be written by others ({mode:04o})", f"chmod 700 {folder}")
    if paths.root == Path("/") and found.st_uid != 0:
        return fail("state", f"{folder} belongs to uid {found.st_uid}", f"chown root:root {folder}")
    return ok("state", str(folder))


def disks(paths: Paths, targets: Iterable[str]) -> Sequence[Finding]:
    """There is room for the state and for the targets, each file system once."""
    findings = []
    seen = set()
    for wanted in (paths.state, *(Path(target).parent for target in targets)):
        folder = _nearest(wanted)
        try:
            device, room = folder.stat().st_dev, os.statvfs(folder)
        except OSError as error:
            findings.append(warn("disk", f"{folder}: {error.strerror}", "run it with sudo"))
            continue
        if device not in seen:
            seen.add(device)
            findings.append(_disk(folder, room.f_bavail * room.f_frsize))
    return findings


def _disk(folder: Path, free: int) -> Finding:
    what = f"{free >> 20} MiB free for {folder}"
    remedy = f"make room: df -h {folder}"
    if free < FULL_DISK:
        return fail("disk", what, remedy)
    return warn("disk", what, remedy) if free < LOW_DISK else ok("disk", what)


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(candidate for candidate in (folder, *folder.parents) if candidate.exists())
