"""Whether that which kept Docker from starting a container is still there."""

import re
from pathlib import Path

from portreeve.checks.listeners import holders, listeners
from portreeve.containers.connection import Docker
from portreeve.containers.networks import exists
from portreeve.containers.observe import observe_id
from portreeve.containers.observed import Observed
from portreeve.containers.start_failure import StartFailure, classify
from portreeve.errors import DockerUnavailable, Reason, Waiting

_NETWORK = re.compile(r"network (\S+) not found", re.IGNORECASE)
_PROGRAM = re.compile(r'exec: "(/[^"]{1,4096})"')
"""A program that was named by its path; another is looked for in the folders of its container."""

_OTHER_CONTAINER = "container:"
_DEVICES = Path("/dev")
"""The agent has devices of its own (``PrivateDevices=``), and does not see those of the host."""


def cause(docker: Docker, seen: Observed, error: str) -> str | None:
    """Look whether a start would fail again for the same cause.

    Args:
        docker: to ask about networks and other containers.
        seen: the container that was not started.
        error: Docker's words then: ``State.Error``, or the evidence of a :class:`StartFailed`.

    Returns:
        What is still in the way, one sentence. ``None``: it seems gone, or cannot be looked at; only a try
        tells then.

    Raises:
        Waiting: Docker is at work on the container that it depends on.
        DockerUnavailable: Docker does not answer.
    """
    match classify(error):
        case StartFailure.PORT:
            return _held(seen)
        case StartFailure.MOUNT:
            return _missing(seen, error)
        case StartFailure.NAMESPACE:
            return _not_running(docker, seen)
        case StartFailure.NETWORK:
            named = _NETWORK.search(error)
            if named is None or exists(docker, named[1]):
                return None
            return f"network {named[1]} does not exist"
        case StartFailure.EXECUTABLE:
            named = _PROGRAM.search(error)
            return None if named is None else _no_program(docker, seen, named[1])
        case StartFailure.OTHER:
            return None


def _no_program(docker: Docker, seen: Observed, path: str) -> str | None:
    try:
        with docker.archive(docker.inspect(seen.id, seen.name), path):
            return None
    except Waiting as error:
        if error.reason is not Reason.FILE_ABSENT:
            raise
        return f"there is no {path} in it"
    except DockerUnavailable as error:
        # Its file system cannot be mounted to be looked at; Docker itself answers.
        if error.reason is not Reason.DOCKER_ERROR:
            raise
        return None


def _held(seen: Observed) -> str | None:
    """Only listening TCP sockets hold a port in a way that can be told; a UDP port is tried."""
    wanted = {int(port.partition("/")[0]) for port in seen.ports if port.endswith("/tcp")}
    found = [each for each in listeners() if each.port in wanted]
    if not found:
        return None
    port = min(each.port for each in found)
    who = holders(frozenset(each.inode for each in found if each.port == port))
    return f"port {port} is held by {', '.join(map(str, who[:3])) or 'another process'}"


def _missing(seen: Observed, error: str) -> str | None:
    """A path that Docker complains of; it makes others itself when it starts the container."""
    for source in map(Path, seen.binds):
        if str(source) in error and not source.is_relative_to(_DEVICES) and not source.exists():
            return f"{source}, which is mounted into it, does not exist"
    return None


def _not_running(docker: Docker, seen: Observed) -> str | None:
    if not seen.network_mode.startswith(_OTHER_CONTAINER):
        return None
    other = seen.network_mode.removeprefix(_OTHER_CONTAINER)
    try:
        found = observe_id(docker, other, other[:12])
    except Waiting as error:
        if error.reason is not Reason.CONTAINER_ABSENT:
            raise
        return f"container {other[:12]}, whose network it uses, does not exist"
    return None if found.runs else f"container {found.name}, whose network it uses, is {found.status}"
