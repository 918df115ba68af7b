"""From definitions to a graph. No value is in it, not even a default, and of commands only the program."""

import textwrap
from collections.abc import Collection, Iterator, Mapping

from portreeve.definitions.locations import (
    ContainerCommand,
    ContainerFile,
    ContainerList,
    ContainerRef,
    Credential,
    Environment,
    HostFile,
    Inspection,
    Location,
)
from portreeve.definitions.model import Definitions, Edits, Mirror, Source, Sync, Target
from portreeve.definitions.steps import (
    ApplyStep,
    CheckStep,
    Command,
    ContainerReady,
    Exec,
    FirewalldPort,
    SelinuxPort,
    Signal,
    UnitActive,
    UnitStep,
    VerifyStep,
)
from portreeve.definitions.supervised import ManagedContainer, Service
from portreeve.definitions.upstream import Written, writers, writers_of
from portreeve.graph.drafts import Draft
from portreeve.graph.model import Graph, Kind

Containers = Mapping[str, ManagedContainer]

_WRAP = 44
_LINES = 2
"""Of a description."""

_NAMES = 3
"""So many values are named on an arrow; more are counted."""

_FILES = 6
"""So many files of a set are listed."""


def build(definitions: Definitions, names: Collection[str] = ()) -> Graph:
    """The graph of what is valid.

    Args:
        definitions: what was declared.
        names: only these syncs, and what belongs to them; all when empty.
    """
    syncs = {name: sync for name, sync in sorted(definitions.syncs.items()) if not names or name in names}
    draft = Draft()
    written = writers(syncs)
    for sync in syncs.values():
        _sync(draft, sync)
        _files(draft, sync)
    for sync in syncs.values():
        _sources(draft, sync, written)
        _effects(draft, sync, definitions.containers)
    if not names:
        for _, managed in sorted(definitions.containers.items()):
            _managed(draft, managed, definitions.containers)
    for service in sorted(definitions.services.values(), key=lambda each: each.name):
        _service(draft, service, syncs, definitions.containers, everything=not names)
    return draft.graph()


def _sync(draft: Draft, sync: Sync) -> str:
    described = textwrap.wrap(sync.description, _WRAP, max_lines=_LINES, placeholder=" …")
    proofs = dict.fromkeys(step.keyword.replace("_", " ") for step in sync.verify)
    proved = [f"proved by {', '.join(proofs)}"] if proofs else []
    return draft.node(Kind.SYNC, sync.name, sync.name, [*described, *proved])


def _sources(draft: Draft, sync: Sync, written: Written) -> None:
    mirrored = {target.content.source for target in sync.targets if isinstance(target.content, Mirror)}
    for source in sync.sources.values():
        values = [value.name for value in sync.values.values() if value.source == source.name]
        label = ", ".join(values) if len(values) <= _NAMES else f"{len(values)} values"
        if source.name in mirrored:
            label = label or "mirrored"
        before = sorted(writers_of(sync, source, written) - {sync.name})
        # What another sync writes is drawn once, as its file.
        for tail in [draft.node(Kind.FILES, name, name) for name in before] or [_source(draft, source)]:
            draft.edge(tail, _sync(draft, sync), label)


def _source(draft: Draft, source: Source) -> str:
    title, details = _place(source.location)
    return draft.node(Kind.SOURCE, str(source.location), title, details)


def _place(location: Location) -> tuple[str, tuple[str, ...]]:
    match location:
        case HostFile(path=path):
            return path.name or "/", (f"{path.parent}/".replace("//", "/"),)
        case ContainerFile(container=container, path=path):
            folder, _, name = path.rstrip("/").rpartition("/")
            inside = location.volume or location.mount or ""
            where = "/".join(part.rstrip("/") for part in (inside, folder) if part) or "/"
            return name or inside or "/", (str(container), where)
        case Inspection(container=container):
            return "what Docker tells", (str(container),)
        case ContainerCommand(container=container, command=command):
            return f"{command[0]} prints", (str(container),)
        case ContainerList():
            return "list of containers", (*location.labels, location.status or "any status")
        case Environment():
            return "environment", ("of the agent",)
        case Credential(name=name):
            return name, ("systemd credential",)


