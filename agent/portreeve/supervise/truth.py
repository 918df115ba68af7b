"""What a container amounts to: from inspect and probes, and never from what was believed before.

A record says since when something is so, and never that it is so: one that says ``ready`` of a container
that does not serve changes nothing.
"""

from portreeve.containers.observed import Observed
from portreeve.containers.refusal import cut
from portreeve.containers.start_failure import classify, in_short
from portreeve.definitions.supervised import HasExited, IsHealthy, ManagedContainer
from portreeve.supervise.decision import Action
from portreeve.supervise.ending import how_it_ended
from portreeve.supervise.probing import Probing, effective
from portreeve.supervise.record import Record
from portreeve.supervise.seen import Absent, Away
from portreeve.supervise.state import ContainerState, Truth

STAYS_UP = 10.0
"""Seconds of running after which a container that Docker itself restarted counts as staying up: Docker then
begins its backoff anew (restartmanager: ``cancel`` after 10 s of uptime)."""

_NO_NETWORK_OF_ITS_OWN = ("host", "none")
_ENDS_IT = (Action.STOP, Action.RESTART, Action.RECREATE)
_STARTS_IT = (Action.START, Action.RESTART)
_HAS_PROCESSES = ("running", "paused", "restarting")
_Found = tuple[ContainerState, str]


def judge(
    declared: ManagedContainer,
    seen: Observed | Absent | Away,
    probing: Probing,
    record: Record,
    now: float,
    *,
    booted: float = 0.0,
    acting: Action | None = None,
) -> Truth:
    """Say what a container amounts to.

    Args:
        declared: its definition.
        seen: what the look at it gave.
        probing: what its probes amount to; those of another run of it do not count.
        record: for since when it is so.
        now: wall-clock seconds.
        booted: wall-clock seconds when this host was booted.
        acting: what is being done with it at this moment.
    """
    match seen:
        case Away():
            state, evidence = _away(seen)
        case Absent():
            made = acting is Action.MAKE
            state, evidence = (
                (ContainerState.STARTING, "it removed itself when it ended, and is being made again")
                if made
                else (ContainerState.ABSENT, seen.what)
            )
        case Observed():
            state, evidence = _observed(declared, seen, probing, record, now, booted, acting)
    failure = seen.failure if isinstance(seen, Absent) else None
    if isinstance(seen, Observed) and state is ContainerState.FAILED_TO_START:
        failure = classify(seen.error)
    return Truth(state, evidence, _since(state, seen, record, now), failure)


def look_again_in(declared: ManagedContainer, seen: Observed, truth: Truth, now: float) -> float | None:
    """Seconds after which time alone may change what a container amounts to.

    Args:
        declared: its definition.
        seen: what the look at it gave.
        truth: what it amounted to.
        now: wall-clock seconds.

    Returns:
        ``None`` when only an event or a probe can.
    """
    if not seen.runs or seen.started_at is None:
        return None
    match truth.state:
        case ContainerState.RESTARTING:
            until = seen.started_at + STAYS_UP
        case ContainerState.STARTING:
            until = seen.started_at + declared.start_timeout
        case ContainerState.RUNNING if truth.since + declared.start_timeout > now:
            until = truth.since + declared.start_timeout
        case _:
            return None
    return max(0.0, until - now)


def _away(seen: Away) -> _Found:
    if seen.process_gone:
        return ContainerState.EXITED, f"its process is gone, and nobody can tell how it ended: {seen.error}"
    return ContainerState.UNKNOWN, f"nothing can be told about it: {seen.error}"


def _observed(
    declared: ManagedContainer,
    seen: Observed,
    probing: Probing,
    record: Record,
    now: float,
    booted: float,
    acting: Action | None,
) -> _Found:
    if acting in _ENDS_IT and seen.status in _HAS_PROCESSES:
        return ContainerState.STOPPING, "it was asked to end and still runs"
    match seen.status:
        case "running":
            return _running(declared, seen, probing, record, now)
        case "restarting":
            return ContainerState.RESTARTING, _loops(seen)
        case "paused":
            return ContainerState.PAUSED, "its processes are frozen until somebody unpauses it"
        case "removing":
            return ContainerState.REMOVING, "Docker is removing it"
        case "dead":
            return ContainerState.DEAD, "its removal failed half-way, and it cannot be started any more"
        case "created" | "exited" if acting in _STARTS_IT:
            return ContainerState.STARTING, "Docker was asked to start it and has not answered yet"
        case "created" | "exited" if seen.error:
            return ContainerState.FAILED_TO_START, f"Docker could not start it: {in_short(seen.error)}"
        case "created":
            return ContainerState.CREATED, "it was made and never started"
        case "exited":
            return _exited(declared, seen, booted)
        case _:
            return ContainerState.UNKNOWN, f"Docker calls its state {cut(seen.status)}, which nobody knows"


