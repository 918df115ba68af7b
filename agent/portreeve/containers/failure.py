"""What a failed conversation with Docker means: down, hung, a version it refuses, or anything else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from portreeve.definitions.settings import DockerSettings
from portreeve.errors import DockerUnavailable, Reason

_VERSION_REFUSED = re.compile(r"client version \S+ is too (new|old)", re.IGNORECASE)
_SHOWN = 200
"""Characters of an unexpected answer that are shown."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure that several threads can be told of; the arguments are those of ``PortreeveError``."""

    reason: Reason
    what: str
    evidence: str
    hint: str = ""

    def error(self) -> DockerUnavailable:
        """A new exception: one that is raised in two threads would mix their tracebacks."""
        return DockerUnavailable(self.reason, self.what, evidence=self.evidence, hint=self.hint)


def of_exception(error: BaseException, settings: DockerSettings, *, timeout: float) -> Failure:
    """Say what an exception of the SDK, of requests, of urllib3 or of a socket means.

    Args:
        error: the outermost one; the cause is looked for inside it.
        settings: for the evidence.
        timeout: seconds that were waited.
    """
    socket = settings.socket
    innermost = error
    for innermost in _inside(error):
        match innermost:
            case FileNotFoundError():
                return _down(f"{socket} does not exist", "is Docker installed and docker.socket started?")
            case ConnectionRefusedError():
                return _down(f"{socket} exists, and nobody listens on it", "systemctl start docker.service")
            case PermissionError():
                return _down(f"permission denied on {socket}", "run as root, or as a member of its group")
            case BlockingIOError():
                return _hung(f"{socket} takes no more connections: those that wait are not accepted")
            case TimeoutError():
                return _hung(f"{socket} accepted a connection and did not answer within {timeout:g} s")
            case ConnectionError():
                return _down(f"{socket} closed the connection: {innermost}")
    if type(innermost) is OSError:
        return _down(f"{socket}: {innermost}")
    return garbage(str(innermost), settings)


def of_status(status: int, body: str, settings: DockerSettings) -> Failure:
    """Say what an answer with an unexpected HTTP status means.

    Args:
        status: of the answer.
        body: Docker's explanation, as JSON or text.
        settings: for the evidence.
    """
    evidence = f"{settings.socket} answered {status}: {_cut(body)}"
    if status == 400 and _VERSION_REFUSED.search(body):
        return version_refused(evidence)
    return Failure(Reason.DOCKER_ERROR, "Docker answered with an error", evidence, "journalctl -u docker")


def version_refused(evidence: str) -> Failure:
    """The daemon and the SDK have no API version in common."""
    return Failure(
        Reason.DOCKER_VERSION_REFUSED,
        "Docker and portreeve have no API version in common",
        evidence,
        "upgrade the older of the two",
    )


def garbage(answer: str, settings: DockerSettings) -> Failure:
    """Something answered, and it does not speak Docker's API."""
    return Failure(
        Reason.DOCKER_ERROR,
        "what answers on Docker's socket does not speak its API",
        f"{settings.socket}: {_cut(answer)}",
    )


def _down(evidence: str, hint: str = "") -> Failure:
    return Failure(Reason.DOCKER_DOWN, "Docker is down", evidence, hint)


def _hung(evidence: str) -> Failure:
    return Failure(Reason.DOCKER_HUNG, "Docker does not answer", evidence, "systemctl restart docker.service")


def _inside(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it wraps: requests and urllib3 hide the cause among their arguments."""
    pending = [error]
    seen: set[int] = set()
    while pending:
        each = pending.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        wrapped = [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]
        pending.extend(inner for inner in wrapped if isinstance(inner, BaseException))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return repr(text[:_SHOWN]) + ("…" if len(text) > _SHOWN else "")
