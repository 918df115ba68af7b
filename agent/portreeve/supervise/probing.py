"""From single probes to a verdict: one that fails is no outage, and one that holds is no recovery.

Nothing here looks at anything: results go in, and what they amount to comes out.
"""

from dataclasses import dataclass, replace

from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import Condition, HasExited, IsHealthy, IsRunning, LogSays, Probe

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 2.0
_DOUBLINGS = 8
"""More would not change the pause, and would overflow at last."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one probe saw.

    Args:
        ok: whether it holds; ``None`` when that cannot be told now: Docker did not answer about it, or the
            health check has not come to a verdict.
        evidence: what was seen, one sentence.
    """

    ok: bool | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Probing:
    """What the probes of one run of a container, or of a service, amount to. Times are wall-clock seconds.

    Args:
        subject: id of the container, or of the invocation of a unit.
        started_at: when that run began; ``None`` where it is not known.
        grace_until: what has not been ready yet is not called unready before.
        failures: so many of the last results in a row were failures.
        successes: so many held.
        silent: so many of the last results in a row told nothing.
        verdict: whether it serves; ``None`` while nothing has told.
        evidence: what the last probe saw that could tell something; empty before the first.
        since: when the verdict was reached; 0 without one.
    """

    subject: str = ""
    started_at: float | None = None
    grace_until: float = 0.0
    failures: int = 0
    successes: int = 0
    silent: int = 0
    verdict: bool | None = None
    evidence: str = ""
    since: float = 0.0

    def of(self, subject: str, started_at: float | None, grace: float) -> "Probing":
        """This one where it is about the same run, else one that knows nothing.

        Args:
            subject: as for the class.
            started_at: as for the class.
            grace: seconds from the start within which what is not ready yet is not called unready.
        """
        grace_until = (started_at or 0.0) + grace
        if (self.subject, self.started_at) == (subject, started_at):
            return replace(self, grace_until=grace_until)
        return Probing(subject, started_at, grace_until)

    def after(self, result: ProbeResult, probe: Probe, now: float) -> "Probing":
        """What it amounts to with one result more.

        Args:
            result: of a probe of this run.
            probe: says how many in a row count. The verdict of an image's health check counts at once, since
                Docker has counted already (its ``retries``).
            now: wall-clock seconds.
        """
        if self.settled(probe):
            return self
        if result.ok is None:
            evidence = result.evidence if self.verdict is None else self.evidence
            return replace(self, silent=self.silent + 1, evidence=evidence)
        failures = 0 if result.ok else self.failures + 1
        successes = self.successes + 1 if result.ok else 0
        told = replace(self, failures=failures, successes=successes, silent=0, evidence=result.evidence)
        counted = _told_by_docker(probe.condition)
        if result.ok:
            reached = successes >= (1 if counted else probe.successes)
        else:
            in_grace = self.verdict is None and now < self.grace_until
            reached = not in_grace and failures >= (1 if counted else probe.failures)
        if not reached or result.ok is self.verdict:
            return told
        return replace(told, verdict=result.ok, since=now)

    def settled(self, probe: Probe) -> bool:
        """No probe of this run can change the verdict any more, so that none needs to be made.

        A line that was printed stays printed, and may be gone from the log once that was rotated.

        Args:
            probe: as declared.
        """
        return self.verdict is True and isinstance(probe.condition, LogSays)


def effective(probe: Probe, seen: Observed) -> Condition:
    """What must hold for a container to be ready, where its definition leaves that open.

    Args:
        probe: as declared.
        seen: the container.
    """
    if probe.condition is not None:
        return probe.condition
    return IsHealthy() if seen.has_health_check else IsRunning()


def next_probe_in(probing: Probing, probe: Probe, *, starting: bool) -> float | None:
    """Seconds until it is to be probed again.

    Args:
        probing: what is known.
        probe: as declared.
        starting: it is on its way to be ready, and somebody may wait for it.

    Returns:
        ``None`` where Docker's events tell, so that nothing needs to be asked.
    """
    if _told_by_docker(probe.condition) or probing.settled(probe):
        return None
    if not starting:
        return probe.interval
    pause: float = _FIRST_PAUSE * 2 ** min(probing.failures + probing.silent, _DOUBLINGS)
    return min(pause, _LONGEST_PAUSE, probe.interval)


def _told_by_docker(condition: Condition | None) -> bool:
    return condition is None or isinstance(condition, IsRunning | IsHealthy | HasExited)
