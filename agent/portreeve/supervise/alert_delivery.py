"""Delivers alerts over one channel, one after the other, on a thread of its own."""

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping

from portreeve.supervise.alert_channels import Channel, Setback

log = logging.getLogger(__name__)

CAPACITY = 100
"""Alerts that wait; with one more, the oldest is dropped: what is newest is nearest to the truth."""
BACKOFF = (1.0, 30.0)
"""Seconds before the second try, and at most; it doubles."""


class Delivery:
    """A bounded queue before a channel. The thread begins with the first alert and sleeps between them.

    Args:
        channel: who is told.
        retries: further tries after one that did not work.
    """

    def __init__(self, channel: Channel, retries: int) -> None:
        self._channel = channel
        self._retries = retries
        self._changed = threading.Condition()
        self._waiting: deque[Mapping[str, str | int]] = deque()
        self._dropped = 0
        self._deadline: float | None = None
        self._thread: threading.Thread | None = None

    def put(self, alert: Mapping[str, str | int]) -> None:
        """Have an alert delivered; it does not block. After :meth:`end` it is dropped.

        Args:
            alert: what is sent as JSON; ``dropped`` is added, how many before it could not wait.
        """
        with self._changed:
            if self._deadline is not None:
                log.warning("an alert came too late for %s: %s", self._channel.name, alert["text"])
                return
            if len(self._waiting) == CAPACITY:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append(alert)
            self._changed.notify_all()
            if self._thread is None:
                # A daemon: a look-up of a name that hangs in the C library must not keep the agent alive.
                self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
                self._thread.start()

    def end(self, timeout: float) -> None:
        """Take nothing more, and deliver what waits within ``timeout`` seconds, each with one try."""
        with self._changed:
            if self._deadline is None:
                self._deadline = time.monotonic() + timeout
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until :meth:`end` has done its work, or its time is over."""
        if self._thread is None or self._deadline is None:
            return
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        with self._changed:
            if left := len(self._waiting) + self._thread.is_alive():
                log.warning("%d alerts were not delivered to %s before the end", left, self._channel.name)

    def _run(self) -> None:
        while (alert := self._next()) is not None:
            setback = self._deliver(json.dumps(alert).encode())
            if setback is not None:
                log.warning("an alert was not delivered to %s: %s", self._channel.name, setback.what)

    def _next(self) -> Mapping[str, str | int] | None:
        """Wait for an alert; ``None`` at the end."""
        with self._changed:
            while not self._waiting and self._deadline is None:
                self._changed.wait()
            if not self._waiting or self._remaining() <= 0:
                return None
            dropped, self._dropped = self._dropped, 0
            alert = self._waiting.popleft()
        if dropped:
            log.warning("%d alerts for %s were dropped: too many waited", dropped, self._channel.name)
        return {**alert, "dropped": dropped}

    def _deliver(self, body: bytes) -> Setback | None:
        setback = self._channel.send(body, self._limit())
        for attempt in range(self._retries):
            if setback is None or setback.final or not self._pause(attempt):
                break
            setback = self._channel.send(body, self._limit())
        return setback

    def _pause(self, attempt: int) -> bool:
        """Wait before the next try; ``False``: the end has come, and no more is tried."""
        first, most = BACKOFF
        with self._changed:
            self._changed.wait_for(lambda: self._deadline is not None, timeout=min(first * 2**attempt, most))
            return self._deadline is None

    def _limit(self) -> float:
        """Seconds for one try; never none at all, which would mean no limit to a socket."""
        return max(0.01, min(self._channel.timeout, self._remaining()))

    def _remaining(self) -> float:
        """Seconds that are left; without an end, as many as anybody wants."""
        return float("inf") if self._deadline is None else self._deadline - time.monotonic()
