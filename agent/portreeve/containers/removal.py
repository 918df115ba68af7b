"""Removes a container, and waits until it is gone."""

import math
import time

from portreeve.containers.acting import tell
from portreeve.containers.conflict import Conflict, conflict
from portreeve.containers.connection import Docker
from portreeve.containers.observe import observe_id
from portreeve.containers.observed import Observed
from portreeve.containers.refusal import AbsentError, cut
from portreeve.errors import Failed, Reason, Waiting


def remove(
    docker: Docker, seen: Observed, *, timeout: float, force: bool = False, volumes: bool = False
) -> None:
    """Remove a container, or see its removal by somebody else through; one that is gone is removed.

    Args:
        docker: to tell.
        seen: the container.
        timeout: seconds until it must be gone.
        force: it is killed if it runs.
        volumes: those without a name go with it.

    Raises:
        Failed: Docker refused (``container-remove-failed``), or could not finish (``container-dead``).
        Waiting: it is still being removed when the time is over (``container-busy``).
        DockerUnavailable: Docker does not answer.
    """
    deadline = time.monotonic() + timeout
    words = tell(
        docker, seen, lambda client: client.remove_container(seen.id, v=volumes, force=force), timeout
    )
    if conflict(words) is Conflict.REMOVAL_IN_PROGRESS:
        wait_gone(docker, seen.id, seen.name, timeout=max(0.1, deadline - time.monotonic()))
        return
    after = _look(docker, seen.id, seen.name)
    if after is None:
        return
    if after.status == "dead":
        raise _dead(after)
    raise Failed(
        Reason.CONTAINER_REMOVE_FAILED,
        f"container {seen.name} was not removed",
        evidence=cut(words) or f"Docker answered that it was, and inspect shows that it is {after.status}",
        hint="" if force else f"stop it first; `docker rm -f {seen.name}` kills it",
    )


def wait_gone(docker: Docker, container_id: str, name: str, *, timeout: float) -> None:
    """Wait until a container that is being removed is gone; nothing is done to it.

    Its name is free a moment later still: see :func:`portreeve.containers.conflict.name_holder`.

    Args:
        docker: to ask.
        container_id: all 64 digits.
        name: for people.
        timeout: seconds.

    Raises:
        Failed: its removal failed (``container-dead``).
        Waiting: it is still there when the time is over (``container-busy``).
        DockerUnavailable: Docker does not answer.
    """
    try:
        docker.ask(
            lambda client: client.wait(container_id, timeout=math.ceil(timeout), condition="removed"),
            locked=name,
            timeout=timeout,
        )
    except AbsentError:
        return
    except Waiting as error:
        if error.reason is not Reason.CONTAINER_BUSY:
            raise
    # A removal that failed ends the waiting too.
    after = _look(docker, container_id, name)
    if after is None:
        return
    if after.status == "dead":
        raise _dead(after)
    raise Waiting(
        Reason.CONTAINER_BUSY,
        f"container {name} is still there",
        evidence=f"its state is {after.status} after {timeout:g} s",
        hint=f"`docker rm -f {name}`, if it is to be removed",
    )


def _look(docker: Docker, container_id: str, name: str) -> Observed | None:
    try:
        return observe_id(docker, container_id, name)
    except Waiting as error:
        if error.reason is Reason.CONTAINER_ABSENT:
            return None
        raise


def _dead(seen: Observed) -> Failed:
    return Failed(
        Reason.CONTAINER_DEAD,
        f"the removal of container {seen.name} failed half-way",
        evidence=cut(seen.error) or "its state is dead",
        hint=f"`docker rm -f {seen.name}`; if that fails, `systemctl restart docker.service`",
    )
