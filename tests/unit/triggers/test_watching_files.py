"""A key is enqueued when one of its files may have changed, however that is done, and not when we read it."""

import errno
import logging
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from portreeve.trail import EVERY, trail
from portreeve.triggers.files import FileWatcher

Eventually = Callable[[Callable[[], object], str], None]


class Woken(Protocol):
    keys: list[tuple[str, float]]

    def __call__(self, key: str, delay: float, about: str | None = None) -> None: ...
    def take(self) -> list[tuple[str, float]]: ...
    def wait_for(self, key: str, delay: float | None = None) -> None: ...
    def settles(self) -> set[float]: ...
    def stays_quiet(self, seconds: float = 0.3) -> None: ...


@pytest.fixture
def watcher(woken: Woken) -> Iterator[FileWatcher]:
    watcher = FileWatcher(woken)
    watcher.start()
    yield watcher
    watcher.stop()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data/config.ini"
    path.write_text("1")
    return path


def watch(watcher: FileWatcher, woken: Woken, *paths: Path, key: str = "sync:a") -> None:
    """Watch, and forget that the key was enqueued because it is watched for the first time."""
    watcher.watch(key, paths)
    woken.wait_for(key)
    watcher.watch(key, paths)
    assert woken.take() == []


def test_a_key_is_enqueued_once_when_it_is_watched_first(
    watcher: FileWatcher, woken: Woken, file: Path
) -> None:
    watch(watcher, woken, file)
    woken.stays_quiet()


def test_a_write_in_place(watcher: FileWatcher, woken: Woken, file: Path) -> None:
    watch(watcher, woken, file)
    file.write_text("2")
    woken.wait_for("sync:a", 0.0)


def test_nothing_comes_before_the_writer_is_done(watcher: FileWatcher, woken: Woken, file: Path) -> None:
    watch(watcher, woken, file)
    with file.open("w") as writer:
        writer.write("2")
        writer.flush()
        woken.stays_quiet()
    woken.wait_for("sync:a", 0.0)


def test_an_atomic_replace_and_a_write_after_it(watcher: FileWatcher, woken: Woken, file: Path) -> None:
    watch(watcher, woken, file)
    new = file.with_name(".config.ini.tmp")
    for content in ("2", "3"):
        new.write_text(content)
        new.replace(file)
        woken.wait_for("sync:a", 0.0)
    file.write_text("4")
    woken.wait_for("sync:a", 0.0)


def test_a_replace_from_another_folder(
    watcher: FileWatcher, woken: Woken, file: Path, tmp_path: Path
) -> None:
    watch(watcher, woken, file)
    (tmp_path / "new").write_text("2")
    (tmp_path / "new").replace(file)
    woken.wait_for("sync:a")


def test_a_removal_and_a_new_file(watcher: FileWatcher, woken: Woken, file: Path) -> None:
    watch(watcher, woken, file)
    file.unlink()
    woken.wait_for("sync:a", 0.0)
    file.write_text("2")
    woken.wait_for("sync:a", 0.05)


def test_our_own_reads_and_other_files_wake_nobody(watcher: FileWatcher, woken: Woken, file: Path) -> None:
    watch(watcher, woken, file)
    file.read_text()
    file.stat()
    file.with_name("other").write_text("x")
    file.with_name("other").chmod(0o600)
    woken.stays_quiet()


def test_another_mode_or_owner(watcher: FileWatcher, woken: Woken, file: Path) -> None:
    watch(watcher, woken, file)
    file.chmod(0o600)
    woken.wait_for("sync:a", 0.0)
    os.chown(file, os.getuid(), os.getgid())
    woken.wait_for("sync:a", 0.0)


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_a_folder_or_one_above_it_is_moved_away_and_made_again(
    watcher: FileWatcher, woken: Woken, tmp_path: Path, levels: int
) -> None:
    path = tmp_path / "a/b/c/config.ini"
    path.parent.mkdir(parents=True)
    path.write_text("1")
    watch(watcher, woken, path)
    for number in range(3):
        path.parents[levels].rename(tmp_path / f"away-{number}")
        path.parent.mkdir(parents=True)
        woken.wait_for("sync:a")
        threading.Event().wait(0.3)
        woken.settles()
        path.write_text("2")
        woken.wait_for("sync:a", 0.0)
    next((tmp_path / "away-0").rglob("config.ini")).write_text("3")
    woken.stays_quiet()


