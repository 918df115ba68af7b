"""What an administrator declared, validated: the only form of it that the rest of portreeve sees."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from portreeve.definitions.locations import FileLocation, Location
from portreeve.definitions.problems import Problem
from portreeve.definitions.settings import Settings
from portreeve.definitions.steps import ApplyStep, CheckStep, VerifyStep
from portreeve.definitions.supervised import ManagedContainer, Service

Scalar = str | int | float | bool
Single = Scalar | tuple[Scalar, ...]
"""What one value can be."""

Items = tuple[Mapping[str, Single], ...]
"""What a list of containers gives: the values of each."""


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
class Adoption:
    """Where the host has the value that is in force before portreeve makes one so.

    Args:
        file: a file of the host.
        format: how it is written.
        key: the path to the value inside it; empty for a text.
        match: a regular expression that finds the value in a text.
    """

    file: Path
    format: Format
    key: tuple[str, ...] = ()
    match: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A typed value and where it comes from.

    Args:
        name: what templates call it.
        source: the source's name; empty for one that is computed.
        key: the path to it inside the source, outermost first; empty for all of a text.
        type: what it must be.
        default: used when the key is absent; ``None`` means the value is required.
        pattern: a regular expression that the whole text must match.
        minimum: inclusive, for numbers and ports.
        maximum: inclusive, for numbers and ports.
        choices: the only values allowed; required for ``enum``.
        match: a regular expression that finds it in a text: its first group, or all of the match.
        expr: a template that computes it from other values.
        adopt: where the value in force before portreeve is found.
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
    match: str | None = None
    expr: str | None = None
    adopt: Adoption | None = None

    @property
    def address(self) -> str:
        """Where it comes from, for people."""
        if self.expr is not None:
            return f"computed by {self.expr}"
        return f"{self.match or '.'.join(self.key) or 'all of it'} in source {self.source}"


@dataclass(frozen=True, slots=True)
class Source:
    """Something that values are read from, or a folder that is mirrored.

    Args:
        name: as in ``[sources.NAME]``.
        location: where it is.
        format: how its bytes are written; ``None`` for what has none: a folder, what Docker tells, the
            environment.
        max_size: bytes; more is refused.
        values: of a list of containers, what is taken from each of them.
    """

    name: str
    location: Location
    format: Format | None
    max_size: int = 1 << 20
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """A target's content is what a template gives.

    Args:
        name: found on the search path.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Edits:
    """Single keys of a file are set, and all else of it is left alone.

    Args:
        format: how the file is written.
        set: by key, outermost part first: a text that may hold a template, or what is written as it is.
    """

    format: Format
    set: Mapping[tuple[str, ...], Scalar]


@dataclass(frozen=True, slots=True)
class Mirror:
    """A target is a folder that has what a source's folder has.

    Args:
        source: the source's name.
    """

    source: str


class Write(StrEnum):
    """How a target is replaced."""

    ATOMIC = "atomic"
    IN_PLACE = "in-place"


@dataclass(frozen=True, slots=True)
class Target:
    """A file or folder that portreeve generates, or of which it sets keys.

    Args:
        place: where it is; literal, never rendered.
        content: what is to be there.
        mode: permission bits; ``None`` keeps those of an existing file and gives a new one 0644.
        owner: user name or id; ``None`` keeps, or root.
        group: group name or id; ``None`` keeps, or root.
        write: how it is replaced; ``None``: in place where the file is a mount point of its own, else
            atomically.
    """

    place: FileLocation
    content: Template | Edits | Mirror
    mode: int | None = None
    owner: str | None = None
    group: str | None = None
    write: Write | None = None


@dataclass(frozen=True, slots=True)
class Sync:
    """Values that become files that are made effective.

    Args:
        name: the definition's file name without ``.toml``.
        description: one line for people.
        sources: by name.
        values: by name: those that are read in the order they were declared, then those that are computed,
            each after what it is computed from.
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

    @property
    def confidential(self) -> bool:
        """It handles secrets: what it writes is never shown, and never kept in the clear."""
        listed = (value for source in self.sources.values() for value in source.values.values())
        secret = any(value.type is ValueType.SECRET for value in (*self.values.values(), *listed))
        return secret or any(isinstance(target.content, Mirror) for target in self.targets)


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
        upstream: by sync, the syncs whose targets are its sources; it is worked on after them.
        containers: the valid ones by name.
    """

    settings: Settings
    syncs: Mapping[str, Sync]
    services: Mapping[str, Service]
    problems: tuple[Problem, ...]
    broken: Mapping[str, tuple[Problem, ...]]
    template_folders: tuple[Path, ...]
    files: tuple[Path, ...]
    upstream: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    containers: Mapping[str, ManagedContainer] = field(default_factory=dict)
