"""A target in a container's volume: whatever the container does there, nothing outside of it is touched."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from portreeve.errors import Failed, PortreeveError, Reason, Waiting
from portreeve.targets.file_state import FileContent, observe
from portreeve.targets.folders import remove_folders
from portreeve.targets.place import Place
from portreeve.targets.replace import commit
from portreeve.targets.stage import stage

SWAPS = 100_000
SWAPPING = Path(__file__).resolve().parents[2] / "fakes/swapping.py"


def file(text: str) -> FileContent:
    return FileContent(text.encode(), 0o644, os.geteuid(), os.getegid())


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.conf").write_text("outside")
    (tmp_path / "volume/sub").mkdir(parents=True)
    return tmp_path / "volume"


def state(folder: Path) -> dict[str, tuple[int, ...]]:
    """All that changes when a folder or a file in it is written, linked, or given to somebody else."""
    seen: dict[str, tuple[int, ...]] = {}
    for path in (folder, *sorted(folder.iterdir())):
        facts = path.lstat()
        seen[str(path)] = (facts.st_ino, facts.st_nlink, facts.st_mtime_ns, facts.st_ctime_ns)
    return seen


def write(place: Place, content: FileContent | None) -> None:
    with stage({place: content}) as staged:
        commit(staged)


def refusal(place: Place) -> PortreeveError:
    """What both looking and writing say, with no descriptor left open."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(Failed) as caught:
        observe(place)
    with pytest.raises(Failed):
        write(place, file("new"))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    return caught.value


def test_a_file_in_a_volume_is_written_and_removed(volume: Path) -> None:
    place = Place(volume / "sub/a.conf", volume)
    write(place, file("new"))
    assert observe(place) == file("new")
    write(place, None)
    assert observe(place) is None


def test_a_place_is_beneath_its_root() -> None:
    for path in ("/srv/other", "/srv/volume/../x"):
        with pytest.raises(ValueError, match="not beneath"):
            Place(Path(path), Path("/srv/volume"))


@pytest.mark.parametrize("leads_to", ["../../outside/a.conf", "{outside}/a.conf", "nowhere", "/etc/shadow"])
def test_a_link_in_the_place_of_the_target_is_refused(volume: Path, leads_to: str) -> None:
    outside = volume.parent / "outside"
    (volume / "sub/a.conf").symlink_to(leads_to.format(outside=outside))
    before = state(outside)
    error = refusal(Place(volume / "sub/a.conf", volume))
    assert error.reason is Reason.FILE_REFUSED
    assert "link" in error.evidence
    assert state(outside) == before


@pytest.mark.parametrize("leads_to", ["../outside", "{outside}", "/"])
def test_a_folder_that_is_a_link_leads_nowhere_outside(volume: Path, leads_to: str) -> None:
    outside = volume.parent / "outside"
    (volume / "link").symlink_to(leads_to.format(outside=outside))
    before = state(outside)
    place = Place(volume / "link/a.conf", volume)
    try:
        write(place, file("new"))
    except (Failed, Waiting):
        assert not (volume / "a.conf").exists()
    else:
        # A link to the root is one to the volume itself.
        assert (volume / "a.conf").read_text() == "new"
    assert state(outside) == before


def test_a_folder_that_is_a_link_inside_the_volume_is_followed(volume: Path) -> None:
    (volume / "link").symlink_to("/sub")
    write(Place(volume / "link/a.conf", volume), file("new"))
    assert (volume / "sub/a.conf").read_text() == "new"


def test_a_hard_link_to_a_file_from_elsewhere_is_refused(volume: Path) -> None:
    os.link(volume.parent / "outside/a.conf", volume / "sub/a.conf")
    before = state(volume.parent / "outside")
    error = refusal(Place(volume / "sub/a.conf", volume))
    assert "hard links" in error.evidence
    assert state(volume.parent / "outside") == before


def test_the_second_name_that_a_killed_run_left_is_no_reason_to_refuse(volume: Path) -> None:
    place = Place(volume / "sub/a.conf", volume)
    write(place, file("old"))
    os.link(place.path, volume / "sub/.a.conf.portreeve-old")
    assert observe(place) == file("old")
    write(place, file("new"))
    assert [entry.name for entry in (volume / "sub").iterdir()] == ["a.conf"]


