"""Why nothing can be done in a container now: it is gone, or not in a state for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from portreeve.containers.model import Container
from portreeve.errors import Reason, Waiting

_SHOWN = 200
"""Characters that are shown of Docker's own words."""


class Inspects(Protocol):
    """What is needed of :class:`portreeve.containers.connection.Docker`, which knows this module."""

    def inspect(self, container_id: str, name: str) -> Container:
        """Inspect a container again."""


class AbsentError(Exception):
    """Docker answered 404."""


class ConflictError(Exception):
    """Docker answered 409: the container is not in a state for what was asked."""


class RefusedError(Exception):
    """Docker answered with another status that says no, such as 400 or 500 to the start of a container."""


def require_running(container: Container, wanted: str, docker_says: str = "") -> None:
    """Refuse to act on a container whose processes do not run just now.

    Docker does not refuse all of them: a signal to a container that is about to be restarted is answered
    with success and goes nowhere, and one to a paused container waits until somebody unpauses it.

    Args:
        container: as inspect shows it.
        wanted: what was to be done, ``nginx cannot be run``.
        docker_says: why Docker refused it, where it did.

    Raises:
        Waiting: the reason says which state it is in.
    """
    name = container.name
    match container.status:
        case "running":
            return
        case "paused":
            reason, state, hint = Reason.CONTAINER_PAUSED, "is paused", f"`docker unpause {name}`"
        case "restarting":
            reason, state, hint = Reason.CONTAINER_RESTARTING, "keeps ending", f"`docker logs {name}`"
        case _:
            reason, state, hint = Reason.CONTAINER_NOT_RUNNING, "does not run", f"`docker start {name}`"
    raise Waiting(
        reason,
        f"{wanted} in container {name}, which {state}",
        evidence=f"its state is {container.status}" + (f"; {cut(docker_says)}" if docker_says else ""),
        hint=hint,
    )


@contextmanager
def told_apart(docker: Inspects, container: Container, wanted: str) -> Iterator[None]:
    """Turn Docker's refusals into what inspect says of the container now.

    Args:
        docker: to inspect with.
        container: what was to be acted on.
        wanted: what was to be done, ``nginx cannot be run``.

    Raises:
        Waiting: it is gone, or its processes do not run.
        DockerUnavailable: Docker does not answer.
    """
    try:
        yield
    except AbsentError as error:
        raise removed(container.name, container.id) from error
    except ConflictError as error:
        require_running(docker.inspect(container.id, container.name), wanted, str(error))
        raise Waiting(
            Reason.CONTAINER_NOT_RUNNING,
            f"{wanted} in container {container.name}, which did not run a moment ago",
            evidence=cut(str(error)),
        ) from error


def removed(name: str, container_id: str) -> Waiting:
    """The container was there a moment ago."""
    return Waiting(
        Reason.CONTAINER_ABSENT,
        f"container {name} does not exist any more",
        evidence=f"{container_id[:12]} was removed in the middle of a look at it",
    )


def busy(name: str, timeout: float) -> Waiting:
    """Docker answers, and not about this container: it holds its lock while it starts or removes it.

    Args:
        name: the container's.
        timeout: seconds that were waited.
    """
    return Waiting(
        Reason.CONTAINER_BUSY,
        f"Docker is at work on container {name}",
        evidence=f"no answer about container {name} within {timeout:g} s; Docker may be starting it",
        hint="nothing, unless it lasts: then `systemctl restart docker.service`",
    )


def cut(text: str) -> str:
    """Docker's words in one printable line."""
    line = "".join(each if each.isprintable() else " " for each in text)
    line = " ".join(line.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
