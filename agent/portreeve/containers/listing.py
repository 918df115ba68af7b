"""All containers that fit, each as values and templates see it."""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from portreeve.containers.connection import Docker
from portreeve.containers.inspections import Fingerprint, of_inspect, of_line
from portreeve.containers.refusal import AbsentError
from portreeve.containers.view import view
from portreeve.definitions.locations import ContainerList

AT_ONCE = 4
"""Containers inspected at a time: one that Docker is starting answers late, and the others need not wait."""


def list_containers(docker: Docker, wanted: ContainerList) -> tuple[Mapping[str, Any], ...]:
    """List containers and inspect those of which something changed since the last time.

    One that is removed between the two is left out.

    Args:
        docker: to ask.
        wanted: each condition narrows.

    Returns:
        Views (:func:`portreeve.containers.view.view`) ordered by name, then id; they are shared, so none of
        them may be changed.

    Raises:
        DockerUnavailable: Docker does not answer.
        Waiting: it does not answer about one of them (``container-busy``).
    """
    filters = _filters(wanted)
    lines = docker.ask(
        lambda client: [
            (str(item["Id"]), of_line(item)) for item in client.containers(all=True, filters=filters)
        ]
    )
    found: dict[str, Mapping[str, Any]] = {}
    unknown: deque[tuple[str, str]] = deque()
    for id_, now in lines:
        known = docker.inspections.get(id_, now)
        if known is None:
            unknown.append((id_, now.name.removeprefix("/")))
        else:
            found[id_] = known
    if unknown:
        found.update(_inspected(docker, unknown))
    return tuple(sorted(found.values(), key=lambda each: (each["name"], each["id"])))


def _filters(wanted: ContainerList) -> dict[str, Any]:
    filters: dict[str, Any] = {}
    if wanted.labels:
        filters["label"] = list(wanted.labels)
    if wanted.status:
        filters["status"] = wanted.status
    if wanted.network is not None:
        filters["network"] = wanted.network
    return filters


def _inspected(docker: Docker, unknown: deque[tuple[str, str]]) -> dict[str, Mapping[str, Any]]:
    """The views of those that are still there, taken by a few threads."""
    found: dict[str, Mapping[str, Any]] = {}

    def work() -> None:
        try:
            while True:
                try:
                    id_, name = unknown.popleft()
                except IndexError:
                    return
                seen = _inspect(docker, id_, name)
                if seen is not None:
                    found[id_] = seen
        finally:
            unknown.clear()  # After a failure there is nothing left to do for the others.
            docker.close()

    with ThreadPoolExecutor(min(AT_ONCE, len(unknown)), "docker-inspect") as pool:
        works = [pool.submit(work) for _ in range(min(AT_ONCE, len(unknown)))]
    for each in works:
        each.result()
    return found


def _inspect(docker: Docker, id_: str, name: str) -> Mapping[str, Any] | None:
    def parse(answer: Any) -> tuple[Fingerprint, Mapping[str, Any]]:
        return of_inspect(answer), view(answer)

    try:
        then, seen = docker.ask(lambda client: parse(client.inspect_container(id_)), locked=name)
    except AbsentError:
        return None
    docker.inspections.put(id_, then, seen)
    return seen
