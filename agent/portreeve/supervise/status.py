"""What can be told of containers and guarded services: what command line, sockets and metrics read."""

from dataclasses import dataclass
from enum import StrEnum

from portreeve.reconcile.status import Trouble
from portreeve.supervise.state import ContainerState


@dataclass(frozen=True, slots=True)
class ContainerStatus:
    """Everything that can be told about one container. Times are wall-clock seconds.

    Args:
        name: its definition's; of one that nobody declared, as somebody asked for it.
        description: from its definition.
        container: which container is meant, as its definition names it.
        declared: it has a definition; otherwise it is watched and never touched.
        autostart: it is kept up.
        state: what it amounts to.
        evidence: what was seen that says so.
        since: when this state began.
        wanted: ``up``, ``down`` or empty, see :class:`portreeve.supervise.record.Wanted`.
        stopped_by_hand: somebody stopped it through Docker, and it is left so.
        ready: what counts as ready, ``http http://172.17.0.2/health``.
        probe: what the last probe saw; empty when none was made.
        docker_status: Docker's word for it, ``running``; empty when absent or unknown.
        health: of the image's health check, ``none`` without.
        container_id: the first twelve digits.
        image: as it was named when the container was made.
        started_at: of its last start; ``None`` before the first.
        exit_code: of its last run; ``None`` while it runs or never ran.
        restart_policy: Docker's own, ``no`` or ``always``; empty when absent or unknown.
        restart_count: restarts by that.
        restarts: restarts within the window of its budget.
        restarts_most: its budget.
        window: seconds of that window.
        gave_up: nothing is tried any more, until ``portreeve containers reset``.
        overdue: it was not ready within ``[containers] deadline`` after Docker came up, and is not yet.
        trouble: why it is not as it should be.
        next_try: when it is acted on next by itself; ``None`` when only an event or the resync will.
        waits_for: containers that must come first and are not there yet.
        log_tail: the last lines of its log, when it ended or keeps ending.
        unit: ``portreeve-container@NAME.service``.
        runs: how often it was looked at since the agent started.
    """

    name: str
    description: str = ""
    container: str = ""
    declared: bool = True
    autostart: bool = False
    state: ContainerState = ContainerState.UNKNOWN
    evidence: str = ""
    since: float = 0.0
    wanted: str = ""
    stopped_by_hand: bool = False
    ready: str = ""
    probe: str = ""
    docker_status: str = ""
    health: str = "none"
    container_id: str = ""
    image: str = ""
    started_at: float | None = None
    exit_code: int | None = None
    restart_policy: str = ""
    restart_count: int = 0
    restarts: int = 0
    restarts_most: int = 0
    window: float = 0.0
    gave_up: bool = False
    overdue: bool = False
    trouble: Trouble | None = None
    next_try: float | None = None
    waits_for: tuple[str, ...] = ()
    log_tail: tuple[str, ...] = ()
    unit: str = ""
    runs: int = 0


class ServiceState(StrEnum):
    """How a guarded service of the host stands."""

    UNKNOWN = "unknown"
    """It was not looked at yet, or systemd does not answer."""
    ACTIVE = "active"
    """It runs, and its probe holds where it has one."""
    STARTING = "starting"
    UNREADY = "unready"
    """It runs and its probe does not hold."""
    STOPPED = "stopped"
    """An administrator stopped it, or it was never started; it is left so."""
    MASKED = "masked"
    ABSENT = "absent"
    FAILED = "failed"
    """It ended and systemd does not start it again."""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """Everything that can be told about one service. Times are wall-clock seconds.

    Args:
        name: its definition's.
        description: from its definition.
        unit: the unit.
        requires: what it depends on.
        state: how it stands.
        evidence: what was seen that says so.
        since: when this state began.
        probe: what the last probe saw; empty when none was made.
        restarts: restarts by portreeve within the window.
        restarts_most: its budget; 0 without.
        window: seconds of that window.
        restarted_at: when portreeve restarted it last; ``None`` when not within the window.
        restarted_for: why it did so.
        auto_restarts: restarts by systemd itself since somebody else started it.
        gave_up: nothing is tried any more until it is started by hand or ``reset``.
        trouble: why it is not as it should be.
        next_try: when it is acted on next by itself.
        runs: how often it was looked at since the agent started.
    """

    name: str
    description: str = ""
    unit: str = ""
    requires: tuple[str, ...] = ()
    state: ServiceState = ServiceState.UNKNOWN
    evidence: str = ""
    since: float = 0.0
    probe: str = ""
    restarts: int = 0
    restarts_most: int = 0
    window: float = 0.0
    restarted_at: float | None = None
    restarted_for: str = ""
    auto_restarts: int = 0
    gave_up: bool = False
    trouble: Trouble | None = None
    next_try: float | None = None
    runs: int = 0
