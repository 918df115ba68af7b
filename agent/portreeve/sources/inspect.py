"""Reads what Docker tells of one container."""

from collections.abc import Mapping
from typing import Any

from portreeve.containers.connection import Docker
from portreeve.definitions.locations import Inspection


def read_inspection(location: Inspection, docker: Docker) -> Mapping[str, Any]:
    """The container as parsed data; the fields are those of :func:`portreeve.containers.view.view`.

    Args:
        location: the container that is meant.
        docker: to ask.

    Raises:
        Waiting: it is not there, or more than one could be meant.
        DockerUnavailable: Docker does not answer.
    """
    return docker.view(location.container)
