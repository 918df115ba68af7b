"""Does it serve? One try, and what it saw: a closed port, a hanging one and a wrong answer are three things.

Redirects are not followed: a page that sends everybody to another host says nothing of this one.
"""

from portreeve import process, regex
from portreeve.checks.address import split_host
from portreeve.checks.connecting import connect
from portreeve.checks.http import HttpError, http_status
from portreeve.containers.connection import Docker
from portreeve.containers.exec import run_in_container
from portreeve.containers.host_process import ForeignProcessError, exists_inside
from portreeve.containers.log_tail import log_since_start
from portreeve.containers.observed import Observed
from portreeve.containers.refusal import cut
from portreeve.definitions.supervised import (
    CommandSucceeds,
    Condition,
    FileExists,
    HasExited,
    HttpAnswers,
    IsHealthy,
    IsRunning,
    LogSays,
    TcpConnects,
)
from portreeve.errors import Failed, Waiting
from portreeve.supervise.addresses import address_of, url_of, without_query
from portreeve.supervise.ending import how_it_ended
from portreeve.supervise.probing import ProbeResult

_ANY_FINE = range(200, 300)
_REDIRECTS = range(300, 400)

_LOG_LIMIT = 1_048_576
"""Bytes of a log that are searched, from its start: who is ready says so early."""


def probe(condition: Condition, seen: Observed, docker: Docker, *, timeout: float) -> ProbeResult:
    """Try once whether a condition holds of a container.

    Args:
        condition: what must hold, see :func:`portreeve.supervise.probing.effective`.
        seen: the container as it was just now.
        docker: for commands and logs.
        timeout: seconds for the try.
    """
    match condition:
        case IsRunning():
            return ProbeResult(seen.runs, "its process runs" if seen.runs else _does_not_run(seen))
        case HasExited():
            return _has_exited(condition, seen)
    if not seen.runs:
        # Its address may be another container's by now.
        return ProbeResult(None, _does_not_run(seen))
    try:
        match condition:
            case IsHealthy():
                return _is_healthy(seen)
            case TcpConnects():
                return _connects(*address_of(condition.address, seen), timeout)
            case HttpAnswers():
                return _answers(condition, url_of(condition.url, seen), timeout)
            case FileExists():
                return _file_exists(condition.path, seen)
            case LogSays():
                return _log_says(condition.pattern, seen, docker)
            case CommandSucceeds():
                return _command_in(condition, seen, docker, timeout)
    except Waiting as error:
        return ProbeResult(None, str(error))
    except Failed as error:
        return ProbeResult(False, str(error))


def probe_service(condition: Condition, *, timeout: float) -> ProbeResult:
    """Try once whether a condition holds of a service of this host; its texts are no templates.

    Args:
        condition: one that can be asked of a service: ``tcp``, ``http`` or ``exec``.
        timeout: seconds for the try.

    Raises:
        ValueError: it can be asked of containers alone.
    """
    try:
        match condition:
            case TcpConnects():
                return _connects(*split_host(condition.address), timeout)
            case HttpAnswers():
                return _answers(condition, condition.url, timeout)
            case CommandSucceeds():
                return _command_here(condition, timeout)
    except Failed as error:
        return ProbeResult(False, str(error))
    raise ValueError(f"{condition} cannot be asked of a service")


def _does_not_run(seen: Observed) -> str:
    return f"it does not run: its state is {cut(seen.status)}"


def _has_exited(condition: HasExited, seen: Observed) -> ProbeResult:
    if seen.status != "exited":
        return ProbeResult(None, "it has not ended yet")
    return ProbeResult(seen.exit_code == condition.code, f"it ended with {how_it_ended(seen)}")


def _is_healthy(seen: Observed) -> ProbeResult:
    if not seen.has_health_check:
        return ProbeResult(False, "its image has no health check, so it can never be healthy")
    match seen.health:
        case "healthy":
            return ProbeResult(True, "its health check says healthy")
        case "unhealthy":
            said = f": {cut(seen.health_output)}" if seen.health_output else ""
            return ProbeResult(False, f"its health check says unhealthy{said}")
        case _:
            return ProbeResult(None, "its health check has not come to a verdict yet")


def _connects(host: str, port: int, timeout: float) -> ProbeResult:
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        with connect(host, port, timeout):
            return ProbeResult(True, f"{address} accepts connections")
    except TimeoutError:
        return ProbeResult(False, f"{address} did not accept a connection within {timeout:g} s")
    except (OSError, UnicodeError) as error:
        return ProbeResult(False, _unreachable(address, error))


def _answers(condition: HttpAnswers, url: str, timeout: float) -> ProbeResult:
    # What a template has put into a query may be a secret of the container's environment.
    shown = cut(without_query(url))
    try:
        status = http_status(url, insecure=condition.insecure, timeout=timeout)
    except TimeoutError:
        return ProbeResult(False, f"{shown} did not answer within {timeout:g} s")
    except HttpError as error:
        return ProbeResult(False, f"{shown}: {error}")
    except (OSError, UnicodeError) as error:
        return ProbeResult(False, _unreachable(shown, error))
    if status == condition.status or (condition.status is None and status in _ANY_FINE):
        return ProbeResult(True, f"{shown} answers {status}")
    wanted = "2xx" if condition.status is None else f"{condition.status}"
    redirect = ", and redirects are not followed" if status in _REDIRECTS else ""
    return ProbeResult(False, f"{shown} answers {status}, not {wanted}{redirect}")


def _unreachable(address: str, error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return f"{address} refuses connections: nothing listens there"
    return f"{address} cannot be reached: {cut(getattr(error, 'strerror', None) or str(error))}"


def _file_exists(path: str, seen: Observed) -> ProbeResult:
    try:
        exists = exists_inside(seen.pid, seen.id, path)
    except (ForeignProcessError, ProcessLookupError):
        return ProbeResult(None, f"{path} cannot be looked for: its process is not to be found here")
    except OSError as error:
        return ProbeResult(None, f"{path} cannot be looked for: {error.strerror}")
    return ProbeResult(exists, f"{path} exists in it" if exists else f"{path} does not exist in it")


def _log_says(pattern: str, seen: Observed, docker: Docker) -> ProbeResult:
    log = log_since_start(docker, seen, _LOG_LIMIT)
    text = log.decode(errors="replace").replace("\r\n", "\n")
    # A group of its own, since one of the pattern's may have no part in a match.
    found = regex.match(f"({pattern})", text) is not None
    says = "says" if found else "has not said"
    return ProbeResult(found, f"its log {says} {pattern!r} since its start")


def _command_in(condition: CommandSucceeds, seen: Observed, docker: Docker, timeout: float) -> ProbeResult:
    container = docker.inspect(seen.id, seen.name)
    result = run_in_container(docker, container, condition.command, timeout=timeout)
    how = "it ended with exit status 0" if result.ok else result.describe()
    return ProbeResult(result.ok, f"{condition.command[0]} was run in it: {how}")


def _command_here(condition: CommandSucceeds, timeout: float) -> ProbeResult:
    completed = process.run(condition.command, timeout=timeout)
    lines = [line for line in completed.output.splitlines() if line.strip()]
    words = f": {cut(lines[-1])}" if lines and not completed.ok else ""
    return ProbeResult(completed.ok, f"{completed.describe()}{words}")
