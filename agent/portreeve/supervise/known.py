"""Which containers are looked after: those that are declared, and those that somebody asked for, which are
watched and never touched."""

import threading
from collections.abc import Mapping

from portreeve.containers.connection import Docker
from portreeve.containers.listing import list_containers
from portreeve.definitions.locations import COMPOSE_PROJECT, COMPOSE_SERVICE, ContainerList, ContainerRef
from portreeve.definitions.supervised import ManagedContainer
from portreeve.errors import DockerUnavailable, Reason, Refused

MOST_WATCHED = 500
"""Names that are watched at most: anybody who may read the status can ask for one."""


class KnownContainers:
    """The containers that are looked after, by name; for all threads.

    Args:
        docker: asked what a name stands for that nobody declared.
    """

    def __init__(self, docker: Docker) -> None:
        self._docker = docker
        self._lock = threading.Lock()
        self._declared: Mapping[str, ManagedContainer] = {}
        self._watched: dict[str, ManagedContainer] = {}

    def declare(self, containers: Mapping[str, ManagedContainer]) -> None:
        """These are declared; what was only watched until now and is one of them is not any more."""
        with self._lock:
            self._declared = containers
            self._watched = {
                name: container for name, container in self._watched.items() if self._meant(name) is None
            }

    def all(self) -> Mapping[str, ManagedContainer]:
        """Those that are declared, and those that are watched."""
        with self._lock:
            return {**self._watched, **self._declared}

    def name_of(self, name: str) -> str | None:
        """What one is called here, by the name of a definition, of a container, or PROJECT-SERVICE."""
        with self._lock:
            return name if name in self._watched else self._meant(name)

    def watch(self, name: str) -> None:
        """Watch a container that nobody declared.

        Args:
            name: a container's name, or PROJECT-SERVICE of a compose service; the first wins. A name that
                nothing has yet is taken for a container's.

        Raises:
            Refused: too many are.
        """
        container = ManagedContainer(name, "", self._found(name))
        with self._lock:
            if len(self._watched) >= MOST_WATCHED:
                raise Refused(
                    Reason.HELD,
                    f"container {name} cannot be watched",
                    evidence=f"{MOST_WATCHED} that nobody declared are watched already",
                    hint=f"declare it in /etc/portreeve/containers.d/{name}.toml",
                )
            self._watched[name] = container

    def _meant(self, name: str) -> str | None:
        if name in self._declared:
            return name
        found = (each.name for each in self._declared.values() if _is_called(each.container, name))
        return next(found, None)

    def _found(self, name: str) -> ContainerRef:
        try:
            listed = list_containers(self._docker, ContainerList(status=""))
        except DockerUnavailable:
            return ContainerRef(name=name)
        if any(each["name"] == name for each in listed):
            return ContainerRef(name=name)
        for each in listed:
            project, service = each["labels"].get(COMPOSE_PROJECT), each["labels"].get(COMPOSE_SERVICE)
            if project and service and f"{project}-{service}" == name:
                return ContainerRef(project=project, service=service)
        return ContainerRef(name=name)


def _is_called(ref: ContainerRef, name: str) -> bool:
    return name == ref.name or (ref.project is not None and name == f"{ref.project}-{ref.service}")
