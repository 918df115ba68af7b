"""Has syncs that change together share their actions: one reload for all of them, not one for each."""

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NoReturn

from portreeve.clock import Clock
from portreeve.definitions.model import Sync
from portreeve.definitions.steps import ApplyStep, Exec, Reload, ReloadOrRestart, Restart, Signal
from portreeve.errors import PortreeveError, Reason, Waiting
from portreeve.reconcile.jobs import Jobs, Turn
from portreeve.reconcile.pace import Pace
from portreeve.reconcile.queue import Queue
from portreeve.reconcile.status import Trouble

PATIENCE = 1.0
"""Seconds for which a sync waits at most for others that are about to need the same action."""

_UNTIL_ENDED = 5.0
"""Seconds until a look at a job that another sync began; its end wakes whoever waits for it before."""

_SHARED = (Restart, Reload, ReloadOrRestart, Exec, Signal)
"""What is as good when somebody else had it done; starting what runs already costs nothing anyway."""


class DeferredError(Waiting):
    """A sync gives way to others that are about to need the same action.

    Args:
        delay: seconds after which it goes on, unless it is woken before.
    """

    def __init__(self, delay: float) -> None:
        super().__init__(Reason.PACED, "others are about to need the same action", step="apply")
        self.delay = delay


@dataclass(slots=True)
class Way:
    """How far a sync has come with the actions of one generation.

    Args:
        generation: its number.
        since: when its files were there, or its last action was done.
        done: so many of its actions are done or owed.
        reloaded: systemd has read its unit files.
        owing: why those are owed that are, by their position.
        skipped: actions that had nothing to act on, each with why.
        until: monotonic seconds up to which it waits for others; ``None`` before it waits for the first time.
    """

    generation: int
    since: int
    done: int = 0
    reloaded: bool = False
    owing: dict[int, Trouble] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    until: float | None = None


