"""What the sockets are told of containers and services as long as nothing supervises any: there are none."""

from collections.abc import Mapping

from portreeve.control.agent import ContainerVerb
from portreeve.control.names import unknown_container, unknown_service
from portreeve.errors import Reason, Refused
from portreeve.reconcile.board import Board, Changes
from portreeve.supervise.status import ContainerStatus, ServiceStatus


class Unsupervised:
    """The part of the sockets' agent that is about containers and services.

    Args:
        changes: those of the board of syncs.
    """

    def __init__(self, changes: Changes) -> None:
        self.containers = Board[ContainerStatus](changes)
        self.services = Board[ServiceStatus](changes)

    def container_status(self, name: str) -> ContainerStatus:
        """See the protocol; so for all of these."""
        raise unknown_container(name, ())

    def service_status(self, name: str) -> ServiceStatus:
        """None is known."""
        raise unknown_service(name, ())

    def watch_container(self, name: str) -> str:
        """It cannot be watched."""
        raise Refused(Reason.PERMISSION, f"container {name} cannot be watched", hint="portreeve status")

    def request_containers(self, verb: ContainerVerb, names: tuple[str, ...]) -> Mapping[str, int]:  # noqa: ARG002
        """None is known."""
        return {name: self.container_status(name).runs for name in names}

    def recreation(self, name: str) -> tuple[str, ...]:
        """None is known."""
        raise unknown_container(name, ())

    def request_services_reset(self, names: tuple[str, ...]) -> Mapping[str, int]:
        """None is known."""
        return {name: self.service_status(name).runs for name in names}
