"""The definitions in use: loaded again on demand, with the last good form of one that is now broken."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

from portreeve.definitions.discovery import KINDS, SETTINGS
from portreeve.definitions.load import load, template_folders
from portreeve.definitions.locations import (
    ContainerCommand,
    ContainerFile,
    ContainerList,
    ContainerRef,
    Inspection,
    Location,
)
from portreeve.definitions.model import Definitions, Sync
from portreeve.definitions.settings import AlertSettings, ContainersSettings, PressureSettings, Settings
from portreeve.definitions.steps import ContainerReady, container_of
from portreeve.definitions.supervised import ManagedContainer, Service
from portreeve.definitions.upstream import upstream
from portreeve.paths import Paths
from portreeve.systemd.messages import MessageId
from portreeve.trail import EVERY
from portreeve.triggers.interest import Interest

log = logging.getLogger(__name__)

_Declared = TypeVar("_Declared", Sync, Service, ManagedContainer)

_FIXED = (
    ("docker", "socket"),
    ("docker", "timeout"),
    ("reconcile", "workers"),
    ("reconcile", "resync"),
    *(("containers", key.name) for key in fields(ContainersSettings)),
    *(("alerts", key.name) for key in fields(AlertSettings)),
    *(("pressure", key.name) for key in fields(PressureSettings)),
)
"""Settings that threads and connections are made with."""


@dataclass(frozen=True, slots=True)
class Change:
    """What loading the definitions again brought.

    Args:
        definitions: those to work by from now on.
        changed: names of syncs that are new or declared differently.
        gone: names of syncs that are not declared any more.
        containers_changed: names of containers that are new, declared differently, or not declared any more.
        services_changed: the same of services.
    """

    definitions: Definitions
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    containers_changed: tuple[str, ...] = ()
    services_changed: tuple[str, ...] = ()


def load_again(paths: Paths, before: Definitions | None) -> Change:
    """Load the definitions; a sync, service or container that is broken now keeps its last good form.

    Args:
        paths: where they are.
        before: those in use until now; ``None`` at the start.
    """
    loaded = load(paths)
    known = set(before.problems) if before else set()
    for problem in loaded.problems:
        if problem in known:
            continue
        log.warning("%s", problem.render(), extra={"message_id": MessageId.DEFINITION_BROKEN})
    old: Mapping[str, Sync] = before.syncs if before else {}
    old_services: Mapping[str, Service] = before.services if before else {}
    old_containers: Mapping[str, ManagedContainer] = before.containers if before else {}
    syncs = {**loaded.syncs, **_kept("syncs.d", old, loaded)}
    definitions = replace(
        loaded,
        syncs=syncs,
        services={**loaded.services, **_kept("services.d", old_services, loaded)},
        containers={**loaded.containers, **_kept("containers.d", old_containers, loaded)},
        upstream=upstream(syncs),
    )
    changed = tuple(name for name, sync in definitions.syncs.items() if old.get(name) != sync)
    return Change(
        definitions,
        changed,
        tuple(sorted(old.keys() - definitions.syncs.keys())),
        _differing(old_containers, definitions.containers),
        _differing(old_services, definitions.services),
    )


def _kept(kind: str, old: Mapping[str, _Declared], loaded: Definitions) -> dict[str, _Declared]:
    """The last good forms of those that are broken now."""
    return {name: declared for name, declared in old.items() if f"{kind}/{name}" in loaded.broken}


def _differing(old: Mapping[str, object], new: Mapping[str, object]) -> tuple[str, ...]:
    """The names that are new, gone, or mean something else."""
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))


def first_places(paths: Paths) -> tuple[Path, ...]:
    """Where definitions and templates are looked for, so that it can be watched before it is read."""
    search = paths.search
    folders = [folder / kind for folder in search for kind in (*KINDS, f"{SETTINGS}.d")]
    drop_ins = (drop_in for folder in folders for drop_in in folder.glob("*.d"))
    settings = (folder / SETTINGS for folder in search)
    return (*search, *settings, *folders, *drop_ins, *template_folders(paths))


def to_watch(paths: Paths, places: Iterable[Path]) -> Iterator[Path]:
    """These files, and all names in those of them that are folders.

    Folders of the search path have more than is read, our own sockets for one; of those only the names that
    are among the places count.
    """
    search = paths.search
    for place in places:
        yield place
        if place.suffix != ".toml" and place not in search and place.is_dir():
            yield place / EVERY


def fixed_until_restart(before: Settings, after: Settings) -> tuple[str, ...]:
    """Names of settings that changed and are read only at the start of the agent."""
    return tuple(
        f"{table}.{key}"
        for table, key in _FIXED
        if getattr(getattr(before, table), key) != getattr(getattr(after, table), key)
    )


def container_interests(definitions: Definitions) -> dict[str, tuple[Interest, ...]]:
    """Which containers each sync depends on; syncs that need none are left out."""
    interests = {}
    for name, sync in definitions.syncs.items():
        places = (
            *(source.location for source in sync.sources.values()),
            *(target.place for target in sync.targets),
        )
        found = [_interest(place) for place in places]
        found += [_of(container_of(step)) for step in (*sync.check, *sync.apply, *sync.verify)]
        ready = {step.name for step in sync.verify if isinstance(step, ContainerReady)}
        found += [_of(managed.container) for each, managed in definitions.containers.items() if each in ready]
        # Each once: forty steps in one container are one interest.
        containers = tuple(dict.fromkeys(interest for interest in found if interest is not None))
        if containers:
            interests[name] = containers
    return interests


def _interest(place: Location) -> Interest | None:
    match place:
        case ContainerFile(container=container) | ContainerCommand(container=container):
            return Interest(container)
        case Inspection(container=container):
            return Interest(container, details=True)
        case ContainerList(labels=labels):
            # Its other conditions are what events change.
            return Interest(labels=labels, details=True)
        case _:
            return None


def _of(container: ContainerRef | None) -> Interest | None:
    return None if container is None else Interest(container)
