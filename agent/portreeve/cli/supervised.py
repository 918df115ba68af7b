"""Containers and services in words."""

import click

from portreeve.reconcile.status import Trouble
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus

_COLOURS = {
    ContainerState.READY: "green",
    ContainerState.UNREADY: "red",
    ContainerState.RESTARTING: "red",
    ContainerState.FAILED_TO_START: "red",
    ContainerState.DEAD: "red",
    ContainerState.UNKNOWN: "magenta",
    ServiceState.ACTIVE: "green",
    ServiceState.UNREADY: "red",
    ServiceState.FAILED: "red",
    ServiceState.UNKNOWN: "magenta",
}


def state_of(status: ContainerStatus | ServiceStatus) -> str:
    """The state as it is said; what was given up says so besides."""
    words = status.state.value.replace("-", " ")
    return f"{words}, given up" if status.gave_up else words


def colour_of(status: ContainerStatus | ServiceStatus) -> str:
    """The colour of its state."""
    return "red" if status.gave_up else _COLOURS.get(status.state, "yellow")


def container_words(status: ContainerStatus) -> str:
    """How a container stands, in one line."""
    return _words(status, status.trouble)


def service_words(status: ServiceStatus) -> str:
    """How a service stands, in one line."""
    return _words(status, status.trouble)


def _words(status: ContainerStatus | ServiceStatus, trouble: Trouble | None) -> str:
    why = f": {trouble.what}" if trouble is not None else ""
    return click.style(state_of(status), fg=colour_of(status)) + why
