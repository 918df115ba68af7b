"""What two looks, one after the other, give to tell: pure.

A good state is always given, since :func:`portreeve.supervise.alert_book.note` tells it only after a bad one,
and a loss only after a good one; so a transition that fell between two lives of the agent is not missed, and
what never worked is not told as lost.
"""

from portreeve.reconcile.status import DockerStatus, Trouble
from portreeve.supervise.alert import Alert, AlertKind
from portreeve.supervise.pressure import Pressure, StrainKind
from portreeve.supervise.record import Wanted
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus

DOCKER_PATIENCE = 120.0
"""Seconds after which a Docker that was never seen up is told as lost: a slow boot takes one minute."""

_LOST = {
    ContainerState.UNREADY,
    ContainerState.RESTARTING,
    ContainerState.PAUSED,
    ContainerState.FAILED_TO_START,
    ContainerState.DEAD,
    ContainerState.ABSENT,
}
"""A container does not get out of these by itself, or not for long."""
_NO_LOSS = {ContainerState.UNKNOWN, ContainerState.STOPPING}
"""Docker itself is away, which is told of Docker; or portreeve is stopping it, which somebody asked for."""


def container_alerts(before: ContainerStatus | None, after: ContainerStatus, now: float) -> tuple[Alert, ...]:
    """What to tell about a container.

    Whoever asked for it to be down is not told that it is. After Docker was away, it is on its way up, and
    only told when it does not get there.

    Args:
        before: at the look before; ``None``: this is the first since the agent started.
        after: now.
        now: wall-clock seconds.
    """
    if not after.declared:
        return ()
    subject = f"container:{after.name}"
    if after.state is ContainerState.READY:
        what = f"container {after.name} is ready"
        return (Alert(AlertKind.RESTORED, subject, what, after.evidence, at=now),)
    if after.wanted == Wanted.DOWN or after.stopped_by_hand or after.state in _NO_LOSS:
        return ()
    if after.state is ContainerState.EXITED and not after.docker_status:
        # Its process is gone and Docker with it: the one alert is of Docker.
        return ()
    evidence = after.evidence or _evidence(after.trouble)
    if after.gave_up:
        what = f"container {after.name} was given up: it is {_words(after.state)}"
        hint = f"repair its cause, then `portreeve containers reset {after.name}`"
        return (Alert(AlertKind.GAVE_UP, subject, what, evidence, hint, now),)
    stays_down = after.state is ContainerState.EXITED and not after.autostart
    if before is not None and (before.state is ContainerState.READY or after.state in _LOST or stays_down):
        what = f"container {after.name} was lost: it is {_words(after.state)}"
        hint = _hint(after.trouble, subject)
        return (Alert(AlertKind.LOST, subject, what, evidence, hint, now),)
    return ()


def service_alerts(before: ServiceStatus | None, after: ServiceStatus, now: float) -> tuple[Alert, ...]:
    """What to tell about a service; its restart, and its stop by an administrator, are nothing to tell.

    Args:
        before: at the look before; ``None``: this is the first since the agent started.
        after: now.
        now: wall-clock seconds.
    """
    subject = f"service:{after.name}"
    evidence = after.evidence or _evidence(after.trouble)
    if after.state is ServiceState.ACTIVE:
        return (Alert(AlertKind.RESTORED, subject, f"service {after.name} is active", evidence, at=now),)
    if after.state in (ServiceState.STOPPED, ServiceState.MASKED, ServiceState.UNKNOWN):
        return ()
    if after.gave_up:
        what = f"service {after.name} was given up: it is {_words(after.state)}"
        hint = f"repair its cause, then `systemctl restart {after.unit}`"
        return (Alert(AlertKind.GAVE_UP, subject, what, evidence, hint, now),)
    if before is not None and after.state is not ServiceState.STARTING:
        what = f"service {after.name} was lost: it is {_words(after.state)}"
        return (Alert(AlertKind.LOST, subject, what, evidence, _hint(after.trouble, subject), now),)
    return ()


def docker_alerts(before: DockerStatus | None, after: DockerStatus, now: float) -> tuple[Alert, ...]:
    """What to tell about Docker.

    Args:
        before: as it was known before; ``None``: this is the first look since the agent started.
        after: now.
        now: wall-clock seconds.
    """
    if after.state == "up":
        return (Alert(AlertKind.RESTORED, "docker", "Docker answers", after.version, at=now),)
    if after.state == "unused":
        return ()
    if (before is not None and before.state == "up") or now - after.since >= DOCKER_PATIENCE:
        what = f"Docker was lost: {_words(after.state)}"
        hint = "`systemctl status docker` and `portreeve status` tell more"
        return (Alert(AlertKind.LOST, "docker", what, after.evidence, hint, now),)
    return ()


def host_alerts(after: Pressure, now: float) -> tuple[Alert, ...]:
    """What to tell about the host: one subject for each kind of strain.

    Args:
        after: what is short now.
        now: wall-clock seconds.
    """
    return tuple(_host_alert(kind, after, now) for kind in StrainKind)


def _host_alert(kind: StrainKind, pressure: Pressure, now: float) -> Alert:
    evidence = "; ".join(strain.evidence for strain in pressure.under if strain.what is kind)
    subject = f"host:{kind}"
    if not evidence:
        return Alert(AlertKind.RECOVERED, subject, f"the host has enough again: {_words(kind)}", at=now)
    hint = "container starts are held back until it is over"
    return Alert(
        AlertKind.DEGRADED, subject, f"the host is under pressure: {_words(kind)}", evidence, hint, now
    )


def _words(state: str) -> str:
    return state.replace("-", " ")


def _hint(trouble: Trouble | None, subject: str) -> str:
    return trouble.hint if trouble and trouble.hint else f"`portreeve explain {subject}` tells more"


def _evidence(trouble: Trouble | None) -> str:
    return trouble.evidence or trouble.what if trouble else ""
