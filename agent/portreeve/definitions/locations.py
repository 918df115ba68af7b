"""Where values live and where files go, as a definition names it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COMPOSE_PROJECT = "com.docker.compose.project"
COMPOSE_SERVICE = "com.docker.compose.service"

FIELDS_OF_A_CONTAINER = (
    *("name", "id", "image", "status", "health", "labels", "env", "ip", "networks", "ports", "exposed"),
    *("mounts", "hostname", "started_at", "compose"),
)
"""What is told of each container, see docs/definitions.md; made by :mod:`portreeve.containers.view`."""


@dataclass(frozen=True, slots=True)
class ContainerRef:
    """How a container is found: by exactly one of name, compose service, or label.

    Args:
        name: the container's name, without a slash.
        project: compose project; goes with ``service``.
        service: compose service; goes with ``project``.
        label: ``key`` or ``key=value``.
    """

    name: str | None = None
    project: str | None = None
    service: str | None = None
    label: str | None = None

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether a container of that name and those labels is meant.

        Args:
            name: without a slash.
            labels: the container's, or an event's attributes, which contain them.
        """
        if self.name is not None:
            return name == self.name
        if self.label is not None:
            return has_label(labels, self.label)
        return (labels.get(COMPOSE_PROJECT), labels.get(COMPOSE_SERVICE)) == (self.project, self.service)

    def __str__(self) -> str:
        if self.name:
            return self.name
        if self.label:
            return f"label {self.label}"
        return f"compose {self.project}/{self.service}"


def has_label(labels: Mapping[str, str], wanted: str) -> bool:
    """Whether the labels have ``key`` or ``key=value``."""
    key, given, value = wanted.partition("=")
    return key in labels and (not given or labels[key] == value)


@dataclass(frozen=True, slots=True)
class HostFile:
    """A file or folder of the host."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class ContainerFile:
    """A file or folder that a container has.

    Args:
        container: whose it is.
        path: relative to the volume or mount where one is named, else absolute inside the container.
        volume: the volume's name as ``docker volume ls`` prints it.
        mount: the mount point inside the container. At most one of ``volume`` and ``mount``.
    """

    container: ContainerRef
    path: str
    volume: str | None = None
    mount: str | None = None

    def __str__(self) -> str:
        place = self.volume or self.mount
        return f"{self.container}:{place}/{self.path}" if place else f"{self.container}:{self.path}"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What Docker tells of a container."""

    container: ContainerRef

    def __str__(self) -> str:
        return f"inspect {self.container}"


@dataclass(frozen=True, slots=True)
class ContainerCommand:
    """What a command in a container prints.

    Args:
        container: where it runs.
        command: the program and its arguments, without a shell.
        timeout: seconds it may take.
    """

    container: ContainerRef
    command: tuple[str, ...]
    timeout: float = 10.0

    def __str__(self) -> str:
        return f"{self.container}: {' '.join(self.command)}"


@dataclass(frozen=True, slots=True)
class ContainerList:
    """All containers that fit; each condition narrows.

    Args:
        labels: ``key`` or ``key=value`` each; all of them.
        status: the state Docker lists, ``running`` unless said otherwise; empty for any.
        network: attached to this network; ``None`` for any.
    """

    labels: tuple[str, ...] = ()
    status: str = "running"
    network: str | None = None

    def __str__(self) -> str:
        conditions = [*(f"label {label}" for label in self.labels), self.status or "any status"]
        return f"containers, {', '.join(conditions)}" + (f", network {self.network}" if self.network else "")


@dataclass(frozen=True, slots=True)
class Environment:
    """The agent's own environment."""

    def __str__(self) -> str:
        return "environment"


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential that systemd hands to the agent (``LoadCredential=``, systemd.exec(5)).

    Args:
        name: of the file below ``$CREDENTIALS_DIRECTORY``.
    """

    name: str

    def __str__(self) -> str:
        return f"credential {self.name}"


FileLocation = HostFile | ContainerFile
Location = FileLocation | Inspection | ContainerCommand | ContainerList | Environment | Credential
