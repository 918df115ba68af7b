"""Sends a signal to a container's first process."""

from portreeve.containers.connection import Docker
from portreeve.containers.model import Container
from portreeve.containers.refusal import require_running, told_apart


def send_to_container(docker: Docker, container: Container, signal: str) -> None:
    """Send a signal; nothing tells what the process makes of it.

    Args:
        docker: to send it through.
        container: as :meth:`Docker.find` gives it.
        signal: its name with or without ``SIG``, or its number.

    Raises:
        Waiting: the container is gone, or its processes do not run now: whoever starts it reads its
            configuration anyway.
        DockerUnavailable: Docker does not answer.
    """
    wanted = f"signal {signal} cannot be sent to a process"
    require_running(container, wanted)
    with told_apart(docker, container, wanted):
        docker.ask(lambda client: client.kill(container.id, signal), locked=container.name, conflicts=True)
