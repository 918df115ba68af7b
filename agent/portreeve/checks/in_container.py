"""Would it work, or does it: asked of a program in a container, by its exit status."""

import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path

from portreeve.containers.connection import Docker
from portreeve.containers.exec import run_in_container
from portreeve.containers.model import Container
from portreeve.containers.mounts import mount_of
from portreeve.definitions.locations import ContainerRef

_LINES = 5
"""Lines of standard error that are told: nginx says what is wrong in the one before the last."""


def holds_in_container(
    ref: ContainerRef, command: Sequence[str], docker: Docker, *, timeout: float
) -> str | None:
    """Run a command once: ``None`` when it ends with status 0, else how it ended.

    Args:
        ref: the container that is meant.
        command: program and arguments, rendered; there is no shell.
        docker: to run it through.
        timeout: seconds.

    Returns:
        ``None``, or how it ended and the last lines of its standard error.

    Raises:
        Waiting: the container is not there, or its processes do not run now.
        DockerUnavailable: Docker does not answer.
    """
    container = docker.find(ref)
    result = run_in_container(docker, container, command, timeout=timeout)
    return None if result.ok else f"{command[0]} in container {container.name}: {result.describe(_LINES)}"


def seen_from(container: Container, files: Mapping[Path, Path]) -> dict[Path, str]:
    """The paths under which a container sees files of the host; without those that it does not see.

    Args:
        container: whose mounts count.
        files: anything by which a file is called, to its path on the host.
    """
    found = {name: _path_inside(container, path) for name, path in files.items()}
    return {name: inside for name, inside in found.items() if inside is not None}


def _path_inside(container: Container, path: Path) -> str | None:
    # The folder is resolved, since Docker may have been told the other name of it; the file is new.
    real = path.parent.resolve() / path.name
    seen = []
    for mount in container.mounts:
        for place in {path, real}:
            for source in {Path(mount.source), Path(mount.source).resolve()} if mount.source else ():
                if place != source and place.is_relative_to(source):
                    inside = posixpath.join(mount.destination, str(place.relative_to(source)))
                    if mount_of(container, inside) == mount:
                        seen.append(inside)
    return min(seen, default=None)