def test_a_folder_that_is_put_into_another_one_above_it(
    watcher: FileWatcher, woken: Woken, tmp_path: Path
) -> None:
    path = tmp_path / "a/b/config.ini"
    path.parent.mkdir(parents=True)
    path.write_text("1")
    watch(watcher, woken, path)
    for number in range(3):
        (tmp_path / "a").rename(tmp_path / f"away-{number}")
        (tmp_path / "a").mkdir()
        (tmp_path / f"away-{number}/b").rename(tmp_path / "a/b")
        woken.wait_for("sync:a")
        woken.settles()
        path.write_text("2")
        woken.wait_for("sync:a")


def test_each_key_is_woken_by_its_own_files(watcher: FileWatcher, woken: Woken, file: Path) -> None:
    other = file.with_name("other.ini")
    watch(watcher, woken, file, key="a")
    watch(watcher, woken, file, other, key="b")
    other.write_text("2")
    woken.wait_for("b")
    file.write_text("2")
    woken.wait_for("a")
    watcher.watch("b", ())
    woken.take()
    other.write_text("3")
    woken.stays_quiet()


def test_every_name_of_a_folder_can_be_watched(
    watcher: FileWatcher, woken: Woken, file: Path, tmp_path: Path
) -> None:
    watch(watcher, woken, file.parent / EVERY)
    for name in ("new", "config.ini"):
        file.with_name(name).write_text("2")
        woken.wait_for("sync:a", 0.0)
    (tmp_path / "beside").write_text("1")
    woken.stays_quiet()


def test_what_is_watched_before_it_is_read_needs_no_second_look(
    watcher: FileWatcher, woken: Woken, file: Path
) -> None:
    watcher.watch_first("sync:a", [file])
    watcher.watch("sync:a", [file])
    woken.stays_quiet()


def test_what_changes_while_it_is_read_for_the_first_time_is_told(
    watcher: FileWatcher, woken: Woken, file: Path, tmp_path: Path
) -> None:
    watcher.watch_first("sync:a", [file])
    file.write_text("2")
    watcher.watch("sync:a", [file, tmp_path / "another"])
    woken.wait_for("sync:a", 0.0)


def test_what_turned_out_to_be_read_as_well_may_have_changed_before_it_was_watched(
    watcher: FileWatcher, woken: Woken, file: Path, tmp_path: Path
) -> None:
    watcher.watch_first("sync:a", [file])
    watcher.watch("sync:a", [file, tmp_path / "another"])
    woken.wait_for("sync:a")


def test_a_name_in_a_folder_all_of_whose_names_are_watched_is_not_new(
    watcher: FileWatcher, woken: Woken, file: Path
) -> None:
    watcher.watch_first("sync:a", [file.parent / EVERY])
    watcher.watch("sync:a", [file.parent / EVERY, file])
    woken.stays_quiet()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_another_folder_in_the_place_of_a_watched_one_is_watched_at_the_next_look(
    watcher: FileWatcher, woken: Woken, file: Path
) -> None:
    watch(watcher, woken, file)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(file.parent)], check=True)
    try:
        watcher.watch_first("sync:a", [file])
        watcher.watch("sync:a", [file])
        woken.wait_for("sync:a")
        file.write_text("mounted")
        woken.wait_for("sync:a")
    finally:
        subprocess.run(["umount", str(file.parent)], check=True)


def test_folders_that_are_not_there_yet_are_waited_for(
    watcher: FileWatcher, woken: Woken, tmp_path: Path
) -> None:
    file = tmp_path / "a/b/c/config.ini"
    watch(watcher, woken, file)
    for folder in (file.parents[2], file.parents[1], file.parents[0]):
        folder.mkdir()
        woken.wait_for("sync:a")
    file.write_text("1")
    woken.wait_for("sync:a")


def test_a_whole_tree_that_appears_at_once_is_seen(
    watcher: FileWatcher, woken: Woken, tmp_path: Path
) -> None:
    file = tmp_path / "a/b/c/config.ini"
    watch(watcher, woken, file)
    file.parent.mkdir(parents=True)
    file.write_text("1")
    woken.wait_for("sync:a")
    threading.Event().wait(0.3)
    woken.settles()
    file.write_text("2")
    woken.wait_for("sync:a", 0.0)


