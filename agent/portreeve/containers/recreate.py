"""Destroys a container and rebuilds it from its own configuration; the old one is put back if that fails.

The old one is stopped, loses its restart policy (dockerd would start it again at its next start) and makes
room for the name; the new one is created, connected and started. Only when somebody says that the new one is
ready is the old one removed. What was about to be done is told before each step, so that a recreation that
was cut off at any point is taken back by whoever finds that text.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from portreeve.containers.connection import Docker
from portreeve.containers.recreate_config import RECREATED_FROM, Rebuilt
from portreeve.containers.recreate_journal import Journal, Phase
from portreeve.containers.recreate_plan import plan_recreation
from portreeve.containers.refusal import AbsentError, ConflictError, cut
from portreeve.errors import DockerUnavailable, Failed, Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import APIClient

T = TypeVar("T")

_GONE = frozenset({"dead", "removing"})


class Outcome(StrEnum):
    """How a recreation has ended."""

    PUT_BACK = "put-back"
    """The old one has its name and its restart policy again, and was started if it had been running."""
    FINISHED = "finished"
    """The new one has taken its place; the old one is gone."""


def begin(docker: Docker, container_id: str, *, stop_timeout: float, journal: Callable[[str], object]) -> str:
    """Replace a container by a new one of the same configuration, up to the new one's start.

    Whatever is raised after the journal was first called: :func:`roll_back` with the last text puts the old
    one back. Otherwise the caller waits for the new one to become ready, and then calls :func:`finish` or
    :func:`roll_back`.

    Args:
        docker: to ask.
        container_id: of the old one, all 64 digits.
        stop_timeout: seconds that the old one has to end by itself.
        journal: stores a text before each step; what it raises ends the recreation there.

    Returns:
        The new container's id.

    Raises:
        Refused: it cannot be done, and nothing was.
        Failed: Docker refused a step.
        Waiting: there is no such container any more.
        DockerUnavailable: Docker does not answer.
    """
    plan = plan_recreation(docker, container_id)
    name = plan.name
    if plan.refusals:
        raise Refused(
            Reason.RECREATION_REFUSED,
            f"container {name} cannot be recreated",
            evidence="; ".join(plan.refusals),
            hint="make it anew by what it was made with (`docker run`, `docker compose up`)",
        )
    stands = Journal(name, container_id, Phase.STOPPING, dict(plan.policy), plan.ran)

    def at(phase: Phase, new: str = "") -> None:
        nonlocal stands
        stands = stands.at(phase, new)
        journal(stands.text())

    at(Phase.STOPPING)
    with _told(f"container {name} cannot be stopped"):
        _ask(docker, lambda client: client.stop(container_id, timeout=math.ceil(stop_timeout)), name)
    at(Phase.PARKING)
    with _told(f"container {name} cannot be put aside"):
        _set_policy(docker, container_id, {"Name": "no"})
        _ask(docker, lambda client: client.rename(container_id, stands.parked), name)
    at(Phase.CREATING)
    with _told(f"a new container {name} cannot be created"):
        path = f"containers/create?name={quote(name, safe='')}"
        new = _ask(docker, lambda client: str(_post(client, path, plan.rebuilt.body)["Id"]), name)
    at(Phase.CONNECTING, new)
    with _told(f"the new container {name} cannot be connected to its networks"):
        _ask(docker, lambda client: _connect(client, new, plan.rebuilt), name)
    at(Phase.STARTING)
    with _told(f"the new container {name} cannot be started"):
        _ask(docker, lambda client: client.start(new), name)
    at(Phase.AWAITING)
    return new


def awaited(journal_text: str) -> str:
    """The id of a new container that was started and is to become ready; empty at any other step.

    For whoever was killed while waiting for it, and wants to go on with that instead of taking it back.
    """
    stands = Journal.read(journal_text)
    return stands.new if stands.phase is Phase.AWAITING else ""


def finish(docker: Docker, journal_text: str, *, journal: Callable[[str], object]) -> None:
    """The new one is ready: remove the old one. Its volumes are never removed.

    Args:
        docker: to ask.
        journal_text: the last that was stored.
        journal: stores the last step before it is done; from there on there is no way back.

    Raises:
        Failed: the new one is gone, and the old one was left alone; or Docker refused to remove the old one.
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
    _remove(docker, stands.old, stands.parked)


