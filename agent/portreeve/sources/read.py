"""Reads all values of a sync, each source once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portreeve.containers.archive import read_file
from portreeve.containers.connection import Docker
from portreeve.containers.mounts import InContainer, InMount, locate
from portreeve.definitions.model import HostFile, Scalar, Source, Sync, Value
from portreeve.errors import PortreeveError, Reason, Waiting
from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.parse import parse
from portreeve.sources.lookup import has, lookup
from portreeve.sources.open_beneath import Opened, open_beneath
from portreeve.sources.stable import read_stable, read_twice
from portreeve.sources.values import typed
from portreeve.trail import trail


@dataclass(slots=True)
class Interest:
    """What a sync depends on, filled while it is read, so that it is known of a failed read as well.

    Args:
        watch: names whose change can change a value, none with a link among its parents. Some do not exist.
        poll: something cannot be watched and has to be read again from time to time.
        containers: id of the container of each source, by the source's name.
    """

    watch: set[Path] = field(default_factory=set)
    poll: bool = False
    containers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Readings:
    """The values of a sync.

    Args:
        values: by name, each of its declared type.
        defaulted: names whose key was absent and whose default is in use.
        evidence: where each source was found, by its name.
    """

    values: Mapping[str, Scalar | tuple[Scalar, ...]]
    defaulted: frozenset[str]
    evidence: Mapping[str, str]


def read_sync(sync: Sync, docker: Docker, interest: Interest) -> Readings:
    """Read every value of a sync.

    Every source is looked at even if one fails, so that ``interest`` is complete; the first failure is told.

    Args:
        sync: what to read.
        docker: for sources in containers; not asked for others.
        interest: filled.

    Raises:
        PortreeveError: a value could not be read, with the reason and ``step="read"``.
    """
    values: dict[str, Scalar | tuple[Scalar, ...]] = {}
    defaulted: set[str] = set()
    evidence: dict[str, str] = {}
    failures: list[PortreeveError] = []
    for source in sync.sources.values():
        wanted = [value for value in sync.values.values() if value.source == source.name]
        try:
            data, evidence[source.name] = _read_source(source, wanted, docker, interest)
            for value in wanted:
                if value.default is not None and not has(value, data):
                    values[value.name] = value.default
                    defaulted.add(value.name)
                else:
                    values[value.name] = typed(value, lookup(value, data))
        except PortreeveError as error:
            error.step = error.step or "read"
            failures.append(error)
    if failures:
        raise failures[0]
    return Readings({name: values[name] for name in sync.values}, frozenset(defaulted), evidence)


def _read_source(
    source: Source, wanted: list[Value], docker: Docker, interest: Interest
) -> tuple[Mapping[str, Any], str]:
    """The source's parsed content, and where it was found."""

    def complete(data: bytes) -> bool:
        try:
            parsed = parse(source.format, data)
        except FormatError:
            return False
        return all(value.default is not None or has(value, parsed) for value in wanted)

    data, place = _read_bytes(source, complete, docker, interest)
    try:
        return parse(source.format, data), place
    except FormatError as error:
        raise Waiting(
            Reason.FORMAT_INVALID,
            f"source {source.name} is not valid {source.format.upper()}",
            evidence=f"{place}: {error}",
        ) from error


def _read_bytes(
    source: Source, complete: Callable[[bytes], bool], docker: Docker, interest: Interest
) -> tuple[bytes, str]:
    location = source.location
    if isinstance(location, HostFile):
        data = _read_beneath(Path("/"), str(location.path), source, complete, interest)
        return data, str(location.path)
    container = docker.find(location.container)
    interest.containers[source.name] = container.id
    place = locate(docker, container, location)
    match place:
        case InMount():
            interest.poll = interest.poll or place.on_demand
            data = _read_beneath(place.root, place.relative, source, complete, interest)
        case InContainer():
            interest.poll = True
            data = read_twice(
                lambda: read_file(docker, container, place.path, source.max_size),
                complete,
                name=f"{place} of container {container.name}",
            )
    return data, f"{place} of container {container}"


def _read_beneath(
    root: Path, relative: str, source: Source, complete: Callable[[bytes], bool], interest: Interest
) -> bytes:
    # Noted before it is opened: a link that is swapped in between is then seen by whoever watches.
    interest.watch.update(trail(Path(relative), root))

    def opened() -> Opened:
        return open_beneath(root, relative)

    return read_stable(opened, source.max_size, complete, name=str(root / relative))
