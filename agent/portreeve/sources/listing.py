"""Takes the same values from each of many containers."""

from collections.abc import Mapping
from typing import Any

from portreeve.containers.connection import Docker
from portreeve.containers.listing import list_containers
from portreeve.definitions.locations import ContainerList
from portreeve.definitions.model import Items, Single, Source
from portreeve.errors import Waiting
from portreeve.sources.lookup import has, lookup
from portreeve.sources.values import typed


def read_list(source: Source, wanted: ContainerList, docker: Docker) -> tuple[Items, tuple[str, ...]]:
    """The values of each container, in the order of the containers' names, and why others are left out.

    Args:
        source: what is taken from each.
        wanted: which containers.
        docker: to ask.

    Raises:
        DockerUnavailable: Docker does not answer.
    """
    items: list[Mapping[str, Single]] = []
    left_out: list[str] = []
    for view in list_containers(docker, wanted):
        try:
            items.append(_values_of(source, view))
        except Waiting as error:
            left_out.append(f"{view['name']!r} is not in {source.name}: {error}")
    return tuple(items), tuple(left_out)


def _values_of(source: Source, view: Mapping[str, Any]) -> Mapping[str, Single]:
    return {
        name: value.default
        if value.default is not None and not has(value, view)
        else typed(value, lookup(value, view))
        for name, value in source.values.items()
    }