def roll_back(docker: Docker, journal_text: str) -> Outcome:
    """Put the old one back, wherever the recreation stands; may be called again until it has worked.

    The new one is removed if it carries our label with the old one's id; nobody else's container is touched.

    Returns:
        ``FINISHED`` where the old one is gone or was about to be removed: the new one stays.

    Raises:
        Failed: both are gone; somebody else's container has the name, and the old one was started under
            another; or Docker refused a step.
        DockerUnavailable: Docker does not answer.
    """
    stands = Journal.read(journal_text)
    old = _inspect(docker, stands.old)
    new = _new(docker, stands)
    if old is None or old["State"]["Status"] in _GONE or stands.phase is Phase.FINISHING:
        if new is None and old is None:
            raise Failed(
                Reason.RECREATION_FAILED,
                f"container {stands.name} cannot be put back: somebody removed it while it was recreated",
                evidence=f"there is no container {stands.old[:12]}, and none that took its place",
                hint="make it anew by what it was made with (`docker run`, `docker compose up`)",
            )
        if new is not None:
            if old is not None:
                _remove(docker, stands.old, stands.parked)
            return Outcome.FINISHED
    if new is not None:
        _remove(docker, new["Id"], stands.name)
    _put_back(docker, stands)
    return Outcome.PUT_BACK


def resume(docker: Docker, journal_text: str) -> Outcome:
    """After a kill: end what was being done, by putting the old one back unless the new one was ready.

    Raises:
        Failed, DockerUnavailable: as :func:`roll_back`.
    """
    return roll_back(docker, journal_text)


def _put_back(docker: Docker, stands: Journal) -> None:
    taken: ConflictError | None = None
    with _told(f"container {stands.name} cannot be put back"):
        if stands.phase is not Phase.STOPPING:
            _set_policy(docker, stands.old, stands.policy)
            old = _inspect(docker, stands.old)
            if old is not None and old["Name"] != f"/{stands.name}":
                try:
                    _ask(docker, lambda client: client.rename(stands.old, stands.name), stands.name)
                except ConflictError as error:
                    taken = error
        if stands.ran:
            _ask(docker, lambda client: client.start(stands.old), stands.name)
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
        return _ask(docker, lambda client: dict(client.inspect_container(container)), container[:12])
    except AbsentError:
        return None


def _remove(docker: Docker, container_id: str, name: str) -> None:
    with _told(f"container {name} cannot be removed"):
        try:
            _ask(docker, lambda client: client.remove_container(container_id, force=True), name)
        except AbsentError:
            return


def _set_policy(docker: Docker, container_id: str, policy: Mapping[str, Any]) -> None:
    path, body = f"containers/{container_id}/update", {"RestartPolicy": dict(policy)}
    _ask(docker, lambda client: _post(client, path, body), container_id[:12])


def _connect(client: "APIClient", container_id: str, rebuilt: Rebuilt) -> None:
    """Have it in the networks of the old one and in no other."""
    if not rebuilt.networks:
        return
    present = set(client.inspect_container(container_id)["NetworkSettings"]["Networks"])
    for network in sorted(rebuilt.networks - present):
        _post(
            client,
            f"networks/{quote(network, safe='')}/connect",
            {"Container": container_id, "EndpointConfig": rebuilt.connect[network]},
        )
    for network in sorted(present - rebuilt.networks):
        client.disconnect_container_from_network(container_id, network)


def _post(client: "APIClient", path: str, body: Mapping[str, Any]) -> Any:
    """By hand: the SDK knows some of the options and drops the others. Returns the parsed answer."""
    import requests
    from docker.errors import create_api_error_from_http_exception

    url = f"{client.base_url}/v{client.api_version}/{path}"
    with client.post(url, json=body, timeout=client.timeout) as response:
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            create_api_error_from_http_exception(error)
        return response.json() if response.content else None


def _ask(docker: Docker, request: "Callable[[APIClient], T]", name: str) -> T:
    return docker.ask(request, locked=name, conflicts=True)


@contextmanager
def _told(what: str) -> "Iterator[None]":
    """Turn Docker's refusals into what could not be done."""
    try:
        yield
    except (AbsentError, ConflictError) as error:
        raise Failed(Reason.RECREATION_FAILED, what, evidence=cut(str(error))) from error
    except DockerUnavailable as error:
        # An answer that is an error is about this container; Docker itself is well.
        if error.reason is not Reason.DOCKER_ERROR:
            raise
        raise Failed(Reason.RECREATION_FAILED, what, evidence=error.evidence) from error
