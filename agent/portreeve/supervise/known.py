"""Which containers are looked after: those that are declared, and those that somebody asked for, which are
watched and never touched."""

import threading
from collections.abc import Callable, Mapping

from portreeve.containers.connection import Docker
from portreeve.containers.listing import list_containers
from portreeve.containers.refusal import AbsentError
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

    def watch(self, name: str, expendable: Callable[[str], bool] = lambda _: False) -> str | None:
        """Watch a container that nobody declared; :meth:`find` says which one that is.

        Args:
            name: a container's name, or PROJECT-SERVICE of a compose service; until it is found, it is taken
                for a container's.
            expendable: whether one that is watched may be forgotten to make room.

        Returns:
            the name of one that was forgotten for it.

        Raises:
            Refused: too many are, and none may be forgotten.
        """
        with self._lock:
            if name in self._watched:
                return None
            forgotten = None
            if len(self._watched) >= MOST_WATCHED:
                forgotten = next(filter(expendable, self._watched), None)
                if forgotten is None:
                    raise Refused(
                        Reason.HELD,
                        f"container {name} cannot be watched",
                        evidence=f"{MOST_WATCHED} that nobody declared are watched already",
                        hint=f"declare it in /etc/portreeve/containers.d/{name}.toml",
                    )
                del self._watched[forgotten]
            self._watched[name] = ManagedContainer(name, "", ContainerRef(name=name))
            return forgotten

    def find(self, name: str) -> bool:
        """Ask Docker again what a name stands for that is only watched: it may have been made meanwhile, or
        Docker was away when somebody asked.

        Args:
            name: as for :meth:`watch`; the name of a container comes before that of a service.

        Returns:
            Whether another container is meant now.
        """
        with self._lock:
            before = self._watched.get(name)
        found = None if before is None else self._found(name)
        with self._lock:
            if before is None or found in (None, before.container) or self._watched.get(name) != before:
                return False
            self._watched[name] = ManagedContainer(name, "", found)
            return True

    def may_be(self, name: str) -> tuple[ContainerRef, ...]:
        """Every container that a name may come to stand for, while it is only watched.

        Args:
            name: of one that is looked after.
        """
        with self._lock:
            if name not in self._watched:
                return ()
        parts = name.split("-")
        services = (("-".join(parts[:at]), "-".join(parts[at:])) for at in range(1, len(parts)))
        named = (ContainerRef(project=project, service=service) for project, service in services)
        return (ContainerRef(name=name), *named)

    def _meant(self, name: str) -> str | None:
        if name in self._declared:
            return name
        found = (each.name for each in self._declared.values() if _is_called(each.container, name))
        return next(found, None)

    def _found(self, name: str) -> ContainerRef | None:
        try:
            listed = list_containers(self._docker, ContainerList(status=""))
        except (DockerUnavailable, AbsentError):
            return None
        if any(each["name"] == name for each in listed):
            return ContainerRef(name=name)
        for each in listed:
            project, service = each["labels"].get(COMPOSE_PROJECT), each["labels"].get(COMPOSE_SERVICE)
            if project and service and f"{project}-{service}" == name:
                return ContainerRef(project=project, service=service)
        return None


def _is_called(ref: ContainerRef, name: str) -> bool:
    return name == ref.name or (ref.project is not None and name == f"{ref.project}-{ref.service}")
