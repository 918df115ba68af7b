"""Does it work? Probed after everything was applied."""

import threading
import time
from collections.abc import Callable

from portreeve import process
from portreeve.checks.address import Ip, parse_listening, split_host
from portreeve.checks.connecting import connect
from portreeve.checks.http import HttpError, http_status
from portreeve.checks.in_container import holds_in_container
from portreeve.checks.listeners import listeners
from portreeve.containers.connection import Docker
from portreeve.definitions.steps import (
    Command,
    ContainerReady,
    Http,
    Listening,
    Tcp,
    UnitActive,
    VerifyStep,
    describe,
)
from portreeve.errors import Failed, Reason, Unreachable, Waiting
from portreeve.systemd.bus import Systemd

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5
_TRY_TIMEOUT = 5.0
"""Seconds for one try over the network, however long the step may take."""


IsReady = Callable[[str], str | None]
"""Asks whether the container of a definition is ready: ``None``, else the evidence that it is not."""


def nobody_watches(name: str) -> str | None:
    """The answer where no containers are watched.

    Raises:
        Waiting: always.
    """
    raise Waiting(Reason.UNKNOWN_NAME, f"whether the container {name} is ready is not known here")


def run_verify(
    step: VerifyStep,
    *,
    systemd: Systemd | None,
    docker: Docker,
    cancelled: threading.Event,
    container_ready: IsReady = nobody_watches,
) -> None:
    """Probe until it holds or the step's time is over.

    Args:
        step: with its texts rendered.
        systemd: asked for the state of units; ``None`` where systemd does not run.
        docker: where commands in containers run.
        cancelled: set when the agent stops.
        container_ready: asked whether a container is ready.

    Raises:
        Failed: it does not hold; the evidence is what the last probe saw.
        Waiting: the agent is stopping, so nothing is known; or the container of a command does not run.
        Unreachable: a unit is asked for and systemd does not answer.
    """
    deadline = time.monotonic() + step.timeout
    pause = _FIRST_PAUSE
    while True:
        left = deadline - time.monotonic()
        most = left if isinstance(step, Command) else min(left, _TRY_TIMEOUT)
        evidence = probe(
            step,
            systemd=systemd,
            docker=docker,
            timeout=max(_FIRST_PAUSE, most),
            container_ready=container_ready,
        )
        if evidence is None:
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise Failed(
                Reason.VERIFY_FAILED,
                f"{describe(step)} did not hold within {step.timeout:g} s",
                evidence=evidence,
                step="verify",
            )
        if cancelled.wait(min(pause, left)):
            raise Waiting(
                Reason.NOT_YET, "the agent is stopping and has not seen this through", step="verify"
            )
        pause = min(pause * 2, _LONGEST_PAUSE)


def probe(
    step: VerifyStep,
    *,
    systemd: Systemd | None,
    docker: Docker,
    timeout: float = _TRY_TIMEOUT,
    container_ready: IsReady = nobody_watches,
) -> str | None:
    """Try once: ``None`` when it holds, else what was seen instead.

    Args:
        step: with its texts rendered.
        systemd: as for :func:`run_verify`.
        docker: as for :func:`run_verify`.
        timeout: seconds for a try over the network, or for a command.
        container_ready: as for :func:`run_verify`.

    Raises:
        Waiting: the container of a command does not run, or nobody watches the one that is to be ready.
        Failed: the step's address is none.
        Unreachable: a unit is asked for and systemd does not answer.
    """
    match step:
        case Listening():
            return _listening(step.address)
        case Tcp():
            return _tcp(step.address, timeout)
        case Http():
            return _http(step, timeout)
        case UnitActive():
            return _unit_active(step.unit, systemd)
        case Command():
            return _command(step, docker, timeout)
        case ContainerReady():
            return container_ready(step.name)


def _command(step: Command, docker: Docker, timeout: float) -> str | None:
    if step.container is not None:
        return holds_in_container(step.container, step.command, docker, timeout=timeout)
    completed = process.run(step.command, timeout=timeout)
    if completed.ok:
        return None
    lines = [line for line in completed.output.splitlines() if line.strip()]
    return f"{completed.describe()}: {lines[-1]}" if lines else completed.describe()


def _listening(text: str) -> str | None:
    address, port = parse_listening(text)
    on_port = [listener.address for listener in listeners() if listener.port == port]
    if not on_port:
        return f"nothing listens on port {port}"
    if address is None or any(_covers(bound, address) for bound in on_port):
        return None
    return f"port {port} is listened on at {', '.join(map(str, on_port))} only"


def _covers(bound: Ip, wanted: Ip) -> bool:
    # A socket on :: takes IPv4 connections too unless it was told not to, which /proc does not show.
    return bound == wanted or (bound.is_unspecified and bound.version >= wanted.version)


def _tcp(text: str, timeout: float) -> str | None:
    host, port = split_host(text)
    try:
        with connect(host, port, timeout):
            return None
    except (OSError, UnicodeError) as error:
        # What cannot be a host's name is no OSError: an empty part of it, or one of more than 63 characters.
        return f"{text}: {getattr(error, 'strerror', None) or error}"


def _http(step: Http, timeout: float) -> str | None:
    try:
        status = http_status(step.url, insecure=step.insecure, timeout=timeout)
    except (OSError, UnicodeError, HttpError) as error:
        return f"{step.url}: {getattr(error, 'strerror', None) or error}"
    return None if status == step.status else f"{step.url} answers {status}, not {step.status}"


def _unit_active(unit: str, systemd: Systemd | None) -> str | None:
    if systemd is None:
        raise Unreachable(
            Reason.SYSTEMD_UNREACHABLE, f"whether {unit} is active cannot be known without systemd"
        )
    state = systemd.unit(unit)
    return None if state.active else state.describe()