def _files(draft: Draft, sync: Sync) -> str:
    """All targets of a sync are one set: replaced together and restored together."""
    if len(sync.targets) == 1:
        (target,) = sync.targets
        title, details = _place(target.place)
        return draft.node(Kind.FILES, sync.name, title, (*details, *_how(target)))
    lines = [str(target.place) for target in sync.targets[:_FILES]]
    if len(sync.targets) > _FILES:
        lines.append(f"and {len(sync.targets) - _FILES} more")
    return draft.node(Kind.FILES, sync.name, f"{len(sync.targets)} files", lines)


def _how(target: Target) -> Iterator[str]:
    if isinstance(target.content, Edits):
        keys = [f"sets {'.'.join(key)}" for key in target.content.set]
        yield from keys if len(keys) <= _NAMES else [f"sets {len(keys)} keys"]
    elif isinstance(target.content, Mirror):
        yield "mirrored folder"


def _effects(draft: Draft, sync: Sync, containers: Containers) -> None:
    files = _files(draft, sync)
    draft.edge(_sync(draft, sync), files)
    for target in sync.targets:
        if isinstance(target.place, ContainerFile):
            draft.edge(files, _container(draft, target.place.container), "mounted by")
    for word, steps in (("check", sync.check), ("", sync.apply), ("verify", sync.verify)):
        for step in steps:
            for head, label in _effect(draft, step, word, containers):
                draft.edge(files, head, label)


def _effect(
    draft: Draft, step: CheckStep | ApplyStep | VerifyStep, word: str, containers: Containers
) -> Iterator[tuple[str, str]]:
    keyword = step.keyword.replace("_", " ")
    match step:
        case UnitActive(unit=unit):
            yield draft.node(Kind.UNIT, unit, unit), word
        case ContainerReady(name=name) if name in containers:
            yield _container(draft, containers[name].container), word
        case Exec(container=container) | Signal(container=container):
            yield _container(draft, container), keyword
        case Command(container=ContainerRef() as container):
            yield _container(draft, container), word or keyword
        case Command(command=command) if not word:
            yield draft.node(Kind.HOST, f"command {command[0]}", command[0].rpartition("/")[2]), keyword
        case FirewalldPort():
            yield draft.node(Kind.HOST, "firewalld", "firewalld"), "port"
        case SelinuxPort():
            yield draft.node(Kind.HOST, "SELinux", "SELinux"), "port label"
        case _ if isinstance(step, UnitStep):
            yield draft.node(Kind.UNIT, step.unit, step.unit), keyword


def _container(draft: Draft, container: ContainerRef) -> str:
    return draft.node(Kind.CONTAINER, str(container), str(container))


def _managed(draft: Draft, managed: ManagedContainer, containers: Containers) -> None:
    head = _container(draft, managed.container)
    for name in managed.after:
        before = containers[name].container if name in containers else ContainerRef(name=name)
        draft.edge(_container(draft, before), head, "before", order=True)


def _service(
    draft: Draft, service: Service, syncs: Collection[str], containers: Containers, *, everything: bool
) -> None:
    wanted = [name for name in service.requires if name.removeprefix("sync:") in syncs]
    if not wanted and not everything:
        return
    unit = draft.node(Kind.UNIT, service.unit, service.unit)
    for name in wanted:
        draft.edge(draft.node(Kind.SYNC, name.removeprefix("sync:"), name), unit, "before", order=True)
    if "docker" in service.requires:
        draft.edge(draft.node(Kind.DOCKER, "docker", "docker"), unit, "before", order=True)
    for name in service.requires:
        managed = containers.get(name.removeprefix("container:")) if name.startswith("container:") else None
        if managed is not None:
            draft.edge(_container(draft, managed.container), unit, "before", order=True)