def _exited(declared: ManagedContainer, seen: Observed, booted: float) -> _Found:
    how = how_it_ended(seen)
    condition = effective(declared.ready, seen)
    if not isinstance(condition, HasExited):
        return ContainerState.EXITED, f"it ended with {how}"
    if seen.exit_code == condition.code and declared.autostart and (seen.finished_at or 0.0) < booted:
        # As with `docker compose up`, and with a oneshot unit: what comes after it may need what it does.
        return ContainerState.EXITED, "it did its work before this host was booted, and does it at each boot"
    if seen.exit_code == condition.code:
        return ContainerState.READY, f"it has done its work and ended with {how}"
    return ContainerState.EXITED, f"it was to end with exit code {condition.code} and ended with {how}"


def _running(
    declared: ManagedContainer,
    seen: Observed,
    probing: Probing,
    record: Record,
    now: float,
) -> _Found:
    uptime = now - (now if seen.started_at is None else seen.started_at)
    # Far below nought: the clock was set back since, and how long it has run is not known.
    if seen.restart_count > 0 and abs(uptime) < STAYS_UP:
        return ContainerState.RESTARTING, _loops(seen)
    missing = lacking_networks(declared, seen)
    if missing:
        return ContainerState.UNREADY, f"its process runs, and {missing}"
    in_time = uptime < declared.start_timeout
    if isinstance(effective(declared.ready, seen), HasExited):
        return _at_work(declared, in_time)
    return _probed(declared, seen, probing, record, now, in_time)


def _at_work(declared: ManagedContainer, in_time: bool) -> _Found:
    if in_time:
        return ContainerState.STARTING, "it is at work and has not ended yet"
    return ContainerState.UNREADY, f"it was to end within {declared.start_timeout:g} s and still runs"


def _probed(
    declared: ManagedContainer,
    seen: Observed,
    probing: Probing,
    record: Record,
    now: float,
    in_time: bool,
) -> _Found:
    mine = (probing.subject, probing.started_at) == (seen.id, seen.started_at)
    verdict, evidence = (probing.verdict, probing.evidence) if mine else (None, "")
    by_health = isinstance(effective(declared.ready, seen), IsHealthy)
    if verdict:
        return ContainerState.READY, evidence
    if by_health and seen.health == "unhealthy" and _just_unpaused(declared, record, now):
        return ContainerState.RUNNING, "it was unpaused, and its health check has not told anything since"
    if verdict is False:
        return ContainerState.UNREADY, f"its process runs and does not serve: {evidence}"
    if by_health and seen.health == "unhealthy" and not in_time:
        # Docker has counted its failures already; it was so before anybody here looked.
        return ContainerState.UNREADY, "its process runs and does not serve: its health check says unhealthy"
    if in_time:
        told = f": {evidence}" if evidence else ""
        return ContainerState.STARTING, f"its process runs, and it still has time to become ready{told}"
    if by_health and seen.health == "starting":
        return (
            ContainerState.UNREADY,
            f"its health check has not come to a verdict within {declared.start_timeout:g} s",
        )
    told = f": {evidence}" if evidence else ""
    return ContainerState.RUNNING, f"its process runs, and no probe has told yet whether it serves{told}"


def _just_unpaused(declared: ManagedContainer, record: Record, now: float) -> bool:
    """Docker calls a container unhealthy from its pause until the first health check after it, without any
    event (moby: ``daemon/health.go``, the monitor that stops)."""
    if record.state is ContainerState.PAUSED:
        return True
    return record.state is ContainerState.RUNNING and now - record.since < declared.start_timeout


def lacking_networks(declared: ManagedContainer, seen: Observed) -> str:
    """What is wrong with the networks of a container that runs; empty when nothing is.

    Args:
        declared: names the networks that it must be attached to.
        seen: the container.
    """
    missing = [name for name in declared.networks if name not in seen.networks]
    if missing:
        return f"it is not attached to the network {', '.join(missing)}"
    own = seen.network_mode not in _NO_NETWORK_OF_ITS_OWN and not seen.network_mode.startswith("container:")
    return "it is attached to no network, so nobody can reach it" if own and not seen.networks else ""


def _loops(seen: Observed) -> str:
    times = "once" if seen.restart_count == 1 else f"{seen.restart_count} times"
    # Docker forgets the code as soon as it starts the container again.
    how = f", the last time with {how_it_ended(seen)}" if seen.exit_code or seen.oom_killed else ""
    # One version tried a failed start again and again (moby#49501).
    why = f"; Docker says: {cut(seen.error)}" if seen.error else ""
    return f"it keeps ending, and Docker has restarted it {times}{how}{why}"


def _since(state: ContainerState, seen: Observed | Absent | Away, record: Record, now: float) -> float:
    began: float | None = None
    same = record.state is state and record.since > 0
    if isinstance(seen, Observed):
        same = same and record.container_id in ("", seen.id)
        if seen.runs and state is not ContainerState.RESTARTING:
            # It was restarted between two looks: what is so now cannot be older than its process.
            same = same and record.since >= (seen.started_at or 0.0)
        if state is ContainerState.STARTING and seen.runs:
            began = seen.started_at
        elif state in (ContainerState.EXITED, ContainerState.READY) and seen.status == "exited":
            began = seen.finished_at
            same = same and began is None
    return min(record.since if same else now if began is None else began, now)
