"""Everything about one container or service, as ``explain`` shows it."""

from collections.abc import Iterator

from portreeve.cli.supervised import in_colour
from portreeve.cli.text import ago, ahead, clock_time, counted, span
from portreeve.errors import Reason
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus

Fact = tuple[str, str]

_WELL = (ContainerState.READY, ServiceState.ACTIVE)
_DOWN = (ContainerState.ABSENT, ContainerState.CREATED, ContainerState.EXITED)
_LEFT_SO = (ServiceState.STOPPED, ServiceState.MASKED, ServiceState.ABSENT)


def container_title(status: ContainerStatus) -> str:
    """The first line."""
    verb = "" if status.state is ContainerState.FAILED_TO_START else "is "
    return f"container {status.name} {verb}{in_colour(status)}"


def service_title(status: ServiceStatus) -> str:
    """The first line."""
    return f"service {status.name} is {in_colour(status)}"


def container_facts(status: ContainerStatus, now: float) -> Iterator[Fact]:
    """What is known of a container, by labels; the most important first.

    Args:
        status: what the agent told.
        now: wall-clock seconds.
    """
    yield from _why(status)
    yield "since", _moment(status.since, now)
    next_try = _next_look(status, now)
    if next_try:
        yield "next try", next_try
    yield from _to_do(status, f"portreeve containers reset {status.name}")
    if status.waits_for:
        yield "waits for", "\n".join(status.waits_for)
    yield "kept up", _kept_up(status)
    if status.container:
        yield "container", status.container
    if status.docker_status:
        yield "in Docker", _in_docker(status, now)
    if status.image:
        yield "image", status.image
    if status.ready:
        yield "ready when", status.ready
    if status.probe:
        yield "probe", status.probe
    if status.restarts_most and status.declared:
        yield "restarts", _restarts(status)
    if status.log_tail:
        yield "log", "\n".join(status.log_tail)
    if status.unit and status.declared:
        yield "unit", status.unit


def service_facts(status: ServiceStatus, now: float) -> Iterator[Fact]:
    """What is known of a service, likewise."""
    yield from _why(status)
    yield "since", _moment(status.since, now)
    if status.gave_up:
        yield "next try", "none by itself: it was given up"
    elif status.next_try is not None:
        yield "next try", ahead(status.next_try, now)
    elif status.state in _LEFT_SO:
        waits = status.trouble is not None and status.trouble.reason is Reason.NOT_YET
        yield "next try", "when what it waits for is there" if waits else "none: it is left so"
    yield from _to_do(status, f"portreeve services reset {status.name}")
    yield "unit", status.unit
    if status.requires:
        yield "requires", "\n".join(status.requires)
    if status.probe:
        yield "probe", status.probe
    if status.restarts_most:
        yield "restarts", _restarts(status)
    if status.restarted_at is not None:
        yield "restarted", f"{_moment(status.restarted_at, now)}: {status.restarted_for}"
    if status.auto_restarts and status.state is not ServiceState.FAILED:
        times = counted(status.auto_restarts, "restart")
        yield "by systemd", f"{times} since it was started; `journalctl -u {status.unit}` tells why it ended"


def _why(status: ContainerStatus | ServiceStatus) -> Iterator[Fact]:
    trouble = status.trouble
    told: list[str] = []
    if trouble is not None:
        yield "why", f"{trouble.what} ({trouble.reason})"
        told = [trouble.evidence] if trouble.evidence and trouble.evidence not in status.evidence else []
    # Most evidence of a trouble has what was seen in it: nothing is said twice.
    if status.evidence and not any(status.evidence in text for text in told):
        told.append(status.evidence)
    if told:
        yield "evidence", "\n".join(told)


def _to_do(status: ContainerStatus | ServiceStatus, reset: str) -> Iterator[Fact]:
    hint = status.trouble.hint if status.trouble is not None else ""
    if hint and status.gave_up and "reset" not in hint:
        yield "to do", f"{hint}; once that is mended: {reset}"
    elif hint:
        yield "to do", hint
    elif status.gave_up:
        yield "to do", f"mend it, then {reset}"


def _next_look(status: ContainerStatus, now: float) -> str:
    if status.state in _WELL and status.trouble is None:
        return ""
    if not status.declared:
        return "none: it has no definition, so it is watched and never touched"
    if status.gave_up:
        return "none by itself: it was given up"
    if status.wanted == "down":
        return f"none: it is to be down, until portreeve containers start {status.name}"
    if status.stopped_by_hand:
        return f"none: it is left so, until portreeve containers start {status.name}"
    if status.next_try is not None:
        return ahead(status.next_try, now)
    if status.state in _DOWN and not (status.autostart or status.wanted == "up"):
        return f"none: it is not kept up; portreeve containers start {status.name} starts it"
    if status.probe:
        return "by itself: it is probed on"
    return "when Docker or something it depends on tells of a change, or with the next resync"


def _kept_up(status: ContainerStatus) -> str:
    if not status.declared:
        return "no: it has no definition"
    if status.wanted:
        verb = "start" if status.wanted == "up" else "stop"
        return f"{'yes' if verb == 'start' else 'no'}: as `portreeve containers {verb}` asked"
    return "yes" if status.autostart else "no: its definition has no autostart"


def _in_docker(status: ContainerStatus, now: float) -> str:
    parts = [status.docker_status]
    if status.health != "none":
        parts.append(f"health check {status.health}")
    if status.started_at is not None:
        parts.append(f"started {ago(status.started_at, now)}")
    if status.exit_code is not None:
        parts.append(f"exit code {status.exit_code}")
    if status.restart_policy not in ("", "no"):
        parts.append(f"restart policy {status.restart_policy}")
    if status.restart_count:
        parts.append(f"{counted(status.restart_count, 'restart')} by Docker")
    if status.container_id:
        parts.append(f"id {status.container_id}")
    return ", ".join(parts)


def _restarts(status: ContainerStatus | ServiceStatus) -> str:
    over = "more than " if status.restarts > status.restarts_most else f"{status.restarts} of at most "
    return f"{over}{status.restarts_most} within {span(status.window)}"


def _moment(moment: float, now: float) -> str:
    return f"{ago(moment, now)} ({clock_time(moment)})"
