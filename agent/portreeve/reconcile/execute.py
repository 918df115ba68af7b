"""Makes content effective and proves it, one step of a plan each. Methods return the record as it then is."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event

from portreeve.actions.run import carry_out
from portreeve.checks.after import probe, run_verify
from portreeve.clock import Clock
from portreeve.definitions.steps import ApplyStep, Disable, Enable, Http, Stop, Tcp, VerifyStep, units_of
from portreeve.errors import Failed, PortreeveError, Reason, Waiting
from portreeve.reconcile.content import Content
from portreeve.reconcile.generations import BASELINE
from portreeve.reconcile.log import log_step
from portreeve.reconcile.masking import masked, withheld
from portreeve.reconcile.outcome import rejected
from portreeve.reconcile.record import Generation, Record
from portreeve.reconcile.status import Stage
from portreeve.reconcile.store import Store
from portreeve.reconcile.workers import Pulse
from portreeve.reconcile.writing import Writer
from portreeve.systemd.bus import Systemd, systemd_running
from portreeve.systemd.messages import MessageId
from portreeve.systemd.unit_paths import is_unit_path

log = logging.getLogger(__name__)

DAEMON_RELOAD_TIMEOUT = 60.0

_DID_NOT_COME_UP = frozenset(
    {Reason.ACTION_FAILED, Reason.UNIT_JOB_FAILED, Reason.UNIT_START_LIMIT, Reason.VERIFY_FAILED}
)
"""Failures that say that the content is wrong; others say that its time has not come.

The count of starts is cleared before a restart, so who reaches the limit crashed on this content. A program
that did not succeed refused it, as ``nginx -s reload`` does; the service would not start with it either."""


@dataclass(frozen=True, slots=True)
class Executor:
    """Effects of a sync's steps.

    Args:
        store: what is remembered; each step is stored before the next begins.
        systemd: where units are acted on.
        pulse: told what is done and how long it may take.
        cancelled: set when the agent stops; long probes end then.
        clock: for what is stored.
    """

    store: Store
    systemd: Systemd
    pulse: Pulse
    cancelled: Event
    clock: Clock

    def writer(self) -> Writer:
        """What writes the files."""
        return Writer(self.store, self.systemd, self.pulse, self.clock)

    def units(self, record: Record) -> tuple[str, ...]:
        """The units that :meth:`apply` moves."""
        assert record.unfinished is not None
        content = self.store.generations.content(record.name, record.unfinished.number)
        return units_of(content.apply)

    def apply(self, record: Record) -> Record:
        """Make the unfinished generation effective: one daemon-reload if units changed, then its steps.

        Raises:
            PortreeveError: it is worth another try, with the same content.
        """
        assert record.unfinished is not None
        number = record.unfinished.number
        content = self.store.generations.content(record.name, number)
        try:
            touched = {*content.files, *self.store.retired(record.name, content)}
            if any(is_unit_path(place.path) for place in touched) and systemd_running():
                with self.pulse.step(f"{record.name}: daemon-reload", DAEMON_RELOAD_TIMEOUT):
                    self.systemd.daemon_reload(DAEMON_RELOAD_TIMEOUT)
            for step in content.apply:
                with self._doing(record, content, step):
                    carry_out(step, systemd=self.systemd)
        except PortreeveError as error:
            error.step = error.step or "apply"
            return self._did_not_work(record, error)
        record = replace(record, stage=Stage.APPLIED)
        self.store.save(record)
        log_step(MessageId.SYNC_APPLIED, record, "%s: generation %d applied", number)
        return record

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
                    run_verify(step, systemd=self.systemd, cancelled=self.cancelled)
        except PortreeveError as error:
            error.step = error.step or "verify"
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
            Waiting: a unit was stopped by somebody, which is respected.
            Failed: ``not-in-effect``.
        """
        assert record.good is not None
        good = record.good
        content = self.store.generations.content(record.name, good.number)
        for step in content.verify:
            if isinstance(step, Http | Tcp) and not thorough:
                continue
            with self._doing(record, content, step):
                evidence = probe(step, systemd=self.systemd)
            if evidence is not None:
                evidence = masked(evidence, content.secrets)
                self._respect_stopped(content)
                if not may_act:
                    raise _not_in_effect(content.said(step), evidence)
                lost = f"{content.said(step)} does not hold any more ({evidence})"
                log.warning("%s: %s; applying again", record.name, lost)
                record = replace(record, unfinished=record.good, stage=Stage.WRITTEN)
                self.store.save(record)
                return record
        if record.rejected == good.digest:
            record = replace(record, rejected=None, rejection=None)
        return record

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
        if error.reason not in _DID_NOT_COME_UP or self.cancelled.is_set():
            raise error
        assert record.unfinished is not None
        generation, now = record.unfinished, self.clock.wall()
        if record.restoring:
            # There is nothing better to put back; what was rejected before stays so.
            # The rejection that it is put back for was counted; this is the same try.
            counted = record.rejected is not None and not record.stuck
            tries = max(0, record.rejections - 1) if counted else record.rejections
            stuck = rejected(replace(record, rejections=tries), record.rejected, error, now)
            self.store.save(replace(stuck, stuck=True, stage=Stage.WRITTEN))
            raise error
        fallback = record.good
        if fallback is None or fallback.number == BASELINE:
            before = self.store.generations.content(record.name, BASELINE)
            fallback = Generation(BASELINE, before.digest)
        record = replace(
            rejected(record, generation.digest, error, now),
            good=fallback,
            unfinished=fallback,
            stage=Stage.VALIDATED,
        )
        self.store.restored(record, generation.number, str(error))
        log_step(
            MessageId.SYNC_RESTORED,
            record,
            "%s: generation %d did not work (%s); putting generation %d back",
            generation.number,
            error,
            fallback.number,
            level=logging.ERROR,
        )
        return record


def _not_in_effect(step: str, evidence: str) -> PortreeveError:
    """What is wrong with a sync whose files are right and whose service does not work."""
    return Failed(
        Reason.NOT_IN_EFFECT,
        f"{step} does not hold although the files are right",
        evidence=evidence,
        hint="`systemctl status` of its units tells more",
        step="verify",
    )
