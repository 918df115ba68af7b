"""Looks at the host's pressure when asked, and not more often than is of use."""

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from portreeve.definitions.settings import PressureSettings
from portreeve.supervise.host_readings import PROC, memory_available, read_host
from portreeve.supervise.pressure import Pressure, Readings, judge

log = logging.getLogger(__name__)

FRESH = 2.0
"""Seconds for which a look counts: the kernel itself renews its averages every two seconds."""


class PressureWatch:
    """What is short on this host; any thread may ask, and it has no thread of its own.

    Args:
        settings: the thresholds.
        places: folders whose file systems are looked at, asked at every look: portreeve's state, and Docker's
            data once Docker has told where that is.
        proc: where procfs is mounted.
    """

    def __init__(
        self, settings: PressureSettings, places: Callable[[], Iterable[Path]], *, proc: Path = PROC
    ) -> None:
        self._settings = settings
        self._places = places
        self._proc = proc
        self._lock = threading.Lock()
        self._looked: float | None = None
        self._pressure = Pressure()
        self._named = False

    def look(self, now: float) -> Pressure:
        """What is short; measured when the last look is older than :data:`FRESH`.

        Args:
            now: monotonic seconds.
        """
        with self._lock:
            if self._looked is None or now - self._looked >= FRESH:
                readings = read_host(now, self._places(), proc=self._proc)
                self._name_missing(readings)
                self._pressure = judge(readings, self._settings, self._pressure)
                self._looked = now
            return self._pressure

    def room_for_start(self) -> str:
        """Why memory is too short for one more container at this very moment; empty when it is not.

        Measured each time: what the container before it takes shows within moments, and a look may be older.
        """
        least, available = self._settings.memory_available, memory_available(self._proc)
        if least is None or available is None or available >= least:
            return ""
        return f"{available:.1f} % of memory is available, and {least:g} % must be to start a container"

    def _name_missing(self, readings: Readings) -> None:
        """Say once which thresholds have no effect on this kernel."""
        if self._named:
            return
        self._named = True
        names = ("memory_available", "memory_stall", "io_stall", "cpu_stall")
        missing = [
            name
            for name in names
            if getattr(self._settings, name) is not None and getattr(readings, name) is None
        ]
        if missing:
            log.info(
                "[pressure] %s: this kernel does not tell (no %s/pressure, or psi=0); it is not looked at",
                ", ".join(missing),
                self._proc,
            )
