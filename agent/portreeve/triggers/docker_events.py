"""Wakes the keys of a container when Docker tells of it, and all of them when Docker comes or goes."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.definitions.model import ContainerRef
from portreeve.errors import DockerUnavailable, Reason

log = logging.getLogger(__name__)

_FIRST_RETRY = 0.1
_LAST_RETRY = 3.0
"""Seconds between two tries to reach Docker: it grows from the one to the other."""

_STOP_TIMEOUT = 1.0
"""Seconds that stopping waits; a thread that a hung daemon holds ends by itself when its call times out."""

Enqueue = Callable[[str, float], object]


class Event(Protocol):
    """Something happened to a container."""

    @property
    def name(self) -> str:
        """The container's."""

    @property
    def action(self) -> str:
        """What happened."""

    @property
    def labels(self) -> Mapping[str, str]:
        """The container's labels, among other attributes."""


class Stream(Protocol):
    """Events until it ends, for whatever reason."""

    def __iter__(self) -> Iterator[Event]:
        """The events, as they come."""

    def close(self) -> None:
        """End it, from any thread."""


class Engine(Protocol):
    """What is needed of :class:`portreeve.containers.connection.Docker`."""

    def require_up(self) -> object:
        """Raise ``DockerUnavailable`` unless Docker answers."""

    def events(self) -> Stream:
        """Open a stream, or raise ``DockerUnavailable``."""


@dataclass(frozen=True, slots=True)
class DockerState:
    """Whether events are heard.

    Args:
        connected: the stream is open.
        reason: why not.
        evidence: what was seen that says so.
        since: wall-clock seconds.
    """

    connected: bool
    reason: Reason | None
    evidence: str
    since: float


class DockerWatcher:
    """Listens to Docker in a thread of its own and enqueues keys.

    Events are hints and may be lost, so whenever the stream opens or ends, everything that depends on Docker
    is enqueued: lists and inspects decide.

    Args:
        docker: to listen to.
        enqueue: takes a key and a delay in seconds.
        clock: for :meth:`state`.
    """

    def __init__(self, docker: Engine, enqueue: Enqueue, clock: Clock = SYSTEM_CLOCK) -> None:
        self._docker = docker
        self._enqueue = enqueue
        self._clock = clock
        self._interests: Mapping[str, tuple[ContainerRef, ...]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._stream: Stream | None = None
        self._state = DockerState(False, None, "not asked yet", clock.wall())
        self._thread: threading.Thread | None = None

    def set_interests(self, interests: Mapping[str, tuple[ContainerRef, ...]]) -> None:
        """Say which keys depend on which containers; replaces what was said before."""
        self._interests = dict(interests)

    def start(self) -> None:
        """Begin to listen."""
        self._thread = threading.Thread(target=self._run, name="docker-events", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, now."""
        self._stopping.set()
        self._close_stream()
        if self._thread is not None:
            self._thread.join(_STOP_TIMEOUT)

    def state(self) -> DockerState:
        """Whether events are heard, and since when."""
        return self._state

    def check(self) -> None:
        """Make sure that a silent stream is alive; for the resync timer.

        A daemon that hangs keeps its streams open and says nothing: then the stream is closed, and the thread
        tries to reach Docker until it answers.
        """
        if self._thread is not None and not self._thread.is_alive() and not self._stopping.is_set():
            log.error("the thread that listens to Docker had ended; it is started again")
            self.start()
        if not self._state.connected:
            return
        try:
            self._docker.require_up()
        except DockerUnavailable as error:
            log.warning("Docker does not answer any more: %s", error)
            self._close_stream()

    def _run(self) -> None:
        pause = _FIRST_RETRY
        while not self._stopping.is_set():
            try:
                stream = self._docker.events()
            except DockerUnavailable as error:
                self._disconnected(error.reason, error.evidence)
                self._stopping.wait(pause)
                pause = min(pause * 2, _LAST_RETRY)
                continue
            opened = self._clock.monotonic()
            self._listen(stream)
            # A daemon that ends every stream at once must not keep everything awake.
            lasted = self._clock.monotonic() - opened > _LAST_RETRY
            pause = _FIRST_RETRY if lasted else min(pause * 2, _LAST_RETRY)
            self._stopping.wait(pause)

    def _listen(self, stream: Stream) -> None:
        with self._lock:
            self._stream = stream
            if self._stopping.is_set():
                stream.close()
        self._state = DockerState(True, None, "", self._clock.wall())
        self._wake_all()
        try:
            for event in stream:
                self._wake(event)
        finally:
            with self._lock:
                self._stream = None
        if not self._stopping.is_set():
            self._disconnected(Reason.DOCKER_DOWN, "the stream of events ended")

    def _disconnected(self, reason: Reason, evidence: str) -> None:
        was = self._state
        news = was.connected or was.reason is not reason
        self._state = DockerState(False, reason, evidence, self._clock.wall() if news else was.since)
        if news:
            self._wake_all()

    def _wake(self, event: Event) -> None:
        for key, refs in self._interests.items():
            # A rename takes a container from one key and may give it to another.
            if event.action == "rename" or any(ref.matches(event.name, event.labels) for ref in refs):
                self._enqueue(key, 0.0)

    def _wake_all(self) -> None:
        for key in self._interests:
            self._enqueue(key, 0.0)

    def _close_stream(self) -> None:
        with self._lock:
            if self._stream is not None:
                self._stream.close()
