"""Destroys a container and rebuilds it from its own configuration; the old one is put back if that fails.

The old one is stopped, loses its restart policy (dockerd would start it again at its next start) and makes
room for the name; the new one is created, connected and started. Only when somebody says that the new one is
ready is the old one removed. What was about to be done is told before each step, so that a recreation that
was cut off at any point is taken back by whoever finds that text.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from portreeve.containers import acting, removal
from portreeve.containers.conflict import name_holder
from portreeve.containers.connection import Docker
from portreeve.containers.creation import ask, create, join, post, told
from portreeve.containers.observe import observe_id
from portreeve.containers.recreate_config import RECREATED_FROM
from portreeve.containers.recreate_journal import BothGone, Journal, Phase
from portreeve.containers.recreate_plan import plan_recreation
from portreeve.containers.refusal import AbsentError, ConflictError, cut
from portreeve.errors import Failed, Reason, Refused, Waiting

_GONE = frozenset({"dead", "removing"})

_UNSTOPPED = frozenset({"running", "paused", "restarting"})

_LONG = 60.0
"""Seconds for a start or a removal: the last of forty starts at once takes 7, a network's volume its time."""


class Outcome(StrEnum):
    """How a recreation has ended."""

    PUT_BACK = "put-back"
    """The old one has its name and its restart policy again, and was started if it had been running."""
    FINISHED = "finished"
    """The new one has taken its place; the old one is gone."""


def begin(
    docker: Docker, container_id: str, *, stop_timeout: float | None, journal: Callable[[str], object]
) -> str:
    """Replace a container by a new one of the same configuration, up to the new one's start.

    Whatever is raised after the journal was first called: :func:`roll_back` with the last text puts the old
    one back. Otherwise the caller waits for the new one to become ready, and then calls :func:`finish` or
    :func:`roll_back`.

    Args:
        docker: to ask.
        container_id: of the old one, all 64 digits.
        stop_timeout: seconds that the old one has to end by itself; ``None``: its own.
        journal: stores a text before each step; what it raises ends the recreation there.

    Returns:
        The new container's id.

    Raises:
        Refused: it cannot be done, and nothing was.
        Failed: Docker refused a step; ``StartFailed`` for the new one's start.
        Waiting: there is no such container any more, or a step was not done in time (``container-busy``).
        DockerUnavailable: Docker does not answer.
    """
    plan = plan_recreation(docker, container_id)
    name = plan.name
    refusals = plan.refusals
    if plan.removes_itself:
        refusals = (*refusals, "it removes itself when it ends (--rm), so that it could not be put back")
    if refusals:
        raise Refused(
            Reason.RECREATION_REFUSED,
            f"container {name} cannot be recreated",
            evidence="; ".join(refusals),
            hint="make it anew by what it was made with (`docker run`, `docker compose up`)",
        )
    stands = Journal(name, container_id, Phase.STOPPING, dict(plan.policy), plan.ran)

    def at(phase: Phase, new: str = "") -> None:
        nonlocal stands
        stands = stands.at(phase, new)
        journal(stands.text())

    at(Phase.STOPPING)
    acting.stop(docker, observe_id(docker, container_id, name), timeout=stop_timeout)
    at(Phase.PARKING)
    with told(f"container {name} cannot be put aside"):
        _set_policy(docker, container_id, {"Name": "no"})
        ask(docker, lambda client: client.rename(container_id, stands.parked), name)
    at(Phase.CREATING)
    with told(f"a new container {name} cannot be created"):
        new = create(docker, name, plan.rebuilt)
    at(Phase.CONNECTING, new)
    with told(f"the new container {name} cannot be connected to its networks"):
        join(docker, new, name, plan.rebuilt)
    at(Phase.STARTING)
    _start(docker, new, name)
    at(Phase.AWAITING)
    return new


def awaited(journal_text: str) -> str:
    """The id of a new container that was started and is to become ready; empty at any other step.

    For whoever was killed while waiting for it, and wants to go on with that instead of taking it back.
    """
    stands = Journal.read(journal_text)
    return stands.new if stands.phase is Phase.AWAITING else ""


def has_new(journal_text: str) -> bool:
    """A new container was made; until then whatever is there under the name is the old one."""
    return bool(Journal.read(journal_text).new)


