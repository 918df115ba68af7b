"""What the agent does while the host is under pressure: fewer starts, a longer resync, and one alert."""

from portreeve.clock import Clock
from portreeve.supervise.admission import Admission
from portreeve.supervise.pressure import Pressure, holds_back, stretch
from portreeve.supervise.pressure_watch import PressureWatch
from portreeve.supervise.telling import Telling

INTERVAL = 15.0
"""Seconds between two looks at a host that is at ease."""

_STRAINED = 5.0
"""Seconds between two looks at one that is not."""


class Straining:
    """Passes on what the watch says.

    Args:
        watch: measures.
        admission: gives out no starts under pressure.
        telling: tells once of the beginning and once of the end.
        clock: for times.
    """

    def __init__(self, watch: PressureWatch, admission: Admission, telling: Telling, clock: Clock) -> None:
        self._watch = watch
        self._admission = admission
        self._telling = telling
        self._clock = clock
        self._pressure: Pressure | None = None
        self.stretch = 1.0
        self.told: tuple[str, ...] = ()

    def room(self) -> str:
        """Why the host has no room for one more start now; empty when it has.

        Between two looks at a host at ease a boot may start dozens of containers: so each start is a look.
        """
        self.look()
        return self._watch.room_for_start()

    def look(self) -> float:
        """Measure, and act on it; returns in how many seconds to look again."""
        pressure = self._watch.look(self._clock.monotonic())
        if pressure is self._pressure:
            # Nobody measured anew since.
            return _STRAINED if self.told else INTERVAL
        self._pressure = pressure
        why = holds_back(pressure)
        if why:
            self._admission.hold(why)
        else:
            self._admission.release()
        self.stretch = stretch(pressure)
        self.told = tuple(strain.evidence for strain in pressure.under)
        self._telling.host(pressure)
        return _STRAINED if self.told else INTERVAL
