"""The part of the agent that its sockets ask about containers and services."""

from collections.abc import Mapping

from portreeve.control.agent import ContainerVerb
from portreeve.daemon.supervision import Supervision
from portreeve.reconcile.board import Board
from portreeve.supervise.status import ContainerStatus, ServiceStatus


class Supervised:
    """Passes on what :class:`portreeve.control.agent.Agent` promises of containers and services.

    Args:
        supervision: who knows.
    """

    def __init__(self, supervision: Supervision) -> None:
        self.supervision = supervision

    @property
    def containers(self) -> Board[ContainerStatus]:
        """Statuses of containers."""
        return self.supervision.containers

    @property
    def services(self) -> Board[ServiceStatus]:
        """Statuses of services."""
        return self.supervision.services

    def container_status(self, name: str) -> ContainerStatus:
        """See the protocol; so for all of these."""
        return self.supervision.container_status(name)

    def service_status(self, name: str) -> ServiceStatus:
        """One service."""
        return self.supervision.service_status(name)

    def watch_container(self, name: str) -> str:
        """Watch a container that may not be declared."""
        return self.supervision.watch_container(name)

    def request_containers(self, verb: ContainerVerb, names: tuple[str, ...]) -> Mapping[str, int]:
        """Act on declared containers."""
        return self.supervision.request_containers(verb, names)

    def recreation(self, name: str) -> tuple[str, ...]:
        """What a recreation would do."""
        return self.supervision.recreation(name)

    def request_services_reset(self, names: tuple[str, ...]) -> Mapping[str, int]:
        """Guard services again that were given up."""
        return self.supervision.request_services_reset(names)
