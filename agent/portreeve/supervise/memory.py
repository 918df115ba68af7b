"""What is remembered of a container only while the agent runs."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from portreeve.clock import Clock
from portreeve.containers.observed import Observed
from portreeve.containers.remake import NotMadeError
from portreeve.containers.start_failure import StartFailed
from portreeve.errors import PortreeveError
from portreeve.supervise.decision import Action
from portreeve.supervise.probing import Probing
from portreeve.supervise.status import ContainerStatus

_ENDING_SIGNALS = frozenset({"2", "3", "9", "15"})
"""Numbers of those by which somebody who sends them wants a process to end; the others tell it something."""


class Verb(StrEnum):
    """What somebody can ask for."""

    START = "start"
    STOP = "stop"
    RESET = "reset"
    RECREATE = "recreate"


@dataclass(frozen=True, slots=True)
class Stop:
    """Docker told that a container was stopped through it: by somebody, or by Docker on its own way out.

    Args:
        at: wall-clock seconds when that was heard.
        docker_since: since when the Docker that told of it had answered without a break.
    """

    at: float
    docker_since: float


@dataclass(slots=True)
class Memory:
    """Of one container.

    Args:
        probing: what its probes have come to.
        seen: as it was last seen; ``None`` before it was.
        status: as it was last told; ``None`` before the first look.
        acting: what is being done with it.
        stop: the last event that says that somebody stopped it through Docker.
        kill: the last event that says that somebody had it killed through Docker.
        own_end: wall-clock seconds from and until which portreeve itself ended it last.
        exit_code: of its last end, as Docker told of it; empty when it did not.
        not_made: why it could not be made again at the last try.
        log_tail: the last lines of its log, and of what they are: id, start and status.
        other_names: by which units of the host wait for it too: its container's, PROJECT-SERVICE.
        followed: whether units of the host were last told that it is ready; ``None``: not told yet.
        resumed: a recreation that was under way when the agent ended was looked after.
        refused: the last start that Docker refused; ``None`` when none was.
        busy_since: monotonic seconds since Docker has said nothing about it, being at work on it.
    """

    probing: Probing = field(default_factory=Probing)
    seen: Observed | None = None
    status: ContainerStatus | None = None
    acting: Action | None = None
    stop: Stop | None = None
    kill: Stop | None = None
    own_end: tuple[float, float] | None = None
    exit_code: str = ""
    not_made: NotMadeError | None = None
    log_tail: tuple[tuple[object, ...], tuple[str, ...]] = ((), ())
    other_names: set[str] = field(default_factory=set)
    followed: bool | None = None
    resumed: bool = False
    refused: StartFailed | None = None
    busy_since: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _verbs: list[Verb] = field(default_factory=list)
    _begun: int = 0
    _ended: int = 0

    def met(self, error: PortreeveError) -> None:
        """What was done to it came to this."""
        self.refused = error if isinstance(error, StartFailed) else None
        self.not_made = error if isinstance(error, NotMadeError) else None

    def with_refusal(self, seen: Observed) -> Observed:
        """A container as it was seen, with why its last start failed where Docker keeps that to itself.

        Docker answers some starts with an error (a path to be mounted that does not exist), and leaves no
        word of it in the container's state.
        """
        refused = self.refused
        if refused is None or seen.error or seen.status not in ("created", "exited"):
            return seen
        if (seen.id, seen.started_at) != (refused.seen.id, refused.seen.started_at):
            return seen
        return replace(seen, error=refused.evidence)

    def hear(self, action: str, attributes: Mapping[str, str], now: float, docker_since: float) -> None:
        """Docker tells how it ends, which tells who wanted it.

        Args:
            action: ``kill``, ``die`` or ``stop``.
            attributes: of the event.
            now: wall-clock seconds.
            docker_since: since when the Docker that tells of it has answered without a break.
        """
        match action:
            case "die":
                self.exit_code = attributes.get("exitCode", "")
            case "stop":
                self.stop = Stop(now, docker_since)
            case "kill" if attributes.get("signal") in _ENDING_SIGNALS:
                self.kill = Stop(now, docker_since)

    def saw(self, seen: Observed) -> None:
        """It was looked at, and is there."""
        self.seen, self.not_made = seen, None
        if seen.runs:
            self.stop = None
        if self.kill is not None and (seen.started_at or 0.0) > self.kill.at:
            self.kill = None

    def ask(self, verb: Verb) -> int:
        """Leave a wish for the next look.

        Returns:
            a number; once the status has more ``runs``, a look that began after this call has ended.
        """
        with self._lock:
            self._verbs.append(verb)
            return self._begun

    def begin(self) -> tuple[Verb, ...]:
        """A look begins; the wishes that it is to heed, in their order. They stay until they are heeded."""
        with self._lock:
            self._begun += 1
            if self._verbs:
                # Whoever had it ended before has been overruled.
                self.stop = self.kill = None
            return tuple(self._verbs)

    def heeded(self, verbs: tuple[Verb, ...]) -> None:
        """What :meth:`begin` gave is remembered, or being done."""
        with self._lock:
            del self._verbs[: len(verbs)]

    def busy_for(self, clock: Clock) -> float:
        """Seconds since Docker first said nothing about it, being at work on it: no look has ended since."""
        now = clock.monotonic()
        if self.busy_since is None:
            self.busy_since = now
        return now - self.busy_since

    def end(self) -> int:
        """The look has ended; its number."""
        self._ended = self._begun
        return self._ended

    @property
    def runs(self) -> int:
        """The number of the last look that ended."""
        return self._ended
