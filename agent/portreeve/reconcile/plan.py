"""What a sync needs next: a function from what is known to one step. Nothing here touches the world."""

from dataclasses import dataclass
from enum import StrEnum

from portreeve.reconcile.generations import BASELINE
from portreeve.reconcile.record import Generation, Record
from portreeve.reconcile.status import Stage


class Step(StrEnum):
    """One step of the work."""

    REST = "rest"
    """Everything that can be done is done."""
    PROBE = "probe"
    """Look whether what is in force still works."""
    REPLACE = "replace"
    """Write the files of a content."""
    APPLY = "apply"
    """The files are right; make them effective."""
    OWED = "owed"
    """Carry out what waited for a container."""
    VERIFY = "verify"
    """It was made effective; prove it."""


class Which(StrEnum):
    """Whose content a step is about."""

    DESIRED = "desired"
    """Just rendered, not yet a generation."""
    UNFINISHED = "unfinished"
    """The generation on its way."""
    GOOD = "good"
    """The generation in force."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known when deciding.

    Args:
        record: where the sync stands.
        desired: digest of what should be in force; ``None`` when its values cannot be read.
        on_disk: digests of those contents, out of desired, unfinished and good, that the files match now.
        probe_due: it was not probed for a while, or never by this agent.
        retry_due: what did not work may be tried again.
        owed_due: what waits for a container was not tried in this look.
    """

    record: Record
    desired: str | None
    on_disk: frozenset[str]
    probe_due: bool
    retry_due: bool
    owed_due: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One step, whose content it is about, and why, for people."""

    step: Step
    which: Which | None = None
    why: str = ""


def decide(now: Snapshot) -> Plan:
    """The next step. Carrying it out and deciding again ends in :attr:`Step.REST` or an error."""
    record = now.record
    wanted = _wanted(now)
    if wanted is None:
        return Plan(Step.REST, why="nothing is known of its values yet")
    if record.unfinished is not None and record.unfinished.digest == wanted:
        if record.stuck and not now.retry_due:
            return Plan(Step.REST, Which.UNFINISHED, "it did not come back, and its time has not come")
        return _continue(record.unfinished, now)
    if record.good is not None and record.good.digest == wanted:
        if record.unfinished is not None:
            return Plan(Step.REPLACE, Which.GOOD, "a newer content was on its way and is no longer wanted")
        baseline = record.good.number == BASELINE
        if record.owed and now.owed_due and (baseline or wanted in now.on_disk):
            return Plan(Step.OWED, Which.GOOD, "an action waited for its container")
        if baseline:
            return Plan(
                Step.REST, Which.GOOD, "back at what was there before portreeve, which is not guarded"
            )
        if wanted not in now.on_disk:
            return Plan(Step.REPLACE, Which.GOOD, "the files differ from what was written")
        if now.probe_due or wanted == record.rejected:
            return Plan(Step.PROBE, Which.GOOD, "the files are right; look whether it works")
        return Plan(Step.REST, Which.GOOD, "in step")
    return Plan(Step.REPLACE, Which.DESIRED, "the content changed" if record.good else "the first content")


def _wanted(now: Snapshot) -> str | None:
    """The digest to be brought into force: the desired one, or what is known to be good meanwhile."""
    rejected = now.desired is not None and now.desired == now.record.rejected and not now.retry_due
    if now.desired is not None and not rejected:
        return now.desired
    fallback: Generation | None = now.record.unfinished or now.record.good
    return None if fallback is None else fallback.digest


def _continue(unfinished: Generation, now: Snapshot) -> Plan:
    stage = now.record.stage
    # Also when its own files are all there: others, which it has not, may have to be taken back still.
    if unfinished.digest not in now.on_disk or stage is Stage.VALIDATED:
        return Plan(Step.REPLACE, Which.UNFINISHED, "it was decided on, and the files are not all there")
    if stage is Stage.APPLIED:
        if now.record.owed and now.owed_due:
            return Plan(Step.OWED, Which.UNFINISHED, "an action waited for its container")
        return Plan(Step.VERIFY, Which.UNFINISHED, "applied, not verified yet")
    return Plan(Step.APPLY, Which.UNFINISHED, "written, not applied yet")
