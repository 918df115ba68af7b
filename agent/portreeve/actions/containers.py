"""Has a container take notice of what was written: by a command in it, or a signal to it."""

import math
import time
from datetime import datetime

from portreeve.containers.connection import Docker
from portreeve.containers.exec import run_in_container
from portreeve.containers.model import Container
from portreeve.containers.signal import send_to_container
from portreeve.definitions.steps import Exec, Signal
from portreeve.errors import Failed, Reason, Waiting

_LINES = 5
"""Lines of standard error that are told; programs often say what is wrong before the last one."""

_NOT_RUN = frozenset({126, 127})

STARTING = 10.0
"""Seconds for which a container that was started counts as starting: nginx has no pid yet, for one."""


def run_exec(step: Exec, docker: Docker, starting: float = STARTING) -> None:
    """Run the command of a step in its container; what it prints is thrown away.

    Args:
        step: with its texts rendered.
        docker: to run it through.
        starting: seconds for which a container counts as just started.

    Raises:
        Failed: it ended with another status than 0, or not in time.
        Waiting: the container is not there, or its processes do not run now, or it has no such program; or it
            did not work in a container that has just started.
        DockerUnavailable: Docker does not answer.
    """
    container = docker.find(step.container)
    result = run_in_container(docker, container, step.command, timeout=step.timeout)
    if result.ok:
        return
    if result.exit_code in _NOT_RUN:
        raise Waiting(
            Reason.PROGRAM_ABSENT,
            f"{step.command[0]} cannot be run in container {container.name}",
            evidence=result.describe(_LINES),
            hint="name a program that the container's image has",
            step="apply",
        )
    # One that has just started may not be ready for it, which says nothing of the content.
    kind = Waiting if _age(container) < starting else Failed
    raise kind(
        Reason.ACTION_FAILED,
        f"{step.command[0]} did not work in container {container.name}",
        evidence=result.describe(_LINES),
        hint=f"`docker logs {container.name}` may tell more",
        step="apply",
    )


def send_signal(step: Signal, docker: Docker) -> None:
    """Send the signal of a step to the first process of its container.

    Args:
        step: with its texts rendered.
        docker: to send it through.

    Raises:
        Waiting: the container is not there, or its processes do not run now.
        DockerUnavailable: Docker does not answer, or does not know the signal.
    """
    send_to_container(docker, docker.find(step.container), step.signal)


def _age(container: Container) -> float:
    """Seconds since it was started; endless where Docker does not say so in a way that can be read."""
    try:
        return time.time() - datetime.fromisoformat(container.started_at).timestamp()
    except ValueError:
        return math.inf
