"""Why Docker could not start a container, from its own words."""

import re
from enum import StrEnum

from portreeve.containers.observed import Observed
from portreeve.containers.refusal import cut
from portreeve.errors import Failed, Reason


class StartFailure(StrEnum):
    """Why Docker could not start a container, from ``State.Error``."""

    PORT = "port"
    """A port it publishes is held by somebody else."""
    MOUNT = "mount"
    """A path that is mounted into it does not exist, or cannot be mounted."""
    EXECUTABLE = "executable"
    """Its program does not exist in it, or may not be run."""
    NETWORK = "network"
    """A network it is attached to does not exist."""
    NAMESPACE = "namespace"
    """The container whose network, process or IPC namespace it uses does not run."""
    OTHER = "other"


_TABLE = (
    (StartFailure.PORT, r"port is already allocated|address already in use|ports are not available"),
    (
        # Before the networks: "cannot join network of a non running container".
        StartFailure.NAMESPACE,
        (
            r"cannot join \S+( namespace)? of a (non.running|restarting) container"
            r"|no such container|is restarting, wait until the container is running"
            r"|non-shareable ipc"
        ),
    ),
    (StartFailure.NETWORK, r"network \S+ not found|no such network|could not find a network"),
    (
        # Before the programs, since both end in "no such file or directory". The program's name stands
        # between "exec:" and that, so that a program called "mount" is none.
        StartFailure.MOUNT,
        (
            r"bind source path does not exist|error while creating mount source path|error mounting \"?/"
            r"|(error while mounting|failed to mount( local)?|failed to populate) volume|invalid mount config"
            r"|mount(ing)? a directory onto a file|mount through procfd"
        ),
    ),
    (
        StartFailure.EXECUTABLE,
        (
            r"executable file .{0,300}not found"
            r"|exec:? .{0,300}(no such file|permission denied|is a directory)"
            r"|exec format error|no command specified"
        ),
    ),
)
_PATTERNS = tuple((failure, re.compile(pattern, re.IGNORECASE | re.DOTALL)) for failure, pattern in _TABLE)

_LOOKED_AT = 4096
"""Characters of Docker's words; the cause stands in the first few hundred."""


def classify(error: str) -> StartFailure:
    """Tell why a start failed.

    Args:
        error: ``State.Error``, or the answer to the start: the words of Docker 20.10 to 29, runc and crun.

    Returns:
        ``other`` for what is not known, an empty text too.
    """
    words = error[:_LOOKED_AT]
    return next((failure for failure, pattern in _PATTERNS if pattern.search(words)), StartFailure.OTHER)


def in_short(error: str) -> str:
    """Docker's words in one line, without what tells nobody anything: who called whom, and ids of 64 digits.

    Args:
        error: ``State.Error``, or the answer to the start.
    """
    return cut(_CALLS.sub("", _ID.sub("", error[:_LOOKED_AT])).removesuffix(": unknown"))


_ID = re.compile(r" \([0-9a-f]{64}\)")
_CALLS = re.compile(
    r"^(failed to create (shim )?task( for container)?: )?((OCI runtime|runc|crun) create failed: )*"
    r"(container_linux\.go:\d+: )?(unable to start container process: )?((error )?during container init: )?"
)


class StartFailed(Failed):
    """Docker was told to start a container and could not; it never tries again by itself.

    Args:
        seen: the container after that.
        words: Docker's.
        failure: what they amount to.
    """

    def __init__(self, seen: Observed, words: str, failure: StartFailure) -> None:
        super().__init__(
            Reason.CONTAINER_START_FAILED,
            f"container {seen.name} could not be started",
            evidence=words,
            hint=hint_of(failure, seen.name),
        )
        self.seen = seen
        self.failure = failure


def hint_of(failure: StartFailure, name: str) -> str:
    """What to do about a start that failed.

    Args:
        failure: why.
        name: the container's, as Docker has it.
    """
    return _HINTS[failure].format(name=name)


_HINTS = {
    StartFailure.PORT: "free the port (`ss -ltnp` shows who holds it), or publish another one",
    StartFailure.MOUNT: "make the path that is mounted into it, or mount what it is on",
    StartFailure.EXECUTABLE: "look at its image and command: `docker inspect {name}`",
    StartFailure.NETWORK: "`docker network ls` shows what there is; one that was made anew has another id",
    StartFailure.NAMESPACE: "start the container whose namespace it uses first",
    StartFailure.OTHER: "`journalctl -u docker`",
}
