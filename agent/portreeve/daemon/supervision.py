"""Containers and services, wired together, with workers of their own: a slow start keeps no sync waiting."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from portreeve.boot import boot_id
from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.control.agent import ContainerVerb
from portreeve.control.names import unknown_container, unknown_service
from portreeve.daemon.looked_after import LookedAfter
from portreeve.daemon.readiness import Readiness
from portreeve.definitions.model import Definitions
from portreeve.definitions.settings import Settings
from portreeve.errors import PortreeveError, Reason, Refused
from portreeve.reconcile.board import Board, Changes
from portreeve.reconcile.pause import Paused, never
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.status import DockerStatus
from portreeve.reconcile.workers import Pulse, Workers
from portreeve.supervise.admission import Admission
from portreeve.supervise.alerts import Alerts
from portreeve.supervise.followers import Followers
from portreeve.supervise.forgetting import Forgetting
from portreeve.supervise.memory import Verb
from portreeve.supervise.overdue import Overdue
from portreeve.supervise.pressure_watch import PressureWatch
from portreeve.supervise.rebuilding import describe_recreation
from portreeve.supervise.records import KIND as CONTAINERS
from portreeve.supervise.records import Records
from portreeve.supervise.remaking import Remaking
from portreeve.supervise.services import KIND as SERVICES
from portreeve.supervise.services import Services
from portreeve.supervise.status import ContainerStatus, ServiceStatus
from portreeve.supervise.store import SupervisedStore
from portreeve.supervise.straining import INTERVAL, Straining
from portreeve.supervise.supervisor import Supervisor
from portreeve.supervise.telling import Telling
from portreeve.systemd.bus import Systemd
from portreeve.triggers.interest import Interest

log = logging.getLogger(__name__)

WORKERS = 8
"""Looks and probes at the same time; starts are bounded by ``[containers] parallel_starts`` besides."""

ALERTS_TIMEOUT = 3.0
"""Seconds that alerts which are on their way get when the agent stops."""

BURST = 0.1
"""Seconds that the events of one end get to come together: ``die``, and the ``stop`` that explains it."""

_PARALLEL_MOST = 4
_PRESSURE = "host:pressure"
"""The key of the look at the host itself."""

CONTAINER, SERVICE = f"{CONTAINERS}:", f"{SERVICES}:"
"""How keys on this queue begin; no sync's name has a colon."""


