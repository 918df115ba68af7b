"""Units of the host follow a container: they stop when it is lost and come back when it is ready again.

``portreeve-container@NAME.service`` stands for the container. Stopping it is one transaction of systemd's
that stops what requires it as well; systemd does not start that again by itself, and what it would start
(``WantedBy=``) it starts without regard to an administrator. So it is remembered which units fell, and
exactly those are started again.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.errors import Failed, Refused, Waiting
from portreeve.supervise.record import Record
from portreeve.systemd.bus import Systemd
from portreeve.systemd.generate import AGENT_UNIT, CONTAINER_UNIT, container_unit
from portreeve.systemd.unit_life import UnitLife

_FELL_WITH_IT = 60.0
"""Seconds: a dependent that failed so shortly before the loss was noticed failed for want of the container; a
probe needs three failures at ten seconds' distance to notice it, and a unit may take its time to fail."""

_PREFIX, _SUFFIX = CONTAINER_UNIT.split("@")

log = logging.getLogger(__name__)


class Followers:
    """Moves the units that depend on containers. It waits for no job: what it asks for may take long.

    The unit's own start command asks the agent whether the container is ready, so its status must be told
    before :meth:`ready` is called.

    Args:
        systemd: the system manager.
        remember: stores a record; called before units are stopped, so that a kill in between loses none.
        boot: identifies this boot; what fell in an earlier one is the boot's own affair.
        clock: where time comes from.
    """

    def __init__(
        self, systemd: Systemd, remember: Callable[[Record], object], boot: str, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._systemd = systemd
        self._remember = remember
        self._boot = boot
        self._clock = clock

    def instances(self) -> tuple[str, ...]:
        """Names of containers whose unit systemd has loaded, because it is active or something refers to it.

        Raises:
            Unreachable: there is no systemd to ask.
        """
        units = self._systemd.loaded_units(f"{_PREFIX}@*{_SUFFIX}")
        names = (unit.removeprefix(f"{_PREFIX}@").removesuffix(_SUFFIX) for unit in units)
        return tuple(sorted(name for name in names if name))

    def lost(self, name: str, record: Record) -> Record:
        """The container is not ready: stop its unit, and with it what requires it.

        It may be called at every look.
        A unit that still waits for the container is left to wait.

        Args:
            name: of the definition, of the container, or PROJECT-SERVICE.
            record: what is remembered of it.

        Returns:
            the record with the units that are to come back.

        Raises:
            Unreachable: systemd does not answer; to be called again.
        """
        unit = container_unit(name)
        own, *dependents = self._systemd.stopped_with(unit)
        if own.active_state == "activating":
            waiting = tuple(one.name for one in dependents if _about_to_start(one))
            lost_before = self._lost_in_this_boot(record)
            return replace(record, lost_units=lost_before, waiting_units=waiting, unit_boot=self._boot)
        if not own.active:
            return record
        fallen = [one.name for one in dependents if self._comes_back(one)]
        lost = dict.fromkeys((*self._lost_in_this_boot(record), unit, *fallen))
        record = replace(record, lost_units=tuple(lost), waiting_units=(), unit_boot=self._boot)
        self._remember(record)
        self._attempt(self._systemd.stop_soon, unit)
        return record

    def ready(self, name: str, record: Record) -> Record:
        """The container is ready: start its unit and what fell with it. It may be called at every look.

        Its unit is started when it was stopped for a loss, when it had given up waiting, and, once in a boot,
        when it has something to start along. Started as well are the units that fell with it, and those that
        were not started because its unit had given up waiting.

        Args, returns, raises: as for :meth:`lost`.
        """
        unit = container_unit(name)
        own = self._systemd.life(unit)
        lost = self._lost_in_this_boot(record)
        failed = own.active_state == "failed"
        wants = set(own.starts) - {AGENT_UNIT}
        first = bool(wants) and record.unit_boot != self._boot
        up = own.active or own.active_state == "activating"
        if not own.usable or not (up or failed or first or unit in lost):
            return record
        held_off = self._held_off(unit, record) if failed else []
        # A job for a unit that is up is a stop which waits for its dependents: a start takes its place.
        if not up or own.job:
            self._start(unit, own)
        for dependent in dict.fromkeys((*lost, *held_off)):
            if dependent != unit:
                self._start(dependent, self._systemd.life(dependent))
        return replace(record, lost_units=(), waiting_units=(), unit_boot=self._boot)

    def renewed(self, name: str, record: Record) -> Record:
        """The container is ready, and is not the one, or not in the run, that it was when its units were
        started: have its unit and what requires it restarted, as systemd does it for a unit.

        Whoever was stopped by hand stays so: systemd restarts what is up.

        Args, returns, raises: as for :meth:`lost`.
        """
        unit = container_unit(name)
        own, *dependents = self._systemd.stopped_with(unit)
        if record.unit_boot != self._boot or not own.active or own.job:
            return self.ready(name, record)
        for dependent in dependents:
            if dependent.active:
                # As for a start after a loss: it is no crash loop of its own.
                self._attempt(self._systemd.reset_failed, dependent.name)
        self._attempt(self._systemd.restart_soon, unit)
        return record

    def _start(self, unit: str, life: UnitLife) -> None:
        if not life.usable or (life.active and not life.job) or life.active_state == "activating":
            return
        # Coming back with a container is no crash loop of the unit's own and must not use up its start limit.
        self._attempt(self._systemd.reset_failed, unit)
        self._attempt(self._systemd.start_soon, unit)

    def _attempt(self, act: Callable[[str], None], unit: str) -> None:
        """One unit that systemd does not move, being masked since, must not keep the others from it."""
        try:
            act(unit)
        except (Failed, Refused, Waiting) as error:
            log.warning("%s does not follow its container: %s (%s)", unit, error.what, error.evidence)

    def _comes_back(self, dependent: UnitLife) -> bool:
        if dependent.active_state == "failed":
            return self._clock.wall() - dependent.ended_at < _FELL_WITH_IT
        # Inactive with a job: it is about to start, and the stop will cancel that.
        return dependent.active or dependent.active_state == "activating" or _about_to_start(dependent)

    def _held_off(self, unit: str, record: Record) -> tuple[str, ...]:
        """Dependents that were not started because the unit gave up waiting.

        An agent that saw them wait knows them. For one that was away those count that something wants and
        that have not been active in this boot.
        """
        if record.unit_boot == self._boot:
            return record.waiting_units
        _, *dependents = self._systemd.stopped_with(unit)
        return tuple(
            one.name
            for one in dependents
            if one.active_state == "inactive" and not one.active_since and one.wanted_by
        )

    def _lost_in_this_boot(self, record: Record) -> tuple[str, ...]:
        return record.lost_units if record.unit_boot == self._boot else ()


def _about_to_start(life: UnitLife) -> bool:
    """A job waits, and for an inactive unit that is none that stops it."""
    return life.active_state == "inactive" and life.job