def test_a_volume_that_is_removed_and_made_anew_is_watched_again(
    watcher: FileWatcher, woken: Woken, file: Path
) -> None:
    watch(watcher, woken, file)
    file.unlink()
    file.parent.rmdir()
    woken.wait_for("sync:a")
    file.parent.mkdir()
    file.write_text("1")
    woken.wait_for("sync:a")
    woken.take()
    file.write_text("2")
    woken.wait_for("sync:a")


def test_a_folder_that_is_swapped_for_another(
    watcher: FileWatcher, woken: Woken, file: Path, tmp_path: Path
) -> None:
    watch(watcher, woken, file)
    (tmp_path / "new").mkdir()
    (tmp_path / "new/config.ini").write_text("2")
    file.parent.rename(tmp_path / "old")
    (tmp_path / "new").rename(file.parent)
    woken.wait_for("sync:a")
    threading.Event().wait(0.3)
    woken.settles()
    assert watcher.check() == ()
    file.write_text("3")
    woken.wait_for("sync:a", 0.0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_a_volume_that_is_mounted_over_its_folder_is_found_out_by_the_check(
    watcher: FileWatcher, woken: Woken, file: Path
) -> None:
    watch(watcher, woken, file)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(file.parent)], check=True)
    try:
        # Made before: what is made or moved has the watches looked after, which only the check is to do here.
        file.write_text("")
        assert watcher.check() == (f"{file.parent} was not watched any more",)
        woken.take()
        file.write_text("mounted")
        woken.wait_for("sync:a")
    finally:
        subprocess.run(["umount", str(file.parent)], check=True)
    assert watcher.check() == (f"{file.parent} was not watched any more",)
    woken.take()
    file.write_text("unmounted")
    woken.wait_for("sync:a")


def test_links_are_watched_where_they_are_and_where_they_lead(
    watcher: FileWatcher, woken: Woken, tmp_path: Path
) -> None:
    for release in ("r1", "r2"):
        (tmp_path / release).mkdir()
        (tmp_path / release / "config").write_text(release)
    (tmp_path / "..data").symlink_to("r1")
    (tmp_path / "config").symlink_to("..data/config")
    watch(watcher, woken, *trail(tmp_path / "config"))
    (tmp_path / "r1/config").write_text("x")
    woken.wait_for("sync:a", 0.0)
    (tmp_path / "..data_tmp").symlink_to("r2")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    woken.wait_for("sync:a", 0.0)


def test_links_among_the_parents_are_followed(
    watcher: FileWatcher, woken: Woken, tmp_path: Path, eventually: Eventually
) -> None:
    for release in ("r1", "r2"):
        (tmp_path / release).mkdir()
    (tmp_path / "current").symlink_to("r1")
    watch(watcher, woken, tmp_path / "current/config")
    (tmp_path / "r1/config").write_text("1")
    woken.wait_for("sync:a")
    (tmp_path / "next").symlink_to("r2")
    (tmp_path / "next").rename(tmp_path / "current")
    eventually(lambda: woken.keys, "the key is enqueued")
    assert woken.settles() == {0.0, 0.05}
    (tmp_path / "r2/config").write_text("2")
    woken.wait_for("sync:a")


def test_what_is_asked_for_before_the_start_is_watched_after_it(woken: Woken, file: Path) -> None:
    watcher = FileWatcher(woken)
    watcher.watch("sync:a", [file])
    assert woken.take() == []
    watcher.start()
    woken.wait_for("sync:a")
    file.write_text("2")
    woken.wait_for("sync:a", 0.0)
    watcher.stop()
    watcher.stop()
    watcher.watch("sync:a", [file])
    assert watcher.check() == ()


def test_a_queue_that_refuses_does_not_end_the_watching(
    file: Path, woken: Woken, caplog: pytest.LogCaptureFixture
) -> None:
    refusing = False

    def enqueue(key: str, delay: float, about: str | None) -> None:
        if refusing:
            raise RuntimeError("no")
        woken(key, delay, about)

    watcher = FileWatcher(enqueue)
    watcher.start()
    try:
        watch(watcher, woken, file)
        refusing = True
        file.write_text("2")
        while not caplog.records:
            woken.stays_quiet(0.01)
        refusing = False
        file.write_text("3")
        woken.wait_for("sync:a")
    finally:
        watcher.stop()


