"""Looks at one container: everything that inspect tells about its life, as its supervision needs it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portreeve.containers.connection import Docker
from portreeve.containers.observed import Observed
from portreeve.containers.refusal import cut
from portreeve.containers.view import LONGEST, MOST, view
from portreeve.definitions.locations import ContainerRef

_ZERO_TIME = "0001-"
"""Begins what Docker writes for a time that never came."""

_NO_CHECK: tuple[list[str], ...] = ([], ["NONE"])
"""``Healthcheck.Test`` that inherits nothing, and one that switches the image's check off."""


def observe(docker: Docker, ref: ContainerRef) -> Observed:
    """Look at the one container that is meant: the list finds it, and inspect tells of it.

    Args:
        docker: to ask.
        ref: which one.

    Raises:
        DockerUnavailable: Docker is down, hung, or refuses our version: nothing is known of any container.
        Waiting: there is no such container (``container-absent``), more than one could be meant
            (``container-ambiguous``), or Docker is at work on this one and answers nothing about it
            meanwhile (``container-busy``), as it does while it starts it.
    """
    return docker.find_as(ref, parse)


def observe_id(docker: Docker, container_id: str, name: str) -> Observed:
    """Look at a container again.

    Args:
        docker: to ask.
        container_id: all 64 digits.
        name: for people.

    Raises:
        DockerUnavailable: see :func:`observe`.
        Waiting: it was removed (``container-absent``), or Docker is at work on it (``container-busy``).
    """
    return docker.inspect_as(container_id, name, parse)


def parse(answer: Any) -> Observed:
    """Turn what ``GET /containers/{id}/json`` answers into what is observed.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it is not of Docker's form.
    """
    state, config, host = answer["State"], answer["Config"], answer.get("HostConfig") or {}
    seen = view(answer)
    return Observed(
        id=seen["id"],
        name=seen["name"],
        image=seen["image"],
        status=seen["status"],
        pid=int(state["Pid"]),
        exit_code=int(state.get("ExitCode") or 0),
        error=_text(state.get("Error"))[:LONGEST],
        oom_killed=bool(state.get("OOMKilled")),
        restart_count=int(answer.get("RestartCount") or 0),
        policy=_text((host.get("RestartPolicy") or {}).get("Name")) or "no",
        auto_remove=bool(host.get("AutoRemove")),
        started_at=_time(state.get("StartedAt")),
        finished_at=_time(state.get("FinishedAt")),
        health=seen["health"],
        has_health_check=((config.get("Healthcheck") or {}).get("Test") or []) not in _NO_CHECK,
        health_output=_health_output(state),
        network_mode=_text(host.get("NetworkMode")) or "default",
        pid_mode=_text(host.get("PidMode")),
        ipc_mode=_text(host.get("IpcMode")),
        networks=_networks(answer),
        labels=seen["labels"],
        binds=tuple(each["source"] for each in seen["mounts"] if each["type"] == "bind"),
        ports=_ports(host.get("PortBindings"), (answer.get("NetworkSettings") or {}).get("Ports")),
        stop_timeout=_seconds(config.get("StopTimeout")),
        view=seen,
    )


def _networks(answer: Any) -> tuple[str, ...]:
    """A container that does not run keeps its networks in mind, without an endpoint in any."""
    networks = (answer.get("NetworkSettings") or {}).get("Networks") or {}
    return tuple(sorted(_text(name) for name, each in networks.items() if each.get("EndpointID")))[:MOST]


def _ports(*tables: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Those it was made with, known in every state, and those that Docker chose for this run."""
    found = set()
    for table in tables:
        for name, bindings in (table or {}).items():
            protocol = _text(name).partition("/")[2] or "tcp"
            for each in (bindings or ())[:MOST]:
                port = _text(each["HostPort"])
                # Empty lets Docker choose; a range lets it choose within it.
                if port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65_536:
                    found.add((int(port[:6]), protocol))
    return tuple(f"{port}/{protocol}" for port, protocol in sorted(found)[:MOST])


def _health_output(state: Any) -> str:
    log = (state.get("Health") or {}).get("Log") or ()
    return cut(_text(log[-1].get("Output"))) if log else ""


def _time(text: Any) -> float | None:
    """Seconds since the epoch; Docker writes nanoseconds, and a float of today holds microseconds."""
    if not _text(text) or text.startswith(_ZERO_TIME):
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.timestamp()


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str | None):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value or ""