class Grouping:
    """Which syncs share actions, and who waits for whom.

    Args:
        queue: tells which syncs are about to be looked at, and takes those that go on.
        clock: for waiting.
    """

    def __init__(self, queue: Queue, clock: Clock) -> None:
        self.pace = Pace(clock)
        self._queue = queue
        self._clock = clock
        self._jobs = Jobs()
        self._lock = threading.Lock()
        self._siblings: Mapping[str, frozenset[str]] = {}
        self._waiting: dict[str, Hashable] = {}
        self._looking: set[str] = set()
        self._ways: dict[str, Way] = {}
        self._owing: dict[str, tuple[int, int]] = {}

    def define(self, syncs: Mapping[str, Sync]) -> None:
        """Work by these definitions from now on."""
        members: dict[Hashable, set[str]] = {}
        for name, sync in syncs.items():
            for step in sync.apply:
                if isinstance(step, _SHARED):
                    members.setdefault(_action(step), set()).add(name)
        with self._lock:
            self._siblings = _siblings(members)
            for name in self._ways.keys() - syncs.keys():
                del self._ways[name]
            for name in self._owing.keys() - syncs.keys():
                del self._owing[name]

    def way(self, name: str, generation: int, done: int = 0) -> Way:
        """The way of a sync through the actions of a generation: the one it is on, or a new one.

        Args:
            name: the sync.
            generation: its number.
            done: so many of its actions were carried out before the agent started.
        """
        with self._lock:
            way = self._ways.get(name)
            if way is None or way.generation != generation:
                way = self._ways[name] = Way(generation, self._jobs.now(), done)
            return way

    def way_of_owed(self, name: str, generation: int) -> Way:
        """The way of a sync through what a generation owes: its files are there since it was owed."""
        way = self.way(name, generation)
        with self._lock:
            owed_at, moment = self._owing.get(name, (generation, way.since))
            if owed_at == generation and way.done == 0:
                way.since = min(way.since, moment)
        return way

    def owe(self, name: str, generation: int) -> None:
        """The sync owes an action as of now; a job that begins later is good for it too."""
        with self._lock:
            self._owing[name] = (generation, self._jobs.now())

    def leave(self, name: str) -> None:
        """The sync came to the end of its way, or its files are others now."""
        with self._lock:
            self._ways.pop(name, None)

    def try_again(self, way: Way) -> None:
        """The next action of a way did not work: only a job that begins later counts for it."""
        with self._lock:
            way.since, way.until = self._jobs.now(), None

    def once(self, name: str, way: Way, step: ApplyStep, work: Callable[[], None]) -> None:
        """Carry out an action, unless that was done for another sync since this one's files were there.

        Args:
            name: the sync.
            way: its way.
            step: with its texts rendered.
            work: carries it out.

        Raises:
            DeferredError: others are about to need it too, or it is carried out just now, too early for this.
            PortreeveError: it did not work, for this sync or for the one that it was carried out for.
        """
        shared = isinstance(step, _SHARED)
        self._once(name, way, _action(step) if shared else None, step, work)

    def daemon_reload(self, name: str, way: Way, work: Callable[[], None]) -> None:
        """Have systemd read its files anew, unless it did; arguments and errors as for :meth:`once`."""
        if not way.reloaded:
            self._once(name, way, "daemon-reload", None, work)
            way.reloaded = True

    @contextmanager
    def look(self, name: str) -> Iterator[None]:
        """A look at a sync; when it ends, somebody goes on who waited for nobody else."""
        with self._lock:
            self._looking.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._looking.discard(name)
                waiting = sorted(self._siblings.get(name, frozenset()) & self._waiting.keys())
            for other in waiting:
                if not self._others_coming(other):
                    self._wake([other])
                    break

    def _once(
        self, name: str, way: Way, action: Hashable | None, step: ApplyStep | None, work: Callable[[], None]
    ) -> None:
        if action is None:
            self._begun(step)
            work()
        else:
            with self._lock:
                self._waiting.pop(name, None)
            if not self._jobs.served(action, way.since):
                self._give_way(name, way, action)
                match self._jobs.turn(action, way.since):
                    case Turn.WAIT:
                        with self._lock:
                            self._waiting[name] = action
                        # It may have ended before this one was seen to wait for it.
                        raise DeferredError(_UNTIL_ENDED if self._jobs.running(action) else 0.0)
                    case Turn.BEGIN:
                        self._begun(step)
                        self._work(action, work)
        way.since = self._jobs.now()

    def _give_way(self, name: str, way: Way, action: Hashable) -> None:
        if way.until is None:
            way.until = self._clock.monotonic() + PATIENCE
        left = way.until - self._clock.monotonic()
        if left > 0 and self._others_coming(name):
            self._wait(name, action, left)

    def _wait(self, name: str, action: Hashable, delay: float) -> NoReturn:
        with self._lock:
            self._waiting[name] = action
        raise DeferredError(delay)

    def _begun(self, step: ApplyStep | None) -> None:
        if step is not None:
            self.pace.note(step)

    def _work(self, action: Hashable, work: Callable[[], None]) -> None:
        known, failure = False, None
        try:
            work()
            known = True
        except PortreeveError as error:
            known, failure = True, error
            raise
        finally:
            self._jobs.ended(action, failure, known=known)
            with self._lock:
                woken = [other for other, wanted in self._waiting.items() if wanted == action]
            self._wake(woken)

    def _wake(self, names: Sequence[str]) -> None:
        with self._lock:
            for name in names:
                self._waiting.pop(name, None)
        for name in names:
            self._queue.add(name)

    def _others_coming(self, name: str) -> bool:
        """Another that needs the same is about to be looked at, or is looked at, and does not wait itself."""
        with self._lock:
            others = self._siblings.get(name, frozenset()) - self._waiting.keys()
            if not self._looking.isdisjoint(others):
                return True
        return self._queue.due(others)


def _action(step: ApplyStep) -> ApplyStep:
    """Equal for steps that do the same, however long each may take."""
    return replace(step, timeout=0.0)


def _siblings(members: Mapping[Hashable, set[str]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for names in members.values():
        for name in names:
            found[name] = found.get(name, frozenset()) | names
    return {name: others - {name} for name, others in found.items() if len(others) > 1}
