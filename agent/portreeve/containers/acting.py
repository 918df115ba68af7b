"""Starts, stops, restarts and unpauses a container, and sees what came of it.

Docker's answers are not believed: 204 and 304 both come for a start after which nothing runs, and what is
refused may be so for a reason that is over. Each function inspects before it acts and after.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from portreeve.containers.conflict import Conflict, conflict
from portreeve.containers.connection import Docker
from portreeve.containers.observe import observe_id
from portreeve.containers.observed import Observed
from portreeve.containers.refusal import AbsentError, ConflictError, RefusedError, cut
from portreeve.containers.start_failure import StartFailed, StartFailure, classify, in_short
from portreeve.errors import Failed, Reason, Waiting

if TYPE_CHECKING:
    from docker import APIClient

_LONGEST_GRACE = 600.0
"""Seconds that a container gets to end which was made to be waited for without end."""

_GRACE = 10.0
"""Seconds that Docker gives a container that was made without a time of its own."""


def start(docker: Docker, seen: Observed, *, timeout: float) -> Observed:
    """Start a container that does not run.

    A container that has ended again before it is looked at is returned as it is then: it was started.

    Args:
        docker: to tell.
        seen: the container; it is looked at again first.
        timeout: seconds until Docker must have answered.

    Returns:
        What it is afterwards; one that runs already is left alone.

    Raises:
        StartFailed: Docker could not, or says that it did and inspect says that it did not; never tried again
            by Docker itself, whatever the restart policy.
        Failed: its removal failed half-way (``container-dead``).
        Waiting: it is paused (``container-paused``), keeps ending (``container-restarting``), is being
            removed or still being started when the time is over (``container-busy``), or is gone.
        DockerUnavailable: Docker does not answer.
    """
    before = observe_id(docker, seen.id, seen.name)
    if before.runs:
        return before
    _require_startable(before)
    words = tell(docker, before, lambda client: client.start(before.id), timeout)
    return _started(before, observe_id(docker, seen.id, seen.name), words)


def restart(docker: Docker, seen: Observed, *, stop_timeout: float | None, timeout: float) -> Observed:
    """Stop a container if it runs, in whatever way, and start it.

    It is one request to Docker: a container that removes itself when it ends survives it, and would not
    survive a stop. Docker follows the restart policy again afterwards.

    Args:
        docker: to tell.
        seen: the container; it is looked at again first.
        stop_timeout: seconds it gets to end before it is killed; ``None``: its own.
        timeout: seconds until Docker must have answered, besides.

    Raises:
        StartFailed: it was not started again.
        Failed, Waiting, DockerUnavailable: as :func:`start`; a paused container is restarted.
    """
    before = observe_id(docker, seen.id, seen.name)
    if before.status not in ("paused", "restarting"):
        _require_startable(before)
    ending = _whole(before, stop_timeout)
    words = tell(docker, before, lambda client: client.restart(before.id, timeout=ending), timeout)
    return _started(before, observe_id(docker, seen.id, seen.name), words)


def stop(docker: Docker, seen: Observed, *, timeout: float | None) -> Observed:
    """Stop a container, and end its restart loop if it is in one.

    A paused container is resumed for it by Docker. Docker does not follow the restart policy of a container
    that was stopped until somebody starts it: not when Docker is restarted (``unless-stopped``), and with
    ``always`` only then.

    Args:
        docker: to tell.
        seen: the container; it is looked at again first.
        timeout: seconds it gets to end before it is killed; ``None``: its own, at most 600.

    Returns:
        What it is afterwards; one that does not run is left alone.

    Raises:
        Failed: it did not stop (``container-stop-failed``).
        Waiting: it still stops when the time is over or is being removed (``container-busy``), or it is
            gone, as one is that removes itself when it ends (``container-absent``).
        DockerUnavailable: Docker does not answer.
    """
    before = observe_id(docker, seen.id, seen.name)
    if before.status in ("created", "exited", "dead"):
        return before
    if before.status == "removing":
        _removing(before)
    ending = _whole(before, timeout)
    patience = 2 * docker.settings.timeout
    words = tell(docker, before, lambda client: client.stop(before.id, timeout=ending), patience)
    after = observe_id(docker, seen.id, seen.name)
    if after.status in ("running", "paused", "restarting") and after.started_at == before.started_at:
        raise Failed(
            Reason.CONTAINER_STOP_FAILED,
            f"container {seen.name} did not stop",
            evidence=words or f"Docker answered that it did, and inspect shows that it is {after.status}",
            hint=f"`docker kill {seen.name}`",
        )
    return after


def unpause(docker: Docker, seen: Observed) -> Observed:
    """Let the processes of a paused container go on.

    Args:
        docker: to tell.
        seen: the container; it is looked at again first.

    Returns:
        What it is afterwards; one that is not paused is left alone.

    Raises:
        Failed: it is still paused (``container-paused``).
        Waiting: it is gone, or Docker is at work on it.
        DockerUnavailable: Docker does not answer.
    """
    before = observe_id(docker, seen.id, seen.name)
    if before.status != "paused":
        return before
    words = tell(docker, before, lambda client: client.unpause(before.id), 2 * docker.settings.timeout)
    after = observe_id(docker, seen.id, seen.name)
    if after.status == "paused":
        raise Failed(
            Reason.CONTAINER_PAUSED,
            f"container {seen.name} is still paused",
            evidence=words or "Docker answered that it resumed it, and inspect shows that it is paused",
            hint=f"`docker unpause {seen.name}`",
        )
    return after


def tell(docker: Docker, seen: Observed, request: "Callable[[APIClient], object]", timeout: float) -> str:
    """Tell Docker to do something with a container; for the modules of this room.

    Returns:
        Docker's words when it refused, whatever the status, else nothing; inspect says what came of it.

    Raises:
        Waiting: it still works on it when the time is over (``container-busy``).
        DockerUnavailable: Docker does not answer.
    """
    try:
        docker.ask(request, locked=seen.name, conflicts=True, refusals=True, timeout=timeout)
    except (AbsentError, ConflictError, RefusedError) as error:
        return str(error) or "Docker refused without a word"
    return ""


def _started(before: Observed, after: Observed, words: str) -> Observed:
    """What came of a start; ``words`` are Docker's, where it refused."""
    ran = after.started_at is not None and after.started_at != before.started_at
    if after.runs and (ran or not before.runs):
        return after
    if conflict(words) in (Conflict.MARKED_FOR_REMOVAL, Conflict.REMOVAL_IN_PROGRESS):
        _removing(after)
    _require_startable(after)
    if ran and not words:
        return after
    if words or after.error:
        # The state's own words are left out of those of a request by some versions, and the reverse.
        failure = classify(words)
        if failure is StartFailure.OTHER:
            failure = classify(after.error)
        raise StartFailed(after, in_short(words or after.error), failure)
    shows = f"Docker answered that it was started, and inspect shows that it is {after.status}"
    raise StartFailed(after, f"{shows}, unchanged", StartFailure.OTHER)


