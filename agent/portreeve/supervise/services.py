"""Keeps the heartbeat of host services: what is remembered, told and alerted around one look at each."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace

from portreeve.clock import Clock
from portreeve.definitions.supervised import Service
from portreeve.errors import PortreeveError
from portreeve.reconcile.board import Board
from portreeve.reconcile.pause import Pause, Paused, never
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.status import Trouble
from portreeve.reconcile.unexpected import named
from portreeve.reconcile.workers import Pulse
from portreeve.supervise.guard import Guard
from portreeve.supervise.service_record import ServiceRecord, dump, load
from portreeve.supervise.status import ServiceStatus
from portreeve.supervise.store import SupervisedStore
from portreeve.supervise.telling import Telling
from portreeve.systemd.bus import Systemd

log = logging.getLogger(__name__)

KIND = "service"
"""What their records are called in the state file, and the beginning of their keys on the queue."""

_LOOK = 150.0
"""Seconds that a look may take, a restart of the unit among them (systemd's own stop timeout is 90 s)."""

_AGAIN = 10.0
"""Seconds until the next look after one that came to nothing."""


class Services:
    """Looks after the services that were declared.

    Args:
        store: what is remembered.
        queue: takes keys for the next look.
        board: where statuses go.
        systemd: to ask and to act; ``None`` where it does not run: nothing can be guarded then.
        pulse: told what a worker does.
        telling: tells of what is lost, restored and given up.
        paused: asked at the beginning of each look whether the service is to be left alone.
        clock: for times.
    """

    def __init__(
        self,
        *,
        store: SupervisedStore,
        queue: Queue,
        board: Board[ServiceStatus],
        systemd: Systemd | None,
        pulse: Pulse,
        telling: Telling,
        paused: Paused = never,
        clock: Clock,
    ) -> None:
        self._store = store
        self._queue = queue
        self._board = board
        self._pulse = pulse
        self._telling = telling
        self._paused = paused
        self._clock = clock
        self._guard = None if systemd is None else Guard(systemd, clock)
        self._lock = threading.Lock()
        self._services: Mapping[str, Service] = {}
        self._begun: dict[str, int] = {}
        self._resets: set[str] = set()
        self._records: dict[str, ServiceRecord] = {}
        self._stored: dict[str, ServiceRecord] = {}

    def names(self) -> tuple[str, ...]:
        """Those that are looked after."""
        return tuple(self._services) if self._guard is not None else ()

    def define(self, services: Mapping[str, Service]) -> None:
        """Look after these from now on."""
        self._services = services
        self._board.keep_only(services)
        for name, service in services.items():
            if self._board.get(name) is None:
                self._board.post(_blank(service))

    def ask_reset(self, name: str) -> int:
        """Forget at the next look that a service was given up; the caller enqueues it.

        Returns:
            a number; once the status has more ``runs``, a look that began after this call has ended.
        """
        with self._lock:
            self._resets.add(name)
            return self._begun.get(name, 0)

    def work(self, name: str) -> None:
        """Look at a service and do what can be done now."""
        service = self._services.get(name)
        if service is None or self._guard is None:
            return
        pause = self._paused(name)
        if pause is not None:
            self._pause(service, pause)
            return
        with self._lock:
            runs = self._begun[name] = self._begun.get(name, 0) + 1
            reset = name in self._resets
            self._resets.discard(name)
        again: float | None = _AGAIN
        before = self._board.get(name)
        status = before or _blank(service)
        try:
            probing = service.probe.timeout if service.probe is not None else 0.0
            with self._pulse.step(f"service {name}: look", _LOOK + probing), named(f"service {name}"):
                record = self._record(name)
                if reset:
                    record = record.reset()
                    self._telling.reset(f"{KIND}:{name}")
                record, status, again = self._guard.look(service, record)
                # At hand whether it can be stored or not: what was tried counts also while the disk is full.
                self._records[name], reset = record, False
                self._keep(record)
        except PortreeveError as error:
            if reset:
                self.ask_reset(name)
            log.error("service %s: %s", name, error)
            trouble = Trouble(error.reason, error.what, error.evidence, error.hint, "look")
            status = replace(status, trouble=trouble)
        status = replace(status, runs=runs)
        if name not in self._services:
            return
        self._board.post(status)
        if before is None or before.state is not status.state:
            log.info("service %s is %s: %s", name, status.state, status.evidence)
        self._telling.service(before, status)
        if again is not None:
            self._queue.add(f"{KIND}:{name}", again)

    def _pause(self, service: Service, pause: Pause) -> None:
        """Its unit may be down by right, so nothing is concluded from how it is, and nobody is told."""
        name = service.name
        with self._lock:
            runs = self._begun[name] = self._begun.get(name, 0) + 1
        trouble = Trouble(
            pause.why.reason, pause.why.what, pause.why.evidence, pause.why.hint, pause.why.step
        )
        status = self._board.get(name) or _blank(service)
        evidence = f"it is not looked at: {pause.why.what}"
        status = replace(status, evidence=evidence, trouble=trouble, next_try=pause.until, runs=runs)
        self._board.post(status)
        self._queue.add(f"{KIND}:{name}", pause.until - self._clock.wall())

    def _record(self, name: str) -> ServiceRecord:
        known = self._records.get(name)
        if known is None:
            known = self._store.get(KIND, name, lambda text: load(name, text)) or ServiceRecord(name)
            self._records[name] = self._stored[name] = known
        return known

    def _keep(self, record: ServiceRecord) -> None:
        if self._stored.get(record.name) != record:
            self._store.put(KIND, record.name, dump(record))
            self._stored[record.name] = record


def _blank(service: Service) -> ServiceStatus:
    return ServiceStatus(service.name, service.description, service.unit, service.requires)
