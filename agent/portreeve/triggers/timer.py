"""The resync timer: wakes everything from time to time, whether or not an event was lost."""

import logging
import random
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

_JITTER = 0.1
"""So much sooner or later, as a part of the interval: hosts that boot together must not stay in step."""


class ResyncTimer:
    """Calls something again and again, in a thread of its own.

    Args:
        interval: seconds between two calls, give or take a tenth.
        callback: enqueues keys and checks watchers; what it raises is logged and does not end the timer.
        stretch: how many intervals there are to be between two calls now; asked at the end of each, so that
            a call that was put off comes at most one interval after there is no more reason to.
    """

    def __init__(
        self, interval: float, callback: Callable[[], object], stretch: Callable[[], float] = lambda: 1.0
    ) -> None:
        self._interval = interval
        self._callback = callback
        self._stretch = stretch
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="resync", daemon=True)

    def start(self) -> None:
        """Begin; the first call comes after one interval."""
        self._thread.start()

    def stop(self) -> None:
        """End; a call that is under way is waited for."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        passed = 0
        while not self._stopping.wait(self._interval * random.uniform(1 - _JITTER, 1 + _JITTER)):  # noqa: S311
            passed += 1
            if passed < self._stretch():
                continue
            passed = 0
            try:
                self._callback()
            except Exception:
                log.exception("the resync failed; it is tried again")
