"""Whether Docker answers: asked once for all threads, known for a second."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException

from portreeve.clock import Clock
from portreeve.containers import failure
from portreeve.containers.failure import Failure
from portreeve.containers.model import DockerInfo
from portreeve.containers.wire import UnixConnection
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import DockerUnavailable

MINIMUM_API_VERSION = "1.24"
"""The oldest API that the SDK speaks (docker.constants.MINIMUM_DOCKER_API_VERSION of 7.2)."""

_BODY = 4096
"""Bytes of an answer that are looked at."""

FRESH = 1.0
"""Seconds for which an answer is good for every thread."""


@dataclass(frozen=True, slots=True)
class _Answer:
    result: DockerInfo | Failure
    good_until: float


class Probe:
    """Asks Docker whether it is up; threads that ask at the same time wait for one answer.

    Args:
        settings: where its socket is and how long an answer may take.
        clock: for the age of an answer.
        on_lost: told, in whatever thread, that it turned out not to be up; must be quick.
    """

    def __init__(
        self, settings: DockerSettings, clock: Clock, on_lost: Callable[[DockerUnavailable], object]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_lost = on_lost
        self._asking = threading.Lock()
        self._answer: _Answer | None = None
        self.version = ""

    def require_up(self, *, now: bool = False) -> DockerInfo:
        """The daemon's version.

        Args:
            now: ask, whatever is remembered.

        Raises:
            DockerUnavailable: it is down, hung, refuses our version, or does not speak Docker's API.
        """
        # Held while asking: two hundred syncs then wait for a hung daemon once, not two hundred times.
        with self._asking:
            answer = self._answer
            if now or answer is None or self._clock.monotonic() >= answer.good_until:
                answer = self.learn(self.ask())
        if isinstance(answer.result, Failure):
            raise answer.result.error()
        return answer.result

    def ask(self) -> DockerInfo | Failure:
        """Ask now, whatever is remembered; nobody else is told."""
        return ping(self._settings)

    def learn(self, result: DockerInfo | Failure, *, seconds: float = FRESH) -> _Answer:
        """Tell every thread what one has found out.

        Args:
            result: what it met.
            seconds: how long the others believe it.
        """
        answer = self._answer = _Answer(result, self._clock.monotonic() + seconds)
        if isinstance(result, Failure):
            self._on_lost(result.error())
        else:
            self.version = result.version
        return answer


def ping(settings: DockerSettings) -> DockerInfo | Failure:
    """Ask now, on a connection of its own; a daemon that is on its way out takes no new ones.

    ``/version`` would say more, and the daemon runs runc for it and asks containerd.

    Args:
        settings: where its socket is and how long an answer may take.
    """
    connection = UnixConnection(settings)
    try:
        connection.request("GET", "/_ping")
        response = connection.getresponse()
        body = response.read(_BODY).decode(errors="replace")
    except (OSError, HTTPException) as error:
        return failure.of_exception(error, settings, timeout=settings.timeout)
    finally:
        connection.close()
    if response.status != 200:
        return failure.of_status(response.status, body, settings)
    api_version = response.headers.get("Api-Version", "")
    if not re.fullmatch(r"\d{1,4}\.\d{1,4}", api_version):
        return failure.garbage(f"ping was answered {body!r} without an API version", settings)
    if _numbers(api_version) < _numbers(MINIMUM_API_VERSION):
        return failure.version_refused(
            f"the daemon speaks API {api_version} at most, portreeve {MINIMUM_API_VERSION} at least"
        )
    server = re.match(r"Docker/(\S+)", response.headers.get("Server", ""))
    return DockerInfo(server[1] if server else "", api_version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
