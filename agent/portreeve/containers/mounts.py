"""Where a container's file is on the host: in one of its mounts, or in its own file system."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from portreeve.containers.connection import Docker
from portreeve.containers.model import Container, Mount
from portreeve.definitions.locations import ContainerFile
from portreeve.errors import Reason, Waiting
from portreeve.mountinfo import is_mount_point

_HAS_MOUNTS = ("running", "paused")
"""The states in which a volume that is mounted on demand is mounted."""


@dataclass(frozen=True, slots=True)
class InMount:
    """A file below a folder of the host.

    Args:
        root: the mount's folder on the host; nothing outside it may be reached.
        relative: the file, without ``..``.
        volume: the volume's name, where it is one.
        driver: the volume's driver, where it is one.
        on_demand: it is there only while a container uses it, and events from elsewhere are not seen.
        single_file: the file itself is what is mounted, and not a folder that it is in.
    """

    root: Path
    relative: str
    volume: str | None = None
    driver: str = ""
    on_demand: bool = False
    single_file: bool = False

    def __str__(self) -> str:
        return str(self.root / self.relative)


@dataclass(frozen=True, slots=True)
class InContainer:
    """A file of the container's own file system; Docker hands it out.

    Args:
        path: absolute.
    """

    path: str

    def __str__(self) -> str:
        return self.path


Place = InMount | InContainer


def resolve(container: Container, file: ContainerFile) -> Place:
    """Say where the file is, from the container's mounts alone; nothing is looked at.

    Raises:
        Waiting: the volume or mount that the file names is not there, or nobody but the container sees it.
    """
    if file.volume is not None:
        mount = next((each for each in container.mounts if each.name == file.volume), None)
        missing = f"volume {file.volume}"
    elif file.mount is not None:
        wanted = _normal(file.mount)
        mount = next((each for each in container.mounts if _normal(each.destination) == wanted), None)
        missing = f"mount at {wanted}"
    else:
        mount = mount_of(container, file.path)
        if mount is None:
            return InContainer(_normal(file.path))
        return _inside(container, mount, posixpath.relpath(_normal(file.path), _normal(mount.destination)))
    if mount is None:
        has = "; ".join(sorted(map(str, container.mounts))) or "no mounts at all"
        raise Waiting(
            Reason.MOUNT_ABSENT, f"container {container.name} has no {missing}", evidence=f"it has {has}"
        )
    return _inside(container, mount, _normal(file.path).lstrip("/"))


def mount_of(container: Container, path: str) -> Mount | None:
    """The deepest mount of the container that holds an absolute path."""
    wanted = _normal(path)
    holding = [
        each
        for each in container.mounts
        if posixpath.commonpath([wanted, _normal(each.destination)]) == _normal(each.destination)
    ]
    return max(holding, key=lambda each: len(_normal(each.destination)), default=None)


def locate(
    docker: Docker,
    container: Container,
    file: ContainerFile,
    *,
    is_mounted: Callable[[Path], bool] | None = None,
) -> Place:
    """:func:`resolve`, and make sure that what is found there is the volume and not the folder below it.

    A volume with a type or device of its own (NFS, CIFS, a bind, a tmpfs) and one of another driver are
    mounted only while a container uses them; before, their folder is there and empty.

    Args:
        docker: to look at the volume.
        container: whose file it is.
        file: the file.
        is_mounted: tells whether something is mounted at a folder of the host.

    Raises:
        DockerUnavailable: Docker does not answer.
        Waiting: see :func:`resolve`; or the volume is not mounted now.
    """
    place = resolve(container, file)
    if not isinstance(place, InMount) or place.volume is None:
        return place
    local = place.driver in ("", "local")
    options = docker.volume_options(place.volume) if local else {}
    if local and not ("type" in options or "device" in options):
        return place
    running = container.status in _HAS_MOUNTS
    # What a plugin calls its source need not be a mount point itself.
    folder = place.root / place.relative if place.single_file else place.root
    if not running or (local and not (is_mounted or is_mount_point)(folder)):
        driver = f"driver {place.driver}" if not local else f"type {options.get('type', '')}".rstrip()
        raise Waiting(
            Reason.VOLUME_NOT_MOUNTED,
            f"volume {place.volume} is mounted only while a container uses it",
            evidence=f"{driver}; container {container.name} is {container.status}"
            + (f", and nothing is mounted at {folder}" if running else ""),
        )
    return replace(place, on_demand=True)


def _inside(container: Container, mount: Mount, relative: str) -> InMount:
    if mount.type == "tmpfs":
        raise Waiting(
            Reason.FILE_UNREADABLE,
            f"{mount.destination} of container {container.name} is a tmpfs, which only the container sees",
            evidence=str(mount),
            hint="keep the file in a volume",
        )
    if not mount.source.startswith("/"):
        raise Waiting(
            Reason.VOLUME_NOT_MOUNTED,
            f"{mount.name or mount.destination} has no folder on the host now",
            evidence=f"{mount}; container {container.name} is {container.status}",
        )
    root = Path(mount.source)
    volume = mount.name if mount.type == "volume" else None
    if relative in ("", "."):  # A single file is mounted.
        return InMount(root.parent, root.name, volume, mount.driver, single_file=True)
    return InMount(root, relative, volume, mount.driver)


def _normal(path: str) -> str:
    """Absolute, without ``..``, double or trailing slashes; links are not looked at."""
    return posixpath.normpath("/" + path.lstrip("/"))
