"""What an administrator declared, validated: the only form of it that the rest of portreeve sees."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from portreeve.definitions.problems import Problem
from portreeve.definitions.steps import ApplyStep, CheckStep, VerifyStep

Scalar = str | int | float | bool

COMPOSE_PROJECT = "com.docker.compose.project"
COMPOSE_SERVICE = "com.docker.compose.service"


class Format(StrEnum):
    """How a source's file is written."""

    INI = "ini"
    JSON = "json"
    YAML = "yaml"
    TOML = "toml"
    ENV = "env"
    PROPERTIES = "properties"
    XML = "xml"
    UNIT = "unit"
    TEXT = "text"


class ValueType(StrEnum):
    """What a value must be before it may reach a template."""

    PORT = "port"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    HOSTNAME = "hostname"
    IP = "ip"
    CIDR = "cidr"
    URL = "url"
    PATH = "path"
    STRING = "string"
    TEXT = "text"
    SECRET = "secret"  # noqa: S105 - the name of a type
    ENUM = "enum"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class ContainerRef:
    """How a container is found: by exactly one of name, compose service, or label.

    Args:
        name: the container's name, without a slash.
        project, service: those of compose, always both.
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
            key, given, value = self.label.partition("=")
            return key in labels and (not given or labels[key] == value)
        return (labels.get(COMPOSE_PROJECT), labels.get(COMPOSE_SERVICE)) == (self.project, self.service)

    def __str__(self) -> str:
        if self.name:
            return self.name
        if self.label:
            return f"label {self.label}"
        return f"compose {self.project}/{self.service}"


@dataclass(frozen=True, slots=True)
class HostFile:
    """A file of the host."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class ContainerFile:
    """A file that a container writes.

    Args:
        container: whose file it is.
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


Location = HostFile | ContainerFile


@dataclass(frozen=True, slots=True)
class Source:
    """A file that values are read from.

    Args:
        name: as in ``[sources.NAME]``.
        location: where the file is.
        format: how it is written.
        max_size: bytes; a longer file is refused.
    """

    name: str
    location: Location
    format: Format
    max_size: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Value:
    """A typed value and where it is read.

    Args:
        name: what templates call it.
        source: the source's name.
        key: the path to it inside the source, outermost first.
        type: what it must be.
        default: used when the key is absent; ``None`` means the value is required.
        pattern: a regular expression that the whole text must match.
        minimum, maximum: inclusive, for numbers and ports.
        choices: the only values allowed; required for ``enum``.
    """

    name: str
    source: str
    key: tuple[str, ...]
    type: ValueType
    default: Scalar | tuple[Scalar, ...] | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A host file that portreeve generates.

    Args:
        path: absolute; a literal, never rendered.
        template: the template's name, found on the search path.
        mode: permission bits; ``None`` keeps those of an existing file and gives a new one 0644.
        owner, group: name or id; ``None`` keeps, or root.
    """

    path: Path
    template: str
    mode: int | None = None
    owner: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Sync:
    """Values that become files that are made effective.

    Args:
        name: the definition's file name without ``.toml``.
        description: one line for people.
        sources: by name.
        values: by name, in the order they were declared.
        targets: one set: checked, replaced and restored together.
        check: before anything is replaced, in order.
        apply: after everything is replaced, in order.
        verify: after everything is applied, in order.
        deadline: seconds of waiting after which the state is called overdue; the trying goes on.
        origin: the files it was read from, the main one first.
    """

    name: str
    description: str
    sources: Mapping[str, Source]
    values: Mapping[str, Value]
    targets: tuple[Target, ...]
    check: tuple[CheckStep, ...]
    apply: tuple[ApplyStep, ...]
    verify: tuple[VerifyStep, ...]
    deadline: float
    origin: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A host unit that starts only after what it depends on.

    Args:
        name: the definition's file name without ``.toml``.
        description: one line for people.
        unit: the unit that gets the drop-in.
        requires: ``docker`` or ``sync:NAME``, in the order they were declared.
        origin: the files it was read from, the main one first.
    """

    name: str
    description: str
    unit: str
    requires: tuple[str, ...]
    origin: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class DockerSettings:
    """How Docker is reached.

    Args:
        socket: its API socket.
        timeout: seconds for one call; a daemon that accepts and does not answer for so long is hung.
    """

    socket: Path = Path("/run/docker.sock")
    timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class ReconcileSettings:
    """How the agent works; every time is in seconds.

    Args:
        workers: syncs worked on at the same time.
        deadline: of a sync that names none of its own.
        resync: how often everything is looked at although nothing woke the agent.
        poll: how often a source that cannot be watched is read while it is in use.
        backoff_min, backoff_max: before the first new try, and between tries at most.
        keep: generations of written files kept for each sync.
    """

    workers: int = 4
    deadline: float = 300.0
    resync: float = 300.0
    poll: float = 30.0
    backoff_min: float = 0.5
    backoff_max: float = 30.0
    keep: int = 10


@dataclass(frozen=True, slots=True)
class Settings:
    """``portreeve.toml``.

    Args:
        docker: how Docker is reached.
        reconcile: how the agent works.
        log_level: the lowest level that is logged, a name of :mod:`logging`.
    """

    docker: DockerSettings = field(default_factory=DockerSettings)
    reconcile: ReconcileSettings = field(default_factory=ReconcileSettings)
    log_level: str = "INFO"


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything that was declared, valid or not.

    Args:
        settings: the agent's own.
        syncs: the valid ones by name.
        services: the valid ones by name.
        problems: of every file, in the order of file and line.
        broken: names (``syncs.d/NAME``) of definitions that exist and are not valid, with their problems.
        template_folders: where templates are found, first hit wins.
        files: every file and folder that was or would be read, so that a change of it can be noticed.
    """

    settings: Settings
    syncs: Mapping[str, Sync]
    services: Mapping[str, Service]
    problems: tuple[Problem, ...]
    broken: Mapping[str, tuple[Problem, ...]]
    template_folders: tuple[Path, ...]
    files: tuple[Path, ...]
