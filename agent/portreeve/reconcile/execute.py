"""Makes content effective and proves it, one step of a plan each. Methods return the record as it then is."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from threading import Event

from portreeve.actions.containers import STARTING
from portreeve.actions.run import carry_out
from portreeve.checks.after import IsReady, nobody_watches, probe, run_verify
from portreeve.clock import Clock
from portreeve.containers.connection import Docker
from portreeve.definitions.steps import (
    ApplyStep,
    ContainerStep,
    Disable,
    Enable,
    FirewalldPort,
    Http,
    SelinuxPort,
    Stop,
    Tcp,
    VerifyStep,
    units_of,
)
from portreeve.errors import Failed, PortreeveError, Reason, Waiting
from portreeve.reconcile.content import Content
from portreeve.reconcile.generations import BASELINE
from portreeve.reconcile.grouping import DeferredError, Grouping, Way
from portreeve.reconcile.log import log_step
from portreeve.reconcile.masking import masked, withheld
from portreeve.reconcile.openings import Openings
from portreeve.reconcile.owed import OWED_STARTING, owe, owing_of, unproved
from portreeve.reconcile.record import Record
from portreeve.reconcile.restarted import note_restart, was_restarted
from portreeve.reconcile.setback import (
    DID_NOT_COME_UP,
    judges_nothing,
    not_in_effect,
    on_its_way_again,
    take_back,
)
from portreeve.reconcile.status import Stage
from portreeve.reconcile.store import Store
from portreeve.reconcile.workers import Pulse
from portreeve.reconcile.writing import Writer
from portreeve.systemd.bus import Systemd, systemd_running
from portreeve.systemd.messages import MessageId
from portreeve.systemd.unit_paths import is_unit_path

log = logging.getLogger(__name__)

DAEMON_RELOAD_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Executor:
    """Effects of a sync's steps.

    Args:
        store: what is remembered; each step is stored before the next begins.
        systemd: where units are acted on.
        docker: where containers are acted on.
        pulse: told what is done and how long it may take.
        cancelled: set when the agent stops; long probes end then.
        grouping: has syncs share actions.
        clock: for what is stored.
        container_ready: asked whether a container is ready.
    """

    store: Store
    systemd: Systemd
    docker: Docker
    pulse: Pulse
    cancelled: Event
    grouping: Grouping
    clock: Clock
    container_ready: IsReady = nobody_watches

    def writer(self) -> Writer:
        """What writes the files."""
        return Writer(self.store, self.pulse, self.clock, self.systemd, self.docker)

    def apply(self, record: Record) -> Record:
        """Make the unfinished generation effective: one daemon-reload if units changed, then its steps.

        A step whose container does not run is owed: the others go on without it.

        Raises:
            DeferredError: others are about to need the same; the next look goes on where this one ended.
            PortreeveError: it is worth another try, with the same content.
        """
        assert record.unfinished is not None
        number = record.unfinished.number
        content = self.store.generations.content(record.name, number)
        way = self.grouping.way(record.name, number, record.done)
        try:
            touched = {*content.files, *self.store.retired(record.name, content)}
            if any(is_unit_path(place.path) for place in touched) and systemd_running():
                self.grouping.daemon_reload(record.name, way, lambda: self._daemon_reload(record.name))
            self._act(record, content, way, range(way.done, len(content.apply)))
            Openings(self.store).close_others(record.name, content.apply if number != BASELINE else ())
        except DeferredError:
            raise
        except PortreeveError as error:
            if error.reason in DID_NOT_COME_UP:
                self.grouping.leave(record.name)
            else:
                # What was done is done: a unit is not restarted again and again while another is waited for.
                self.grouping.try_again(way)
            error.step = error.step or "apply"
            return self._did_not_work(record, error)
        self.grouping.leave(record.name)
        record = owe(
            replace(record, stage=Stage.APPLIED, skipped=tuple(way.skipped), done=0, begun=None), way.owing
        )
        self.store.save(record)
        log_step(MessageId.SYNC_APPLIED, record, "%s: generation %d applied", number)
        return record

    def carry_out_owed(self, record: Record) -> Record:
        """Carry out what waited for its container, as far as that runs now.

        What does not succeed while the container may still be starting stays owed. After that it is a refusal
        of the content, as it would have been in :meth:`apply`.

        Raises:
            DeferredError: as for :meth:`apply`.
            PortreeveError: it was refused, and there is nothing to put back.
        """
        generation = record.unfinished or record.good
        assert generation is not None
        content = self.store.generations.content(record.name, generation.number)
        way = self.grouping.way_of_owed(record.name, generation.number)
        left = [index for index in record.owed if index >= way.done]
        try:
            self._act(record, content, way, left, owed=True)
        except Failed as error:
            self.grouping.leave(record.name)
            return self._did_not_work(on_its_way_again(self.store, record), error)
        self.grouping.leave(record.name)
        record = owe(record, way.owing)
        self.store.save(record)
        return record

    def _act(
        self, record: Record, content: Content, way: Way, indexes: Iterable[int], *, owed: bool = False
    ) -> None:
        """Carry out actions; those that wait for their containers are noted on the way."""
        for index in indexes:
            step = content.apply[index]
            work = partial(self._carry_out, record, content, step, way, OWED_STARTING if owed else STARTING)
            try:
                if not was_restarted(record, index, step, self.systemd):
                    self.grouping.once(record.name, way, step, work)
            except (Waiting, Failed) as error:
                if not isinstance(step, ContainerStep) or isinstance(error, DeferredError):
                    raise
                if isinstance(error, Failed) and not (owed and judges_nothing(record, error)):
                    raise
                way.owing[index] = owing_of(content.said(step), error)
                self.grouping.owe(record.name, way.generation)
            else:
                if owed:
                    said = content.said(step)
                    log_step(MessageId.SYNC_APPLIED, record, "%s: %s, which was owed, is done", said)
            way.done = index + 1
            if not owed and not way.owing and way.done < len(content.apply):
                self.store.save(replace(record, done=way.done))

    def _daemon_reload(self, name: str) -> None:
        with self.pulse.step(f"{name}: daemon-reload", DAEMON_RELOAD_TIMEOUT):
            self.systemd.daemon_reload(DAEMON_RELOAD_TIMEOUT)

    def verify(self, record: Record) -> Record:
        """Prove that the unfinished generation works; then it is the good one.

        Raises:
            PortreeveError: nothing can be said now.
        """
        assert record.unfinished is not None
        generation = record.unfinished
        content = self.store.generations.content(record.name, generation.number)
        try:
            for step in content.verify:
                with self._doing(record, content, step):
                    run_verify(
                        step,
                        systemd=self.systemd,
                        docker=self.docker,
                        cancelled=self.cancelled,
                        container_ready=self.container_ready,
                    )
        except PortreeveError as error:
            error.step = error.step or "verify"
            if record.owing is not None and error.reason is Reason.VERIFY_FAILED:
                raise unproved(record.owing, error) from error
            return self._did_not_work(record, error)
        record = replace(record, good=generation, unfinished=None, stage=Stage.VERIFIED, stuck=False)
        if record.rejected in (None, generation.digest):
            record = replace(record, rejected=None, rejection=None)
        self.store.verified(record, generation.number)
        log_step(MessageId.SYNC_IN_STEP, record, "%s: generation %d verified", generation.number)
        return record

    def use_steps(self, record: Record, content: Content) -> None:
        """Prove what is in force or on its way as ``content`` is proved, where it is the same otherwise."""
        self.store.protect(record.name, content)
        for generation in {record.good, record.unfinished}:
            if generation is None or generation.digest != content.digest:
                continue
            if self.store.generations.content(record.name, generation.number).verify != content.verify:
                self.store.use_steps(record.name, generation.number, content)

    def probe(self, record: Record, *, thorough: bool, may_act: bool) -> Record:
        """Look whether the good generation still works; if not, have it applied again.

        Args:
            record: where the sync stands.
            thorough: also ask over the network, which starts a service that sleeps behind its socket.
            may_act: it is not too soon after the last failure.

        Raises:
            Waiting: a unit was stopped by somebody, which is respected; or a container is waited for.
            Failed: ``not-in-effect``.
        """
        assert record.good is not None
        good = record.good
        content = self.store.generations.content(record.name, good.number)
        for step in content.verify:
            if isinstance(step, Http | Tcp) and not thorough:
                continue
            with self._doing(record, content, step):
                evidence = probe(
                    step, systemd=self.systemd, docker=self.docker, container_ready=self.container_ready
                )
            if evidence is not None:
                evidence = masked(evidence, content.secrets)
                self._respect_stopped(content)
                failure = not_in_effect(content.said(step), evidence)
                if record.owing is not None:
                    raise unproved(record.owing, failure)
                if not may_act:
                    raise failure
                lost = f"{content.said(step)} does not hold any more ({evidence})"
                log.warning("%s: %s; applying again", record.name, lost)
                record = replace(record, unfinished=record.good, stage=Stage.WRITTEN, done=0, begun=None)
                self.store.save(record)
                return record
        if record.rejected == good.digest:
            record = replace(record, rejected=None, rejection=None)
        return record

    def _carry_out(
        self, record: Record, content: Content, step: ApplyStep, way: Way, starting: float
    ) -> None:
        ports = isinstance(step, FirewalldPort | SelinuxPort)
        if ports and record.unfinished is not None and record.unfinished.number == BASELINE:
            # What was there before portreeve needed no port of ours.
            return
        with self._doing(record, content, step):
            if isinstance(step, FirewalldPort):
                why_not = Openings(self.store).open(record.name, step)
            else:
                note_restart(self.store, record, way, step, self.clock.wall())
                why_not = carry_out(step, systemd=self.systemd, docker=self.docker, starting=starting)
        if why_not:
            way.skipped.append(f"{content.said(step)} skipped: {why_not}")
            log_step(MessageId.SYNC_APPLIED, record, "%s: %s skipped: %s", content.said(step), why_not)

    @contextmanager
    def _doing(self, record: Record, content: Content, step: ApplyStep | VerifyStep) -> Iterator[None]:
        with (
            self.pulse.step(f"{record.name}: {content.said(step)}", step.timeout),
            withheld(content.secrets),
        ):
            yield

    def _respect_stopped(self, content: Content) -> None:
        for name in units_of(step for step in content.apply if not isinstance(step, Stop | Enable | Disable)):
            unit = self.systemd.unit(name)
            if unit.active_state == "inactive":
                raise Waiting(
                    Reason.UNIT_STOPPED,
                    f"{name} was stopped",
                    evidence=f"its state is {unit.active_state} ({unit.sub_state})",
                    hint=f"`systemctl start {name}`; the configuration is in place",
                    step="verify",
                )

    def _did_not_work(self, record: Record, error: PortreeveError) -> Record:
        """Take content back that does not come up; anything else is an error as it is."""
        # An agent that is stopped may be so together with the host, which cancels the jobs of its units.
        if error.reason not in DID_NOT_COME_UP or self.cancelled.is_set():
            raise error
        return take_back(self.store, record, error, self.clock.wall())
