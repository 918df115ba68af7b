"""Sends a signal to a container's first process."""

from signal import Signals

from portreeve.containers.connection import Docker
from portreeve.containers.host_process import send
from portreeve.containers.model import Container
from portreeve.containers.refusal import require_running, told_apart


def send_to_container(docker: Docker, container: Container, signal: str) -> None:
    """Send a signal; nothing tells what the process makes of it.

    It is sent to the process itself where that is one of this host's. Docker takes nearly every signal for a
    wish that the container stay down: one with ``restart: always`` that was sent a HUP is not started again
    when it ends later, nor one with ``unless-stopped`` when Docker is restarted
    [measured, 20.10; moby#11065, moby#41302].

    Args:
        docker: to send it through where the process cannot be reached.
        container: as :meth:`Docker.find` gives it.
        signal: its name with or without ``SIG``.

    Raises:
        Waiting: the container is gone, or its processes do not run now: whoever starts it reads its
            configuration anyway.
        DockerUnavailable: Docker does not answer, or does not know the signal.
    """
    wanted = f"signal {signal} cannot be sent to a process"
    require_running(container, wanted)
    number = Signals.__members__.get(f"SIG{signal.upper().removeprefix('SIG')}")
    if number is not None and send(container.pid, container.id, number):
        return
    with told_apart(docker, container, wanted):
        docker.ask(lambda client: client.kill(container.id, signal), locked=container.name, conflicts=True)