def finish(docker: Docker, journal_text: str, *, journal: Callable[[str], object]) -> None:
    """The new one is ready: remove the old one. Its volumes are never removed.

    Args:
        docker: to ask.
        journal_text: the last that was stored.
        journal: stores the last step before it is done; from there on there is no way back.

    Raises:
        Failed: the new one is gone, and the old one was left alone; or Docker refused to remove the old one.
        Waiting: it is still being removed (``container-busy``).
        DockerUnavailable: Docker does not answer.
    """
    stands = Journal.read(journal_text)
    if stands.phase is not Phase.FINISHING and _inspect(docker, stands.new) is None:
        raise Failed(
            Reason.RECREATION_FAILED,
            f"the new container {stands.name} is gone, so that the old one is kept",
            evidence=f"there is no container {stands.new[:12]}",
        )
    journal(stands.at(Phase.FINISHING).text())
    if _inspect(docker, stands.old) is not None:
        _remove(docker, stands.old, stands.parked)


def roll_back(docker: Docker, journal_text: str) -> Outcome:
    """Put the old one back, wherever the recreation stands; may be called again until it has worked.

    After a kill it ends what was being done.

    The new one is removed if it carries our label with the old one's id; nobody else's container is touched.

    Returns:
        ``FINISHED`` where the old one is gone or was about to be removed: the new one stays.

    Raises:
        StartFailed: it could not be started. All else is put back and the recreation is over.
        BothGone: somebody removed them, and the recreation is over.
        Failed: somebody else's container has the name, and the old one was started under another; or Docker
            refused a step.
        Waiting: a step is not done yet (``container-busy``): it is to be called again.
        DockerUnavailable: Docker does not answer.
    """
    stands = Journal.read(journal_text)
    old = _inspect(docker, stands.old)
    new = _new(docker, stands)
    if old is None or old["State"]["Status"] in _GONE or stands.phase is Phase.FINISHING:
        if new is None and old is None:
            raise BothGone(stands)
        if new is not None:
            # One that is half removed is no part of this any more.
            if old is not None and old["State"]["Status"] not in _GONE:
                _remove(docker, stands.old, stands.parked)
            return Outcome.FINISHED
    if new is not None:
        stands = stands.at(stands.phase, new["Id"])
        _remove(docker, stands.new, stands.name)
    _put_back(docker, stands)
    return Outcome.PUT_BACK


def _put_back(docker: Docker, stands: Journal) -> None:
    taken: ConflictError | None = None
    with told(f"container {stands.name} cannot be put back"):
        if stands.phase is not Phase.STOPPING:
            _set_policy(docker, stands.old, stands.policy)
            old = _inspect(docker, stands.old)
            if old is not None and old["Name"] != f"/{stands.name}":
                try:
                    ask(docker, lambda client: client.rename(stands.old, stands.name), stands.name)
                except ConflictError as error:
                    taken = error
    if stands.ran:
        _start(docker, stands.old, stands.name)
    if taken is not None and name_holder(str(taken)) == stands.new:
        # Docker frees a name a moment after its container is gone (moby#37698).
        raise Waiting(
            Reason.CONTAINER_BUSY,
            f"container {stands.name} gets its name back in a moment, and is called {stands.parked}",
            evidence=cut(str(taken)),
        )
    if taken is not None:
        raise Failed(
            Reason.RECREATION_FAILED,
            f"container {stands.name} has lost its name to another container, and is called {stands.parked}",
            evidence=cut(str(taken)),
            hint=f"rename the other one, or remove it: `docker inspect {stands.name}` tells what it is",
        ) from taken


def _new(docker: Docker, stands: Journal) -> Mapping[str, Any] | None:
    """The container that was made in this recreation; it may have been before Docker's answer was heard."""
    found = _inspect(docker, stands.new or stands.name)
    if found is None or (found["Config"].get("Labels") or {}).get(RECREATED_FROM) != stands.old:
        return None
    return found


def _inspect(docker: Docker, container: str) -> Mapping[str, Any] | None:
    try:
        return ask(docker, lambda client: dict(client.inspect_container(container)), container[:12])
    except AbsentError:
        return None


def _start(docker: Docker, container_id: str, name: str) -> None:
    """Start one, unless it was never stopped; whether it is ready is for others to judge."""
    seen = observe_id(docker, container_id, name)
    if seen.status in _UNSTOPPED:
        return
    try:
        acting.start(docker, seen, timeout=_LONG)
    except Waiting as error:
        # It was started and has ended already, and Docker starts it again: that is where it was before.
        if error.reason is not Reason.CONTAINER_RESTARTING:
            raise


def _remove(docker: Docker, container_id: str, name: str) -> None:
    """Remove one that was there a moment ago; its volumes stay."""
    removal.remove(docker, observe_id(docker, container_id, name), timeout=_LONG, force=True)


def _set_policy(docker: Docker, container_id: str, policy: Mapping[str, Any]) -> None:
    path, body = f"containers/{container_id}/update", {"RestartPolicy": dict(policy)}
    ask(docker, lambda client: post(client, path, body), container_id[:12])
