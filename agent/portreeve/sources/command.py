"""Reads what a command in a container prints."""

from portreeve.containers.connection import Docker
from portreeve.containers.exec import run_in_container
from portreeve.containers.model import Container
from portreeve.definitions.locations import ContainerCommand
from portreeve.errors import Reason, Waiting


def read_command(location: ContainerCommand, docker: Docker, max_size: int) -> tuple[bytes, Container]:
    """The standard output of a command that ended with status 0, and the container that it ran in.

    Args:
        location: the container and the command.
        docker: to run it through.
        max_size: bytes; more ends the command.

    Raises:
        Waiting: the container is not there or its processes do not run now; the command failed, took too
            long or printed too much. What it printed is not told.
        DockerUnavailable: Docker does not answer.
    """
    container = docker.find(location.container)
    result = run_in_container(
        docker, container, location.command, timeout=location.timeout, stdout_limit=max_size
    )
    if result.overrun:
        raise Waiting(
            Reason.FILE_TOO_LARGE,
            f"{location.command[0]} in container {container.name} printed too much",
            evidence=f"more than the {max_size} bytes allowed; {result.describe()}",
            hint="raise the source's max_size if that is right",
        )
    if not result.ok:
        raise Waiting(
            Reason.COMMAND_FAILED,
            f"{location.command[0]} did not work in container {container.name}",
            evidence=result.describe(),
        )
    return result.stdout, container
