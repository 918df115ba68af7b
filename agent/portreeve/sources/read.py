"""Reads all values of a sync, each source once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portreeve.containers.connection import Docker
from portreeve.definitions.locations import (
    ContainerCommand,
    ContainerFile,
    ContainerList,
    Credential,
    Environment,
    HostFile,
    Inspection,
)
from portreeve.definitions.model import Items, Mirror, Single, Source, Sync, Value
from portreeve.errors import PortreeveError, Reason, Waiting
from portreeve.sources.command import read_command
from portreeve.sources.files import Complete, read_credential, read_location, read_mirrored
from portreeve.sources.folder import FolderFile
from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.parse import parse
from portreeve.sources.inspect import read_inspection
from portreeve.sources.interest import Interest
from portreeve.sources.listing import read_list
from portreeve.sources.lookup import has, pick
from portreeve.sources.values import typed


@dataclass(frozen=True, slots=True)
class Readings:
    """The values of a sync that are read; those that are computed come later.

    Args:
        values: by name, each of its declared type.
        defaulted: names whose key was absent and whose default is in use.
        evidence: where each source was found, by its name.
        lists: of each list of containers, by its source's name, the values of each container.
        left_out: why a container is not in a list, for people.
        folders: the files of each folder that is mirrored, by its source's name.
    """

    values: Mapping[str, Single]
    defaulted: frozenset[str]
    evidence: Mapping[str, str]
    lists: Mapping[str, Items] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    folders: Mapping[str, tuple[FolderFile, ...]] = field(default_factory=dict)


def read_sync(sync: Sync, docker: Docker, interest: Interest) -> Readings:
    """Read every value of a sync that is not computed.

    Every source is looked at even if one fails, so that ``interest`` is complete; the first failure is told.

    Args:
        sync: what to read.
        docker: for sources in containers; not asked for others.
        interest: filled.

    Raises:
        PortreeveError: a value could not be read, with the reason and ``step="read"``.
    """
    values: dict[str, Single] = {}
    defaulted: set[str] = set()
    evidence: dict[str, str] = {}
    failures: list[PortreeveError] = []
    lists: dict[str, Items] = {}
    left_out: list[str] = []
    folders: dict[str, tuple[FolderFile, ...]] = {}
    mirrored = {target.content.source for target in sync.targets if isinstance(target.content, Mirror)}
    for source in sync.sources.values():
        wanted = [value for value in sync.values.values() if value.source == source.name]
        try:
            if source.name in mirrored:
                folders[source.name] = read_mirrored(source, docker, interest)
                continue
            if isinstance(source.location, ContainerList):
                lists[source.name], out = read_list(source, source.location, docker)
                left_out += out
                continue
            data, evidence[source.name] = _read_source(source, wanted, docker, interest)
            for value in wanted:
                if value.default is not None and not has(value, data):
                    values[value.name] = value.default
                    defaulted.add(value.name)
                else:
                    values[value.name] = typed(value, pick(value, data))
        except PortreeveError as error:
            error.step = error.step or "read"
            failures.append(error)
    if failures:
        raise failures[0]
    read = {name: values[name] for name, value in sync.values.items() if value.expr is None}
    return Readings(read, frozenset(defaulted), evidence, lists, tuple(left_out), folders)


def _read_source(
    source: Source, wanted: list[Value], docker: Docker, interest: Interest
) -> tuple[Mapping[str, Any], str]:
    """The source's parsed content, and where it was found."""

    def complete(data: bytes) -> bool:
        assert source.format is not None
        try:
            parsed = parse(source.format, data)
        except FormatError:
            return False
        return all(value.default is not None or has(value, parsed) for value in wanted)

    match source.location:
        case Environment():
            return dict(os.environ), "the agent's environment"
        case Inspection() as location:
            seen = read_inspection(location, docker)
            interest.containers[source.name] = seen["id"]
            return seen, f"inspect of container {seen['name']} ({seen['id'][:12]}, {seen['status']})"
        case _:
            data, place = _read_bytes(source, complete, docker, interest)
    assert source.format is not None
    try:
        return parse(source.format, data), place
    except FormatError as error:
        raise Waiting(
            Reason.FORMAT_INVALID,
            f"source {source.name} is not valid {source.format.upper()}",
            evidence=f"{place}: {error}",
        ) from error


def _read_bytes(source: Source, complete: Complete, docker: Docker, interest: Interest) -> tuple[bytes, str]:
    match source.location:
        case HostFile() | ContainerFile():
            return read_location(source, source.location, complete, docker, interest)
        case Credential(name=name):
            return read_credential(name, source.max_size, complete, interest)
        case ContainerCommand() as location:
            interest.poll = True  # Nothing tells when it would print something else.
            data, container = read_command(location, docker, source.max_size)
            interest.containers[source.name] = container.id
            return data, f"{location.command[0]} in container {container}"
        case _:
            raise AssertionError(source.location)
