"""Whether the host is under pressure: from readings and thresholds, with hysteresis."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from portreeve.definitions.settings import PressureSettings

CLEAR_FOR = 10.0
"""Seconds for which a reading must be clearly on the good side before its strain is over."""
STRETCH = 4.0
"""Factor of the resync while processors, memory or storage are short."""


class StrainKind(StrEnum):
    """What is short."""

    MEMORY = "memory"
    MEMORY_STALL = "memory-stall"
    IO_STALL = "io-stall"
    CPU_STALL = "cpu-stall"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Disk:
    """How full one file system is.

    Args:
        where: the folder for whose sake it is looked at.
        free: per cent that is free, of what is scarcer.
        scarcer: ``space`` or ``inodes``.
    """

    where: str
    free: float
    scarcer: str = "space"


@dataclass(frozen=True, slots=True)
class Readings:
    """What was measured, in per cent; ``None``: it cannot be measured here, and is not judged.

    Args:
        at: monotonic seconds.
        memory_available: of memory.
        memory_stall: of the last ten seconds, in which some task waited for memory.
        io_stall: the same for storage.
        cpu_stall: the same for processors.
        disks: file systems, each once.
    """

    at: float
    memory_available: float | None = None
    memory_stall: float | None = None
    io_stall: float | None = None
    cpu_stall: float | None = None
    disks: tuple[Disk, ...] = ()


@dataclass(frozen=True, slots=True)
class Strain:
    """One thing that is short.

    Args:
        what: in one word.
        value: as measured last, per cent.
        threshold: from the settings, per cent.
        evidence: one sentence with both.
        where: the folder whose file system is full; empty for anything but a disk.
        clear_since: monotonic seconds since when it has been clearly on the good side; ``None`` when not.
    """

    what: StrainKind
    value: float
    threshold: float
    evidence: str
    where: str = ""
    clear_since: float | None = None


@dataclass(frozen=True, slots=True)
class Pressure:
    """All that is short at one moment; the host is under pressure when that is anything."""

    under: tuple[Strain, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.under)


@dataclass(frozen=True, slots=True)
class _Measure:
    """A reading beside its threshold; ``scarce``: it is bad when it is low (what is left)."""

    what: StrainKind
    value: float
    threshold: float
    text: str
    scarce: bool
    where: str = ""

    @property
    def crossed(self) -> bool:
        return self.value < self.threshold if self.scarce else self.value > self.threshold

    @property
    def clear_from(self) -> float:
        """What counts as clearly good; of a high threshold half-way to all, which can be reached."""
        if self.scarce:
            return min(self.threshold * 1.2, (self.threshold + 100.0) / 2)
        return self.threshold * 0.8

    @property
    def clear(self) -> bool:
        return self.value >= self.clear_from if self.scarce else self.value <= self.clear_from

    def strain(self, clear_since: float | None) -> Strain:
        side = "must be" if self.scarce else "is the most"
        evidence = f"{self.text}, and {self.threshold:g} % {side}"
        if not self.crossed:
            better = "at least" if self.scarce else "at most"
            evidence = f"{self.text}; it is over after {CLEAR_FOR:g} s of {better} {self.clear_from:g} %"
        return Strain(self.what, self.value, self.threshold, evidence, self.where, clear_since)


def judge(readings: Readings, settings: PressureSettings, before: Pressure) -> Pressure:
    """What is short now.

    A strain begins when its threshold is crossed, and ends when the reading has been clearly on the good side
    (by a fifth of the threshold) for :data:`CLEAR_FOR` seconds; what cannot be measured any more, or has no
    threshold, is none.

    Args:
        readings: what was measured.
        settings: the thresholds.
        before: what this said of the readings before; an empty one at first.
    """
    earlier = {(strain.what, strain.where): strain for strain in before.under}
    strains = (
        _strain(measure, earlier.get((measure.what, measure.where)), readings.at)
        for measure in _measures(readings, settings)
    )
    return Pressure(tuple(strain for strain in strains if strain is not None))


def holds_back(pressure: Pressure) -> str:
    """Why no container is started now, one sentence; empty when nothing is short."""
    if not pressure:
        return ""
    return f"the host is under pressure: {'; '.join(strain.evidence for strain in pressure.under)}"


def stretch(pressure: Pressure) -> float:
    """The factor by which the resync is lengthened; a full disk does not get emptier by looking less."""
    return STRETCH if any(strain.what is not StrainKind.DISK for strain in pressure.under) else 1.0


def _strain(measure: _Measure, before: Strain | None, now: float) -> Strain | None:
    if measure.crossed:
        return measure.strain(None)
    if before is None:
        return None
    if not measure.clear:
        return measure.strain(None)
    since = now if before.clear_since is None else before.clear_since
    return None if now - since >= CLEAR_FOR else measure.strain(since)


def _measures(readings: Readings, settings: PressureSettings) -> Iterator[_Measure]:
    if readings.memory_available is not None and settings.memory_available is not None:
        text = f"{readings.memory_available:.1f} % of memory is available"
        yield _Measure(
            StrainKind.MEMORY, readings.memory_available, settings.memory_available, text, scarce=True
        )
    stalls = (
        (StrainKind.MEMORY_STALL, readings.memory_stall, settings.memory_stall, "memory"),
        (StrainKind.IO_STALL, readings.io_stall, settings.io_stall, "storage"),
        (StrainKind.CPU_STALL, readings.cpu_stall, settings.cpu_stall, "a processor"),
    )
    for what, value, threshold, name in stalls:
        if value is not None and threshold is not None:
            text = f"tasks waited for {name} in {value:.1f} % of the last ten seconds"
            yield _Measure(what, value, threshold, text, scarce=False)
    if settings.disk_free is not None:
        for disk in readings.disks:
            text = f"the file system of {disk.where} has {disk.free:.1f} % of its {disk.scarcer} left"
            yield _Measure(StrainKind.DISK, disk.free, settings.disk_free, text, True, disk.where)
