"""The way to Docker: is it up, which container is meant, what does inspect say, what is in a file.

The SDK is not safe to share between threads (docker-py#3229), so each thread has a client of its own, built
on first use and again after Docker was lost or has come back with another API version.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.containers import answers, failure
from portreeve.containers.events import EventStream
from portreeve.containers.failure import Failure
from portreeve.containers.inspections import Inspections
from portreeve.containers.model import Container, DockerInfo
from portreeve.containers.probe import FRESH, Probe
from portreeve.containers.refusal import AbsentError, ConflictError, RefusedError, busy, removed
from portreeve.containers.selection import choose, filters
from portreeve.containers.view import view
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.settings import DockerSettings
from portreeve.errors import DockerUnavailable, Reason, Waiting

if TYPE_CHECKING:
    from docker import APIClient
    from requests import Response

T = TypeVar("T")

_LOCKED = 2.0
"""Times the timeout for inspect: it waits while Docker starts that container, 6.5 s among forty starts."""


class ByteStream(Protocol):
    """What can be read from piece by piece."""

    def read(self, amount: int, /) -> bytes:
        """At most ``amount`` bytes; none at the end."""
        ...


class Docker:
    """Docker, asked from any thread; whatever goes wrong is one of :mod:`portreeve.errors`.

    Args:
        settings: where its socket is and how long one call may take.
        clock: for the age of what is known about it.
        on_lost: told, in whatever thread, that Docker turned out not to be up; must be quick.
    """

    def __init__(
        self,
        settings: DockerSettings,
        clock: Clock = SYSTEM_CLOCK,
        on_lost: Callable[[DockerUnavailable], object] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._probe = Probe(settings, clock, on_lost)
        self._local = threading.local()
        self.inspections = Inspections()

    @property
    def settings(self) -> DockerSettings:
        """Where its socket is and how long one call may take."""
        return self._settings

    @property
    def version(self) -> str:
        """The version of the daemon that answered last; empty before the first answer."""
        return self._probe.version

    def require_up(self, *, now: bool = False) -> DockerInfo:
        """Say that Docker answers, and which version it is; ``now``: ask, whatever was answered a moment ago.

        Raises:
            DockerUnavailable: it is down, hung, refuses our version, or does not speak its API.
        """
        return self._probe.require_up(now=now)

    def find(self, ref: ContainerRef) -> Container:
        """Find the one container that is meant, in any state, and inspect it.

        It is listed first and then inspected by its full id: inspect takes the beginning of an id for a name.

        Raises:
            DockerUnavailable: see :meth:`require_up`.
            Waiting: there is no such container, or more than one could be meant.
        """
        return self.find_as(ref, answers.container)

    def view(self, ref: ContainerRef) -> Mapping[str, Any]:
        """The same container as values and templates see it: :func:`portreeve.containers.view.view`.

        Raises:
            DockerUnavailable: see :meth:`require_up`.
            Waiting: there is no such container, or more than one could be meant.
        """
        return self.find_as(ref, view)

    def inspect(self, container_id: str, name: str) -> Container:
        """Inspect a container again.

        Args:
            container_id: all 64 digits.
            name: for people.

        Raises:
            DockerUnavailable: see :meth:`require_up`.
            Waiting: it was removed.
        """
        return self.inspect_as(container_id, name, answers.container)

    def find_as(self, ref: ContainerRef, parse: Callable[[Any], T]) -> T:
        """As :meth:`find`, with what ``parse`` makes of inspect's answer; for the modules of this room."""
        query = filters(ref)
        found = choose(
            ref,
            self.ask(lambda client: answers.listed(client.containers(all=True, filters=dict(query)))),
        )
        return self.inspect_as(found.id, found.name, parse)

    def inspect_as(self, container_id: str, name: str, parse: Callable[[Any], T]) -> T:
        """As :meth:`inspect`, with what ``parse`` makes of the answer; for the modules of this room."""
        try:
            return self.ask(lambda client: parse(client.inspect_container(container_id)), locked=name)
        except AbsentError as error:
            raise removed(name, container_id) from error

    def volume_options(self, name: str) -> Mapping[str, str]:
        """The driver options of a volume; none for one that does not exist.

        Raises:
            DockerUnavailable: see :meth:`require_up`.
        """
        try:
            return self.ask(lambda client: answers.volume_options(client.inspect_volume(name)))
        except AbsentError:
            return {}

    @contextmanager
    def archive(self, container: Container, path: str) -> Iterator[ByteStream]:
        """The tar stream of one path inside a container, in whatever state it is.

        Args:
            container: whose file system it is.
            path: absolute; its last part is not followed if it is a link.

        Raises:
            DockerUnavailable: see :meth:`require_up`, also while the stream is read.
            Waiting: there is no such path, or no such container any more.
        """
        try:
            response = self.ask(lambda client: _archive(client, container.id, path))
        except AbsentError as error:
            gone = "no such container" in str(error).lower()
            raise Waiting(
                Reason.CONTAINER_ABSENT if gone else Reason.FILE_ABSENT,
                f"{path} does not exist in container {container.name}",
                evidence=str(error),
            ) from error
        import urllib3

        with response:
            try:
                yield response.raw
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise self.lost(error, self._settings.timeout) from error

    def events(self) -> EventStream:
        """Open a stream of what happens to containers from now on.

        Docker is asked for it whatever others have found out before, and all are told of the result: whoever
        opens a stream is the first to know that Docker is back.

        Raises:
            DockerUnavailable: see :meth:`require_up`.
        """
        found = self._probe.ask()
        opened = found if isinstance(found, Failure) else EventStream.open(self._settings, found.api_version)
        if isinstance(opened, Failure):
            self._probe.learn(opened, seconds=self._believed(opened))
            raise opened.error()
        self._probe.learn(found)
        return opened

    def close(self) -> None:
        """Close this thread's connections; they are opened again when they are needed."""
        client: APIClient | None = getattr(self._local, "client", None)
        if client is not None:
            del self._local.client
            client.close()

    def ask(
        self,
        request: "Callable[[APIClient], T]",
        *,
        locked: str = "",
        conflicts: bool = False,
        refusals: bool = False,
        timeout: float | None = None,
    ) -> T:
        """Classify, then ask; for the modules of this room.

        Args:
            request: what to ask of this thread's client; it parses the answer as well.
            locked: names a container whose lock the daemon may hold meanwhile.
            conflicts: 409 says something about the container, and nothing about Docker.
            refusals: so do all the others that say no.
            timeout: seconds for one answer of what may take long; ``None``: as the settings say, twice that
                where a container is locked. With ``locked``, running out of it says nothing about Docker.

        Raises:
            DockerUnavailable: see :meth:`require_up`; any answer that is an error is one too.
            Waiting: no answer came about the locked container (``container-busy``); others are answered.
            AbsentError: the answer is 404.
            ConflictError: the answer is 409, where that was asked for.
            RefusedError: it is another one that says no, where that was asked for.
        """
        info = self.require_up()
        import requests
        from docker.errors import APIError, DockerException, NotFound

        if timeout is None:
            timeout = self._settings.timeout * (_LOCKED if locked else 1.0)
        try:
            client = self._client(info.api_version)
            client.timeout = timeout  # type: ignore[assignment]  # The stubs know only whole seconds.
            return request(client)
        except NotFound as error:
            raise AbsentError(str(error.explanation)) from error
        except APIError as error:
            status = error.status_code or 0
            if conflicts and status == 409:
                raise ConflictError(str(error.explanation)) from error
            met = failure.of_status(status, str(error.explanation), self._settings)
            if refusals and met.reason is Reason.DOCKER_ERROR:
                raise RefusedError(str(error.explanation)) from error
            raise met.error() from error
        except (requests.RequestException, DockerException) as error:
            raise self.lost(error, timeout, locked=locked) from error
        except answers.MALFORMED as error:
            raise failure.garbage(f"{type(error).__name__}: {error}", self._settings).error() from error

    def _client(self, api_version: str) -> "APIClient":
        from portreeve.containers import sdk

        client: APIClient | None = getattr(self._local, "client", None)
        if client is None or client.api_version != api_version:
            self.close()
            client = sdk.connect(self._settings, api_version)
            self._local.client = client
        return client

    def lost(self, error: Exception, timeout: float, *, locked: str = "") -> Waiting:
        """What a conversation that broke off means; for the modules of this room.

        The thread's client is dropped, and the other threads know, unless it is about one container's lock:
        then Docker still answers a ping.

        Args:
            error: what was met.
            timeout: seconds that were waited.
            locked: names a container whose lock the daemon may hold.
        """
        self.close()
        met = failure.of_exception(error, self._settings, timeout=timeout)
        if met.reason is Reason.DOCKER_HUNG and locked:
            pinged = self._probe.ask()
            if not isinstance(pinged, Failure):
                return busy(locked, timeout)
            met = pinged
        self._probe.learn(met, seconds=self._believed(met))
        return met.error()

    def _believed(self, met: Failure) -> float:
        """Seconds for which the other threads do not ask for themselves."""
        # A ping may well be answered by a daemon that hangs; each thread that believed it would wait again.
        return self._settings.timeout if met.reason is Reason.DOCKER_HUNG else FRESH


def _archive(client: "APIClient", container_id: str, path: str) -> "Response":
    """``GET /containers/{id}/archive``, opened by hand: the SDK's own leaves its response open."""
    import requests
    from docker.errors import create_api_error_from_http_exception

    response: Response = client.get(
        f"{client.base_url}/v{client.api_version}/containers/{container_id}/archive",
        params={"path": path},
        headers={"Accept-Encoding": "identity"},
        stream=True,
        timeout=client.timeout,
    )
    try:
        response.raise_for_status()
    except requests.HTTPError as error:
        with response:
            create_api_error_from_http_exception(error)
    return response
