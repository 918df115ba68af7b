"""The workers, and whether each of them really works: what the watchdog of systemd is fed by."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.reconcile.queue import Queue

log = logging.getLogger(__name__)

GRACE = 10.0
"""Seconds that a step may overrun its deadline before its worker counts as stuck: the host may be loaded."""

UNNAMED_STEP = 30.0
"""Seconds for what is not a step of its own: decisions, state file, small files."""


@dataclass(slots=True)
class _Pulse:
    """One worker's sign of life."""

    roll_call: int = 0
    deadline: float | None = None
    doing: str = ""


class Pulse:
    """Tells when each worker must have got further; shared by the workers and the watchdog.

    A worker that waits for something slow is alive as long as the step has not overrun the deadline that it
    announced; a worker without work is alive when it answered the last roll call.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._workers: dict[int, _Pulse] = {}

    @contextmanager
    def step(self, doing: str, seconds: float) -> Iterator[None]:
        """Announce what the calling worker does and how long it may take."""
        worker = self._workers.get(threading.get_ident())
        if worker is None:
            yield
            return
        with self._lock:
            before = worker.doing, worker.deadline
            worker.doing, worker.deadline = doing, self._clock.monotonic() + seconds
        try:
            yield
        finally:
            with self._lock:
                worker.doing = before[0]
                worker.deadline = None if before[1] is None else self._clock.monotonic() + UNNAMED_STEP

    def enlist(self) -> None:
        """The calling thread is a worker from now on."""
        with self._lock:
            self._workers[threading.get_ident()] = _Pulse()

    def dismiss(self) -> None:
        """The calling thread is no worker any more."""
        with self._lock:
            self._workers.pop(threading.get_ident(), None)

    def answer(self, roll_call: int) -> None:
        """The calling worker is here, without work."""
        with self._lock:
            self._workers[threading.get_ident()].roll_call = roll_call

    def stuck(self, roll_call: int) -> tuple[str, ...]:
        """Who does not work, each with what it was doing; empty when all is well.

        Args:
            roll_call: the last one held, long enough ago to have been answered.
        """
        now = self._clock.monotonic()
        with self._lock:
            return tuple(
                worker.doing or "idle, did not answer the roll call"
                for worker in self._workers.values()
                if (worker.deadline is None and worker.roll_call < roll_call)
                or (worker.deadline is not None and now > worker.deadline + GRACE)
            )


class Workers:
    """Threads that take keys from the queue and work on them.

    Args:
        queue: where keys come from.
        work: does one key's work; it reports failures itself and raises only for a bug.
        pulse: where signs of life go.
        count: how many threads.
    """

    def __init__(self, queue: Queue, work: Callable[[str], None], pulse: Pulse, count: int) -> None:
        self._queue = queue
        self._work = work
        self._pulse = pulse
        self._threads = [
            threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)
            for number in range(count)
        ]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float) -> bool:
        """Let work that has begun come to its end, for at most ``timeout`` seconds; tell whether it did."""
        self._queue.close()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def alive(self) -> bool:
        """Every thread still runs."""
        return all(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        # So that `ps -L` and a debugger tell threads apart; Python does it by itself from 3.14 on.
        task = Path(f"/proc/self/task/{threading.get_native_id()}/comm")
        task.write_text(threading.current_thread().name)
        self._pulse.enlist()
        roll_call = 0
        try:
            while not self._queue.closed:
                key, roll_call = self._queue.take(roll_call)
                self._pulse.answer(roll_call)
                if key is not None:
                    self._one(key)
        finally:
            self._pulse.dismiss()

    def _one(self, key: str) -> None:
        step: AbstractContextManager[None] = self._pulse.step(key, UNNAMED_STEP)
        try:
            with step:
                self._work(key)
        except Exception:
            log.exception("working on %s failed in a way nobody expected; this is a bug", key)
        finally:
            self._queue.done(key)
