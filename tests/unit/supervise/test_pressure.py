"""When the host counts as under pressure, and when no longer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.definitions.settings import PressureSettings
from portreeve.supervise.pressure import (
    CLEAR_FOR,
    Disk,
    Pressure,
    Readings,
    StrainKind,
    holds_back,
    judge,
    stretch,
)

SETTINGS = PressureSettings(
    memory_available=5.0, memory_stall=40.0, io_stall=50.0, cpu_stall=60.0, disk_free=3.0
)
GOOD = Readings(
    0.0, memory_available=60.0, memory_stall=0.0, io_stall=0.0, cpu_stall=0.0, disks=(Disk("/d", 50.0),)
)


def judged(*readings: Readings, settings: PressureSettings = SETTINGS) -> Pressure:
    """What is said after these readings, one after the other."""
    pressure = Pressure()
    for each in readings:
        pressure = judge(each, settings, pressure)
    return pressure


def kinds(pressure: Pressure) -> list[StrainKind]:
    return [strain.what for strain in pressure.under]


def test_a_host_with_plenty_of_everything_is_not_under_pressure() -> None:
    assert not judged(GOOD)
    assert holds_back(judged(GOOD)) == ""
    assert stretch(judged(GOOD)) == 1.0


@pytest.mark.parametrize(
    ("reading", "kind", "evidence"),
    [
        (
            Readings(0, memory_available=4.94),
            StrainKind.MEMORY,
            "4.9 % of memory is available, and 5 % must be",
        ),
        (
            Readings(0, memory_stall=40.1),
            StrainKind.MEMORY_STALL,
            "tasks waited for memory in 40.1 % of the last ten seconds, and 40 % is the most",
        ),
        (
            Readings(0, io_stall=77.0),
            StrainKind.IO_STALL,
            "tasks waited for storage in 77.0 % of the last ten seconds, and 50 % is the most",
        ),
        (
            Readings(0, cpu_stall=99.0),
            StrainKind.CPU_STALL,
            "tasks waited for a processor in 99.0 % of the last ten seconds, and 60 % is the most",
        ),
        (
            Readings(0, disks=(Disk("/var/lib/docker", 0.4, "inodes"),)),
            StrainKind.DISK,
            "the file system of /var/lib/docker has 0.4 % of its inodes left, and 3 % must be",
        ),
    ],
)
def test_what_crosses_its_threshold_is_named_with_both_numbers(
    reading: Readings, kind: StrainKind, evidence: str
) -> None:
    (strain,) = judged(reading).under
    assert (strain.what, strain.evidence) == (kind, evidence)
    assert holds_back(judged(reading)) == f"the host is under pressure: {evidence}"


def test_pressure_ends_after_it_has_been_clearly_better_for_a_while() -> None:
    low, better = Readings(0, memory_available=4.0), Readings(20, memory_available=6.0)
    after = judged(low, better)
    assert after.under[0].evidence == "6.0 % of memory is available; it is over after 10 s of at least 6 %"
    assert judged(low, better, Readings(29.9, memory_available=6.0))
    assert not judged(low, better, Readings(30, memory_available=6.0))


def test_being_a_little_better_does_not_end_it_however_long_it_lasts() -> None:
    assert judged(*(Readings(at, memory_stall=41.0 if at == 0 else 39.0) for at in range(0, 600, 15)))


def test_a_relapse_begins_the_wait_anew() -> None:
    values = [(0, 41.0), (15, 10.0), (20, 35.0), (26, 10.0), (35, 10.0)]
    assert judged(*(Readings(at, io_stall=0.0, memory_stall=value) for at, value in values))
    assert not judged(*(Readings(at, memory_stall=value) for at, value in [*values, (36, 10.0)]))


def test_what_is_not_to_be_looked_at_is_not() -> None:
    nothing = PressureSettings(None, None, None, None, None)
    bad = Readings(0, 0.0, 100.0, 100.0, 100.0, (Disk("/", 0.0),))
    assert len(judged(bad).under) == 5
    assert not judged(bad, settings=nothing)
    assert not judge(bad, nothing, judged(bad))


def test_what_cannot_be_measured_any_more_is_no_strain() -> None:
    assert not judged(Readings(0, memory_stall=90.0), Readings(1))


def test_each_disk_is_judged_by_itself() -> None:
    pressure = judged(Readings(0, disks=(Disk("/a", 1.0), Disk("/b", 50.0), Disk("/c", 2.0))))
    assert [strain.where for strain in pressure.under] == ["/a", "/c"]


def test_a_full_disk_holds_starts_back_and_does_not_make_looks_rarer() -> None:
    full = judged(Readings(0, disks=(Disk("/a", 1.0),)))
    assert holds_back(full)
    assert stretch(full) == 1.0
    assert stretch(judged(Readings(0, cpu_stall=100.0))) == 4.0


percent = st.floats(0, 100, allow_nan=False)
series = st.lists(st.tuples(st.integers(1, 20), percent), min_size=1, max_size=30)


def timed(steps: list[tuple[float, float]], field: str) -> list[Readings]:
    at, readings = 0.0, []
    for gap, value in steps:
        at += gap
        readings.append(Readings(at, **{field: value}))  # type: ignore[arg-type]
    return readings


@given(series, percent)
def test_a_crossed_threshold_is_pressure_whatever_came_before(
    steps: list[tuple[float, float]], threshold: float
) -> None:
    settings = PressureSettings(memory_available=threshold, memory_stall=threshold)
    if steps[-1][1] < threshold:
        assert judged(*timed(steps, "memory_available"), settings=settings)
    if steps[-1][1] > threshold:
        assert judged(*timed(steps, "memory_stall"), settings=settings)


@given(series, percent)
def test_without_a_crossing_there_is_never_pressure(
    steps: list[tuple[float, float]], threshold: float
) -> None:
    settings = PressureSettings(memory_stall=threshold)
    calm = [(gap, min(value, threshold)) for gap, value in steps]
    assert not judged(*timed(calm, "memory_stall"), settings=settings)


@given(series, st.floats(0, 100, allow_nan=False), st.sampled_from(["memory_available", "memory_stall"]))
def test_the_best_value_always_ends_it(
    steps: list[tuple[float, float]], threshold: float, field: str
) -> None:
    best = 100.0 if field == "memory_available" else 0.0
    settings = PressureSettings(memory_available=threshold, memory_stall=threshold)
    healed = [*steps, (1.0, best), (CLEAR_FOR, best)]
    assert not judged(*timed(healed, field), settings=settings)


@given(series)
def test_between_two_changes_there_is_the_time_of_the_hysteresis(steps: list[tuple[float, float]]) -> None:
    """Once under pressure, it stays so for at least as long as it must be clear."""
    pressure, began = Pressure(), None
    for readings in timed(steps, "memory_stall"):
        pressure = judge(readings, SETTINGS, pressure)
        if pressure and began is None:
            began = readings.at
        if not pressure and began is not None:
            assert readings.at - began >= CLEAR_FOR
            began = None
