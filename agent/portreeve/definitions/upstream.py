"""Which syncs read what others write."""

import os.path
from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePath

from portreeve.definitions.locations import ContainerFile, FileLocation, HostFile
from portreeve.definitions.model import Mirror, Sync
from portreeve.definitions.target_tables import same_place


def upstream(syncs: Mapping[str, Sync]) -> dict[str, tuple[str, ...]]:
    """By sync, the syncs whose targets are its sources; those without any are left out.

    Two names of the same file are not recognised as such: a container's file by its container, volume and
    path is the same only if another is named so too.
    """
    writers: dict[str, set[str]] = {}
    for name, sync in syncs.items():
        for target in sync.targets:
            mark = "/" if isinstance(target.content, Mirror) else ""
            writers.setdefault(same_place(target.place) + mark, set()).add(name)
    found: dict[str, tuple[str, ...]] = {}
    for name, sync in syncs.items():
        before = {
            writer
            for source in sync.sources.values()
            if isinstance(source.location, HostFile | ContainerFile)
            for place in _place_and_above(source.location)
            for writer in writers.get(place, ())
        }
        if before:
            found[name] = tuple(sorted(before))
    return found


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


def _place_and_above(place: FileLocation) -> Iterator[str]:
    """The place itself, also as a folder, and every folder above it, as a mirror's place is written."""
    yield same_place(place)
    path = PurePath(os.path.normpath(place.path))
    for folder in (path, *path.parents):
        yield same_place(_moved(place, folder)) + "/"


def _moved(place: FileLocation, path: PurePath) -> FileLocation:
    return HostFile(Path(path)) if isinstance(place, HostFile) else replace(place, path=str(path))
