"""Which syncs read what others write."""

import os.path
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePath

from portreeve.definitions.locations import ContainerFile, FileLocation, HostFile
from portreeve.definitions.model import Edits, Mirror, Source, Sync, Target
from portreeve.definitions.target_tables import same_place

Written = Mapping[str, Sequence[tuple[str, Target]]]


def upstream(syncs: Mapping[str, Sync]) -> dict[str, tuple[str, ...]]:
    """By sync, the syncs whose targets are its sources; those without any are left out.

    Two names of the same file are not recognised as such: a container's file by its container, volume and
    path is the same only if another is named so too.
    """
    written = writers(syncs)
    beneath: dict[str, set[str]] = {}
    for name, sync in syncs.items():
        for target in sync.targets:
            for folder in folders_above(target.place):
                beneath.setdefault(folder, set()).add(name)
    found: dict[str, tuple[str, ...]] = {}
    for name, sync in syncs.items():
        before = {writer for source in sync.sources.values() for writer in writers_of(sync, source, written)}
        before |= {writer for folder in _mirrored(sync) for writer in beneath.get(folder, ())}
        if before:
            found[name] = tuple(sorted(before))
    return found


def writers(syncs: Mapping[str, Sync]) -> Written:
    """By place, the targets there and whose they are, for :func:`writers_of`."""
    found: dict[str, list[tuple[str, Target]]] = {}
    for name, sync in syncs.items():
        for target in sync.targets:
            mark = "/" if isinstance(target.content, Mirror) else ""
            found.setdefault(same_place(target.place) + mark, []).append((name, target))
    return found


def writers_of(sync: Sync, source: Source, written: Written) -> set[str]:
    """The syncs whose targets a source is; of one that sets single keys, only if one of them is read.

    Args:
        sync: whose source it is.
        source: which one.
        written: as :func:`writers` gives it.
    """
    if not isinstance(source.location, HostFile | ContainerFile):
        return set()
    return {
        writer
        for place in _place_and_above(source.location)
        for writer, target in written.get(place, ())
        if _reads(sync, source, target)
    }


def _reads(sync: Sync, source: Source, target: Target) -> bool:
    values = [value for value in sync.values.values() if value.source == source.name]
    if not isinstance(target.content, Edits) or not values or not all(value.key for value in values):
        return True
    # Some formats do not tell upper from lower case.
    read = [_folded(value.key) for value in values]
    return any(_within(key, one) for one in map(_folded, target.content.set) for key in read)


def _folded(key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.casefold() for part in key)


def _within(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one key is the other, above it or below it."""
    return one[: len(other)] == other or other[: len(one)] == one


def circles(before: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Names that feed each other in a circle, each circle once.

    Args:
        before: as :func:`upstream` gives it.
    """
    rest = dict(before)
    while True:
        try:
            TopologicalSorter(rest).prepare()
            return
        except CycleError as error:
            circle: list[str] = error.args[1]
            yield tuple(sorted(set(circle)))
            for name in circle:
                rest.pop(name, None)


def _mirrored(sync: Sync) -> Iterator[str]:
    """The folders that a sync mirrors."""
    for target in sync.targets:
        if isinstance(target.content, Mirror):
            location = sync.sources[target.content.source].location
            if isinstance(location, HostFile | ContainerFile):
                yield same_place(location) + "/"


def folders_above(place: FileLocation) -> Iterator[str]:
    """Every folder above a place, as a mirror's place is written."""
    for folder in PurePath(os.path.normpath(place.path)).parents:
        yield same_place(_moved(place, folder)) + "/"


def _place_and_above(place: FileLocation) -> Iterator[str]:
    """The place itself, also as a folder, and every folder above it."""
    yield same_place(place)
    yield same_place(place) + "/"
    yield from folders_above(place)


def _moved(place: FileLocation, path: PurePath) -> FileLocation:
    return HostFile(Path(path)) if isinstance(place, HostFile) else replace(place, path=str(path))
