"""Tells alerts of what changed, and remembers what was told, so that a new agent does not tell it again."""

import logging

from portreeve.clock import Clock
from portreeve.errors import PortreeveError
from portreeve.reconcile.status import DockerStatus
from portreeve.supervise.alert import Alert
from portreeve.supervise.alert_transitions import (
    container_alerts,
    docker_alerts,
    host_alerts,
    service_alerts,
)
from portreeve.supervise.alerts import Alerts
from portreeve.supervise.pressure import Pressure
from portreeve.supervise.status import ContainerStatus, ServiceStatus
from portreeve.supervise.store import SupervisedStore

log = logging.getLogger(__name__)

_KIND, _NAME = "alerts", "told"


class Telling:
    """What the rest of the room knows of alerts; any thread may call it.

    Args:
        alerts: who is told.
        store: where it is kept what was told.
        clock: for times.
    """

    def __init__(self, alerts: Alerts, store: SupervisedStore, clock: Clock) -> None:
        self._alerts = alerts
        self._store = store
        self._clock = clock
        self._docker: DockerStatus | None = None
        store.get(_KIND, _NAME, alerts.load)

    def container(self, before: ContainerStatus | None, after: ContainerStatus) -> bool:
        """A container was looked at; returns whether the journal was told of it."""
        return self._tell(container_alerts(before, after, self._clock.wall()))

    def service(self, before: ServiceStatus | None, after: ServiceStatus) -> None:
        """A service was looked at."""
        self._tell(service_alerts(before, after, self._clock.wall()))

    def docker(self, status: DockerStatus) -> None:
        """Docker was looked at."""
        before, self._docker = self._docker, status
        self._tell(docker_alerts(before, status, self._clock.wall()))

    def host(self, pressure: Pressure) -> None:
        """The host was looked at; what was put off is told as well."""
        self._tell(host_alerts(pressure, self._clock.wall()))
        if self._alerts.tell_due(self._clock.wall()):
            self._remember()

    def reset(self, subject: str) -> None:
        """Somebody has reset it: that it is given up again will be news.

        Args:
            subject: ``container:NAME`` or ``service:NAME``.
        """
        if self._alerts.reset(subject):
            self._remember()

    def keep_only(self, subjects: frozenset[str]) -> None:
        """Forget what was told of containers and services that are looked after no more."""
        for subject in self._alerts.subjects():
            if ":" in subject and subject not in subjects:
                self._alerts.forget(subject)

    def close(self, timeout: float) -> None:
        """The agent stops; alerts on their way get ``timeout`` seconds."""
        self._alerts.close(timeout)

    def _tell(self, alerts: tuple[Alert, ...]) -> bool:
        changed = bool(alerts) and self._alerts.tell(*alerts)
        if changed:
            self._remember()
        return changed

    def _remember(self) -> None:
        try:
            self._store.put(_KIND, _NAME, self._alerts.dump())
        except PortreeveError as error:
            # They were told, which is what counts; a new agent may tell them again.
            log.warning("what was told cannot be remembered: %s", error)