class Supervision:
    """Everything that looks after containers and services.

    Args:
        store: what is remembered.
        docker: to ask and to act.
        systemd: to ask and to act; ``None`` where it does not run.
        changes: those of the board of syncs.
        settings: of the agent; those of pressure, alerts and parallel starts hold until it is restarted.
        docker_status: how Docker stands, without asking it.
        syncs: the queue of syncs, some of which are proved by containers.
        docker_since: wall-clock seconds since when Docker has answered without a break.
        on_interests: told when :meth:`interests` are others.
        places: folders whose file systems are looked at.
        service_paused: asked at the beginning of each look at a service whether it is to be left alone.
        clock: for times.
    """

    def __init__(
        self,
        *,
        store: SupervisedStore,
        docker: Docker,
        systemd: Systemd | None,
        changes: Changes,
        settings: Settings,
        docker_status: Callable[[], DockerStatus],
        syncs: Queue,
        docker_since: Callable[[], float],
        on_interests: Callable[[], object],
        places: Callable[[], Iterable[Path]],
        service_paused: Paused = never,
        clock: Clock,
    ) -> None:
        self._docker = docker
        self._docker_status = docker_status
        self.containers = Board[ContainerStatus](changes)
        self.services = Board[ServiceStatus](changes)
        self.readiness = Readiness(self.containers, syncs)
        self.queue = Queue(clock)
        self.pulse = Pulse(clock)
        self._telling = Telling(Alerts(settings.alerts), store, clock)
        limit = settings.containers.parallel_starts or min(_PARALLEL_MOST, os.cpu_count() or 1)

        def wake(name: str) -> None:
            self.queue.add(CONTAINER + name)

        admission = Admission(limit, clock, room=lambda: self._straining.room(), wake=wake)
        records = Records(store)
        self._remaking = Remaking(docker, store)
        self._followers = None if systemd is None else Followers(systemd, records.keep, boot_id(), clock)
        self._overdue = Overdue(settings.containers.deadline, self.containers, docker_status, wake, clock)
        self._supervisor = Supervisor(
            records=records,
            queue=self.queue,
            board=self.containers,
            docker=docker,
            remaking=self._remaking,
            pulse=self.pulse,
            followers=self._followers,
            admission=admission,
            telling=self._telling,
            is_overdue=self._overdue.is_overdue,
            docker_since=docker_since,
            moved=self.readiness.moved,
            clock=clock,
        )
        self._services = Services(
            store=store,
            queue=self.queue,
            board=self.services,
            systemd=systemd,
            pulse=self.pulse,
            telling=self._telling,
            paused=service_paused,
            clock=clock,
        )
        self._straining = Straining(PressureWatch(settings.pressure, places), admission, self._telling, clock)
        self.workers = Workers(self.queue, self.work, self.pulse, WORKERS)
        self._known = LookedAfter(docker, self._supervisor, self.containers, on_interests)
        self._forgetting, self._started = Forgetting(store, clock), False

    def stretch(self) -> float:
        """Factor by which the resync is lengthened, since the host is under pressure."""
        return self._straining.stretch if self._needed() else 1.0

    @property
    def pressure(self) -> tuple[str, ...]:
        """What is short on this host, one sentence each."""
        return self._straining.told if self._needed() else ()

    def define(self, definitions: Definitions) -> None:
        """Work by these from now on; everything is looked at, which changes nothing where nothing changed."""
        self._forgetting.once(definitions)
        self._known.declare(definitions.containers)
        self.readiness.define(definitions)
        self._remaking.keep_only(definitions)
        self._services.define(definitions.services)
        self.services.keep_only(definitions.services)
        subjects = {CONTAINER + name for name in self._known.all()}
        subjects |= {SERVICE + name for name in definitions.services}
        self._telling.keep_only(frozenset(subjects))
        self.look_at_everything()

    def start(self) -> None:
        """Begin to work; containers whose units somebody waits for are watched as well."""
        self._started = True
        self.workers.start()
        self.look_at_everything()

    def stop(self, timeout: float) -> None:
        """End; work that has begun gets ``timeout`` seconds."""
        if not self.workers.stop(timeout):
            log.warning(
                "work on containers that has begun did not end in time; it is resumed at the next start"
            )
        self._telling.close(ALERTS_TIMEOUT)

    def look_at_everything(self) -> None:
        """Events may have been missed."""
        if not self._started:
            return
        self._watch_wanted_units()
        for name in self._known.all():
            self.queue.add(CONTAINER + name)
        for name in self._services.names():
            self.queue.add(SERVICE + name)
        if self._needed():
            self.queue.add(_PRESSURE)

    def interests(self) -> dict[str, tuple[Interest, ...]]:
        """Which containers each key depends on."""
        return self._known.interests()

    def heard(self, action: str, name: str, labels: Mapping[str, str]) -> None:
        """Take in an event of a container; the queue is woken for it besides.

        Args:
            action: what happened.
            name: the container's.
            labels: the container's.
        """
        if action in ("kill", "die", "stop"):
            for each in self._known.all().values():
                if each.container.matches(name, labels):
                    self._supervisor.heard(action, each.name, labels)

    def container_status(self, name: str) -> ContainerStatus:
        """See :class:`portreeve.control.agent.Agent`; so for these."""
        status = self.containers.get(self._known.name_of(name) or name)
        if status is None:
            raise unknown_container(name, self.containers.snapshot())
        return status

    def service_status(self, name: str) -> ServiceStatus:
        """See the protocol."""
        status = self.services.get(name)
        if status is None:
            raise unknown_service(name, self.services.snapshot())
        return status

    def watch_container(self, name: str) -> str:
        """See the protocol."""
        known = self._known.name_of(name) or self._found_as(name)
        if known is not None:
            if known != name:
                self._supervisor.also_called(known, name)
            return known
        self._known.watch(name)
        self.queue.add(CONTAINER + name)
        return name

    def _found_as(self, container: str) -> str | None:
        """The definition that has led to this container, by its label say."""
        seen = self.containers.snapshot().values()
        return next((each.name for each in seen if each.declared and each.container == container), None)

    def request_containers(self, verb: ContainerVerb, names: tuple[str, ...]) -> Mapping[str, int]:
        """See the protocol."""
        runs = {}
        for name in names:
            known = self.container_status(name).name
            if not self._known.all()[known].declared:
                raise Refused(
                    Reason.UNDECLARED,
                    f"container {name} has no definition: it is watched, and never touched",
                    hint=f"`docker {verb} {name}`, or declare it in /etc/portreeve/containers.d",
                )
            runs[known] = self._supervisor.ask(Verb(verb), known)
            self._telling.reset(CONTAINER + known)
        for name in runs:
            self.queue.add(CONTAINER + name)
        return runs

    def recreation(self, name: str) -> tuple[str, ...]:
        """See the protocol."""
        known = self.container_status(name).name
        return describe_recreation(self._docker, self._known.all()[known])

    def request_services_reset(self, names: tuple[str, ...]) -> Mapping[str, int]:
        """See the protocol."""
        runs = {self.service_status(name).name: self._services.ask_reset(name) for name in names}
        for name in runs:
            self.queue.add(SERVICE + name)
        return runs

    def work(self, key: str) -> None:
        """Work on a key of the queue."""
        if key == _PRESSURE:
            again = INTERVAL
            try:
                again = self._straining.look()
                self._telling.docker(self._docker_status())
                again = min(again, self._overdue.look())
            finally:
                if self._needed():
                    self.queue.add(_PRESSURE, again)
        elif key.startswith(CONTAINER):
            name = key.removeprefix(CONTAINER)
            self._known.find(name)
            self._supervisor.work(name)
        else:
            self._services.work(key.removeprefix(SERVICE))

    def _needed(self) -> bool:
        return bool(self._known.all() or self._services.names())

    def _watch_wanted_units(self) -> None:
        """Somebody may order units behind containers that nobody declared."""
        if self._followers is None:
            return
        try:
            names = self._followers.instances()
            self._known.refer(names)
            for name in names:
                self.watch_container(name)
        except PortreeveError as error:
            log.warning("not every container that units wait for is watched: %s", error)