def test_fifos_sockets_and_folders_are_refused_at_once(volume: Path) -> None:
    os.mkfifo(volume / "sub/fifo")
    (volume / "sub/folder").mkdir()
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(volume / "sub/socket"))
        for name, kind in {"fifo": "a fifo", "folder": "a directory", "socket": "a socket"}.items():
            error = refusal(Place(volume / "sub" / name, volume))
            assert error.reason is Reason.FILE_REFUSED
            assert kind in error.evidence


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
def test_a_device_is_refused_and_not_even_opened(volume: Path) -> None:
    # No driver has this number: opening would give ENXIO, so the refusal shows that nothing was opened.
    os.mknod(volume / "sub/a.conf", 0o600 | 0o020000, os.makedev(511, 255))
    assert "a device" in refusal(Place(volume / "sub/a.conf", volume)).evidence


def test_magic_links_are_refused() -> None:
    for path in ("/proc/self/root/etc/hostname", "/proc/self/cwd/x"):
        with pytest.raises(Failed):
            observe(Place(Path(path), Path("/proc")))


def test_a_huge_file_is_refused_without_being_read(volume: Path) -> None:
    with (volume / "sub/a.conf").open("wb") as huge:
        huge.truncate(1 << 40)
    assert "longer" in refusal_of_look(Place(volume / "sub/a.conf", volume)).evidence


def refusal_of_look(place: Place) -> Failed:
    with pytest.raises(Failed) as caught:
        observe(place)
    return caught.value


def test_a_file_in_a_folder_made_a_file_is_a_named_failure(volume: Path) -> None:
    (volume / "sub").rmdir()
    (volume / "sub").write_text("")
    assert refusal(Place(volume / "sub/a.conf", volume)).reason is Reason.WRITE_FAILED


def test_a_volume_that_is_gone_is_waited_for(volume: Path) -> None:
    place = Place(volume.parent / "gone/a.conf", volume.parent / "gone")
    assert observe(place) is None
    with pytest.raises(Waiting) as caught:
        write(place, file("new"))
    assert caught.value.reason is Reason.DIRECTORY_ABSENT
    write(place, None)
    remove_folders([Place(volume.parent / "gone/sub", volume.parent / "gone")])


@pytest.mark.timeout(300)
def test_names_that_are_swapped_all_the_time_never_lead_out(volume: Path) -> None:
    outside = volume.parent / "outside"
    (outside / "sub").mkdir()
    for secret in ("b.conf", "c.conf"):
        (outside / secret).write_text("outside")
    (volume / "evil").symlink_to("../outside")
    (volume / "sub/bad").symlink_to(outside / "b.conf")
    (volume / "sub/worse").symlink_to("../../outside/c.conf")
    before = state(outside)
    pairs = ("sub", "evil", "sub/a.conf", "sub/bad", "sub/.a.conf.portreeve-new", "sub/worse")
    arguments = [sys.executable, str(SWAPPING), str(SWAPS), *pairs]
    outcomes = {"written": 0, "refused": 0}
    atomic = Place(volume / "sub/a.conf", volume)
    # It keeps its inode: written into, which a link that is followed would make a write outside.
    in_place = Place(volume / "sub/a.conf", volume, in_place=True)
    extra = Place(volume / "sub/made/extra.conf", volume)
    number = swaps = 0
    # On a host that is busy with something else, one of both may not have come up yet.
    while min(outcomes.values()) == 0 and swaps < 20 * SWAPS:
        with subprocess.Popen(arguments, cwd=volume, stdout=subprocess.PIPE, text=True) as swapping:
            while swapping.poll() is None:
                number += 1
                try:
                    place = in_place if number % 2 else atomic
                    observe(place)
                    with stage(
                        {place: file(f"{number}"), extra: file("x") if number % 3 else None}
                    ) as staged:
                        commit(staged)
                    if number % 3 == 0:
                        remove_folders([extra.parent] if extra.parent else [])
                    outcomes["written"] += 1
                except (Failed, Waiting):
                    outcomes["refused"] += 1
            swaps += int(swapping.communicate()[0])
    print(f"{swaps} swaps, {outcomes}")
    assert swaps >= SWAPS
    assert min(outcomes.values()) > 0, "one of both was never tried"
    assert state(outside) == before
    assert [path.read_text() for path in outside.glob("*.conf")] == ["outside"] * 3
