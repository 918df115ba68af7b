"""Looks at one container; where Docker is away, the kernel is asked whether its process is still there."""

from portreeve.containers.connection import Docker
from portreeve.containers.host_process import runs
from portreeve.containers.observe import observe
from portreeve.containers.observed import Observed
from portreeve.definitions.locations import ContainerRef
from portreeve.errors import DockerUnavailable, Reason, Waiting
from portreeve.supervise.memory import Memory
from portreeve.supervise.seen import Absent, Away


def look(docker: Docker, ref: ContainerRef, last: Observed | None) -> Observed | Absent | Away:
    """What there is of a container now.

    A Docker that is on its way out takes no new connections and answers on old ones, also while it stops its
    containers: what it tells of one that does not run counts for nothing then.

    Args:
        docker: to ask.
        ref: which container.
        last: what was seen of it before; its process is looked for while Docker is away.

    Raises:
        Waiting: ``container-busy``: Docker is at work on it, and says nothing about it meanwhile.
    """
    try:
        seen = _what_there_is(docker, ref)
        if isinstance(seen, Absent) or not seen.runs:
            docker.require_up(now=True)
    except DockerUnavailable as error:
        gone = last is not None and last.runs and last.pid != 0 and not runs(last.pid, last.id)
        return Away(error, process_gone=gone)
    return seen


def _what_there_is(docker: Docker, ref: ContainerRef) -> Observed | Absent:
    try:
        return observe(docker, ref)
    except Waiting as error:
        if error.reason is Reason.CONTAINER_ABSENT:
            return Absent(error.evidence or error.what)
        if error.reason is Reason.CONTAINER_AMBIGUOUS:
            return Absent(f"{error}; {error.hint}")
        raise


def absent_how(seen: Observed | Absent | Away, memory: Memory) -> Observed | Absent | Away:
    """Where one is gone that removes itself when it ends, say how it ended: inspect cannot tell any more.

    Args:
        seen: what there is.
        memory: what Docker told meanwhile.
    """
    if not isinstance(seen, Absent) or memory.seen is None or not memory.seen.auto_remove:
        return seen
    if memory.not_made is not None:
        return Absent(str(memory.not_made), memory.not_made.failure)
    how = f"it ended with exit code {memory.exit_code}" if memory.exit_code else "it ended"
    return Absent(f"{how}, and removed itself (--rm)")