def test_an_overflow_wakes_everyone(watcher: FileWatcher, woken: Woken, file: Path) -> None:
    watch(watcher, woken, file, key="a")
    watch(watcher, woken, file.with_name("other"), key="b")
    logging.getLogger("watchdog.observers.inotify_c").warning(
        "Inotify queue overflowed; filesystem events were lost"
    )
    assert {key for key, _ in woken.take()} == {"a", "b"}


def test_a_real_overflow_is_told_by_watchdog_as_we_expect(
    watcher: FileWatcher, woken: Woken, file: Path
) -> None:
    from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD, WatchDescriptor

    watch(watcher, woken, file)
    inotify = InotifyFD()
    inotify.start()
    inotify.handle_event(InotifyEvent(WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b""))
    inotify.stop()
    inotify.join()
    woken.wait_for("sync:a", 0.0)


def test_two_hundred_keys_in_one_folder_cost_one_watch(
    watcher: FileWatcher, woken: Woken, tmp_path: Path
) -> None:
    before = len(list(Path("/proc/self/task").iterdir()))
    for number in range(200):
        watcher.watch(f"sync:{number}", [tmp_path / f"{number}.ini"])
    assert len(list(Path("/proc/self/task").iterdir())) - before <= 1
    woken.take()
    (tmp_path / "117.ini").write_text("x")
    woken.wait_for("sync:117")


def test_a_folder_for_which_there_is_no_watch_left_is_a_problem_and_the_others_are_watched(
    watcher: FileWatcher, woken: Woken, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(watcher, woken, file)

    def no_more(*_: object, **__: object) -> None:
        # What watchdog raises at fs.inotify.max_user_watches.
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    (file.parent / "more").mkdir()
    woken.settles()
    monkeypatch.setattr("portreeve.triggers.folders.InotifyFD.add_callback", no_more)
    watcher.watch("sync:b", [file.parent / "more/file"])
    assert f"{file.parent}/more cannot be watched: inotify watch limit reached" in watcher.check()
    file.write_text("2")
    woken.wait_for("sync:a")


def test_two_hundred_folders_cost_one_thread(watcher: FileWatcher, woken: Woken, tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/task").iterdir()))
    for number in range(200):
        (tmp_path / str(number)).mkdir()
        watcher.watch(f"sync:{number}", [tmp_path / f"{number}/a.ini"])
    assert len(list(Path("/proc/self/task").iterdir())) == before
    woken.take()
    (tmp_path / "117/a.ini").write_text("x")
    woken.wait_for("sync:117")


def test_a_folder_that_is_taken_from_one_key_stays_watched_for_another(
    watcher: FileWatcher, woken: Woken, file: Path
) -> None:
    watch(watcher, woken, file, key="a")
    watch(watcher, woken, file, key="b")
    watcher.watch("a", ())
    file.write_text("2")
    woken.wait_for("b")
    watcher.watch("b", ())
    woken.settles()
    file.write_text("3")
    woken.stays_quiet()


def test_the_path_that_moved_is_told_and_none_when_it_may_be_any(eventually: Eventually, file: Path) -> None:
    told: list[tuple[str, str | None]] = []
    watcher = FileWatcher(lambda key, _, about: told.append((key, about)))
    watcher.start()
    try:
        watcher.watch("sync:a", [file])
        assert told == [("sync:a", None)]
        file.write_text("2")
        eventually(lambda: ("sync:a", str(file)) in told, "the file is told of")
        told.clear()
        file.parent.rename(file.parent.with_name("away"))
        eventually(lambda: ("sync:a", None) in told, "the folder is gone")
    finally:
        watcher.stop()


def test_a_folder_that_cannot_be_looked_at_does_not_end_the_watching_of_others(
    watcher: FileWatcher, woken: Woken, file: Path, tmp_path: Path
) -> None:
    """A name that is too long stands for a mount whose server is away, which needs one."""
    watcher.watch("bad", [tmp_path / ("x" * 300) / "file"])
    watcher.watch("good", [file])
    woken.settles()
    watcher.check()
    file.write_text("new")
    woken.wait_for("good")
