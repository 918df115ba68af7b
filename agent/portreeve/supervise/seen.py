"""What a look at a container gives where there is nothing to inspect."""

from dataclasses import dataclass

from portreeve.containers.start_failure import StartFailure
from portreeve.errors import DockerUnavailable


@dataclass(frozen=True, slots=True)
class Absent:
    """Docker answers, and there is no such container, or more than one could be meant.

    Args:
        what: how Docker's list reads, one sentence.
        failure: why it could not be started when it was last made again.
    """

    what: str = "Docker lists no such container"
    failure: StartFailure | None = None


@dataclass(frozen=True, slots=True)
class Away:
    """Docker does not answer, or not about this container.

    Args:
        error: why.
        process_gone: the kernel says that the first process it had does not exist any more; false when that
            is not known.
    """

    error: DockerUnavailable
    process_gone: bool = False
