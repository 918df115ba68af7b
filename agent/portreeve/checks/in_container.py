"""Would it work, or does it: asked of a program in a container, by its exit status."""

from collections.abc import Sequence

from portreeve.containers.connection import Docker
from portreeve.containers.exec import run_in_container
from portreeve.definitions.locations import ContainerRef


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
        ``None``, or how it ended and the last line of its standard error.

    Raises:
        Waiting: the container is not there, or its processes do not run now.
        DockerUnavailable: Docker does not answer.
    """
    container = docker.find(ref)
    result = run_in_container(docker, container, command, timeout=timeout)
    return None if result.ok else f"{command[0]} in container {container.name}: {result.describe()}"
