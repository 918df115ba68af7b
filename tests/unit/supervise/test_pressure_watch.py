"""Reading the pressure of a host: a procfs in a folder, and the real one."""

import logging
from pathlib import Path

import pytest

from portreeve.definitions.settings import PressureSettings
from portreeve.supervise.host_readings import read_host
from portreeve.supervise.pressure import StrainKind
from portreeve.supervise.pressure_watch import PressureWatch

MEMINFO = "MemTotal:       16384000 kB\nMemFree:  1 kB\nMemAvailable:   {} kB\nBuffers: 12 kB\n"
STALL = "some avg10={} avg60=1.00 avg300=1.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "pressure").mkdir()
    (tmp_path / "meminfo").write_text(MEMINFO.format(8192000))
    for resource in ("memory", "io", "cpu"):
        (tmp_path / "pressure" / resource).write_text(STALL.format("0.00"))
    return tmp_path


def test_a_host_is_read(proc: Path) -> None:
    (proc / "pressure/memory").write_text(STALL.format("12.34"))
    readings = read_host(7.0, [proc], proc=proc)
    assert (readings.at, readings.memory_available, readings.memory_stall) == (7.0, 50.0, 12.34)
    assert (readings.io_stall, readings.cpu_stall) == (0.0, 0.0)


def test_this_very_host_is_read() -> None:
    readings = read_host(0.0, [Path("/")])
    assert readings.memory_available is not None
    assert 0 < readings.memory_available < 100
    assert 0 <= readings.disks[0].free <= 100


def test_two_folders_of_one_file_system_are_one_disk(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    disks = read_host(0.0, [tmp_path, tmp_path / "inner", tmp_path / "absent"]).disks
    assert [disk.where for disk in disks] == [str(tmp_path)]


def test_a_pseudo_file_system_without_blocks_is_no_disk() -> None:
    assert read_host(0.0, [Path("/proc")]).disks == ()


def test_a_kernel_without_pressure_files_is_named_once_and_no_error(
    proc: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for resource in ("memory", "io", "cpu"):
        (proc / "pressure" / resource).unlink()
    watch = PressureWatch(PressureSettings(memory_stall=40.0, io_stall=10.0), lambda: (), proc=proc)
    with caplog.at_level(logging.INFO):
        assert not watch.look(0.0)
        assert not watch.look(10.0)
    (record,) = caplog.records
    assert record.getMessage().startswith("[pressure] memory_stall, io_stall: this kernel does not tell")


def test_a_look_counts_for_two_seconds(proc: Path) -> None:
    watch = PressureWatch(PressureSettings(), lambda: (), proc=proc)
    assert not watch.look(100.0)
    (proc / "meminfo").write_text(MEMINFO.format(1000))
    assert not watch.look(101.9)
    assert [strain.what for strain in watch.look(102.0).under] == [StrainKind.MEMORY]


def test_folders_are_asked_for_at_every_look(proc: Path) -> None:
    places: list[Path] = []
    watch = PressureWatch(PressureSettings(disk_free=100.0), lambda: places, proc=proc)
    assert not watch.look(0.0)
    places.append(proc)
    assert [strain.what for strain in watch.look(2.0).under] == [StrainKind.DISK]


@pytest.mark.parametrize(
    ("available", "says"),
    [
        (819200, ""),
        (819199, "5.0 % of memory is available, and 5 % must be to start a container"),
        (160000, "1.0 % of memory is available, and 5 % must be to start a container"),
    ],
)
def test_room_for_a_start_is_measured_at_that_moment(proc: Path, available: int, says: str) -> None:
    watch = PressureWatch(PressureSettings(), lambda: (), proc=proc)
    watch.look(0.0)
    (proc / "meminfo").write_text(MEMINFO.format(available))
    assert watch.room_for_start() == says


@pytest.mark.parametrize("meminfo", ["", "MemTotal: 1 kB\n", None])
def test_memory_that_cannot_be_measured_holds_nothing_back(proc: Path, meminfo: str | None) -> None:
    if meminfo is None:
        (proc / "meminfo").unlink()
    else:
        (proc / "meminfo").write_text(meminfo)
    watch = PressureWatch(PressureSettings(), lambda: (), proc=proc)
    assert not watch.look(0.0)
    assert watch.room_for_start() == ""