def _require_startable(seen: Observed) -> None:
    """Refuse what Docker would refuse, or would pretend to do: a start in a restart loop is answered 304."""
    name = seen.name
    match seen.status:
        case "paused":
            raise Waiting(
                Reason.CONTAINER_PAUSED,
                f"container {name} cannot be started, since it is paused",
                evidence="its state is paused",
                hint=f"`docker unpause {name}`",
            )
        case "restarting":
            code, count = seen.exit_code, seen.restart_count
            raise Waiting(
                Reason.CONTAINER_RESTARTING,
                f"container {name} keeps ending, and Docker keeps starting it",
                evidence=f"it ended with exit status {code}, and Docker has restarted it {count} times",
                hint=f"`docker logs {name}`",
            )
        case "removing":
            _removing(seen)
        case "dead":
            raise Failed(
                Reason.CONTAINER_DEAD,
                f"container {name} is dead: its removal failed half-way",
                evidence=cut(seen.error) or "its state is dead",
                hint=f"`docker rm -f {name}`; if that fails, `systemctl restart docker.service`",
            )


def _removing(seen: Observed) -> NoReturn:
    raise Waiting(
        Reason.CONTAINER_BUSY,
        f"container {seen.name} is being removed",
        evidence=f"its state is {seen.status}",
        hint="nothing, if another is on its way; otherwise make it anew",
    )


def grace(own: float | None, wanted: float | None) -> float:
    """Seconds that a container gets to end before it is killed.

    Args:
        own: with which it was made; negative for one that is never killed, ``None`` without.
        wanted: what somebody else wants; ``None``: its own.
    """
    seconds = wanted if wanted is not None else _GRACE if own is None else own
    return seconds if 0 <= seconds <= _LONGEST_GRACE else _LONGEST_GRACE


def _whole(seen: Observed, wanted: float | None) -> int:
    """As Docker takes it."""
    return math.ceil(grace(seen.stop_timeout, wanted))
