"""Wakes the keys of a container when Docker tells of it, and all of them when Docker comes or goes."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.errors import DockerUnavailable, Reason
from portreeve.triggers.interest import Interest
from portreeve.triggers.known_containers import KnownContainers

log = logging.getLogger(__name__)

_FIRST_RETRY = 0.1
_LAST_RETRY = 2.0
"""Seconds between two tries to reach Docker: it grows from the one to the other."""

HEARTBEAT = 10.0
"""Seconds between two questions to a Docker whose stream is open: a frozen daemon does not end it."""

_STOP_TIMEOUT = 1.0
"""Seconds that stopping waits; a thread that a hung daemon holds ends by itself when its call times out."""

Enqueue = Callable[[str, float], object]
Hear = Callable[[str, str, Mapping[str, str]], object]


class Event(Protocol):
    """Something happened to a container."""

    @property
    def container_id(self) -> str:
        """The container's."""

    @property
    def name(self) -> str:
        """The container's; empty where Docker does not tell."""

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

    @property
    def ended(self) -> bool:
        """Docker has closed its end, although events may still be unread."""

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
        heartbeat: seconds.
        hear: told the action, name and labels of each event before keys are enqueued; must be quick.
    """

    def __init__(
        self,
        docker: Engine,
        enqueue: Enqueue,
        clock: Clock = SYSTEM_CLOCK,
        heartbeat: float = HEARTBEAT,
        hear: Hear = lambda _action, _name, _labels: None,
    ) -> None:
        self._docker = docker
        self._enqueue = enqueue
        self._clock = clock
        self._heartbeat = heartbeat
        self._hear = hear
        self._interests: Mapping[str, tuple[Interest, ...]] = {}
        self._known = KnownContainers()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._stream: Stream | None = None
        self._suspicion: DockerUnavailable | None = None
        self._state = DockerState(False, None, "not asked yet", clock.wall())
        self._threads: dict[str, threading.Thread] = {}

    def set_interests(self, interests: Mapping[str, tuple[Interest, ...]]) -> None:
        """Say which keys depend on which containers; replaces what was said before."""
        self._interests = dict(interests)

    def start(self) -> None:
        """Begin to listen; again, to put back what has ended."""
        for name, work in (("docker-events", self._run), ("docker-heartbeat", self._beat)):
            thread = self._threads.get(name)
            if thread is not None:
                if thread.is_alive():
                    continue
                log.error("the thread %s had ended; it is started again", name)
            self._threads[name] = threading.Thread(target=work, name=name, daemon=True)
            self._threads[name].start()

    def stop(self) -> None:
        """End, now."""
        self._stopping.set()
        with self._lock:
            if self._stream is not None:
                self._stream.close()
        deadline = self._clock.monotonic() + _STOP_TIMEOUT
        for thread in self._threads.values():
            thread.join(max(0.0, deadline - self._clock.monotonic()))

    def state(self) -> DockerState:
        """Whether events are heard, and since when."""
        return self._state

    def same_docker_since(self) -> float:
        """Wall-clock seconds since when the same Docker has answered; now, when it has just gone.

        Its successor may have answered before its own end was heard.
        """
        with self._lock:
            gone = self._stream is not None and self._stream.ended
        return self._clock.wall() if gone else self._state.since

    def suspect(self, error: DockerUnavailable) -> None:
        """Somebody found Docker away: an open stream counts as ended, and is opened when Docker answers.

        Everybody who met the same is woken then, although the stream itself may never have broken off.
        """
        with self._lock:
            if self._stream is not None:
                self._suspicion = error
                self._stream.close()

    def check(self) -> None:
        """Look after the threads; for the resync timer."""
        if not self._stopping.is_set():
            self.start()

    def _beat(self) -> None:
        """A daemon that hangs keeps its streams open and says nothing; so it is asked."""
        while not self._stopping.wait(self._heartbeat):
            if not self._state.connected:
                continue
            try:
                self._docker.require_up()
            except DockerUnavailable as error:
                log.warning("%s", error)
                self.suspect(error)

    def _run(self) -> None:
        pause = _FIRST_RETRY
        while not self._stopping.is_set():
            try:
                stream = self._docker.events()
            except DockerUnavailable as error:
                self._disconnected(error.reason, str(error))
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
        self._known.forget()
        self._wake_all()
        try:
            for event in stream:
                self._wake(event)
        finally:
            with self._lock:
                self._stream = None
                met, self._suspicion = self._suspicion, None
        if self._stopping.is_set():
            return
        if met is None:
            self._disconnected(Reason.DOCKER_DOWN, "Docker is down: the stream of events ended")
        else:
            self._disconnected(met.reason, str(met))

    def _disconnected(self, reason: Reason, evidence: str) -> None:
        was = self._state
        news = was.connected or was.reason is not reason
        self._state = DockerState(False, reason, evidence, self._clock.wall() if news else was.since)
        if news:
            self._wake_all()

    def _wake(self, event: Event) -> None:
        # A rename takes a container from one key and may give it to another.
        renamed = event.action == "rename"
        about = self._known.hear(event.container_id, event.action, event.name, event.labels)
        if about is not None:
            self._hear(event.action, about[0], about[1])
        for key, interests in self._interests.items():
            if any(
                interest.concerns(event.action)
                and (renamed or about is None or interest.matches(about[0], about[1]))
                for interest in interests
            ):
                self._enqueue(key, 0.0)

    def _wake_all(self) -> None:
        for key in self._interests:
            self._enqueue(key, 0.0)
