"""Puts a staged set of files in force: each is old or new at any instant, also after a power cut.

The exception are files that must keep their inode; they are written in place, after all others.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from functools import partial

from portreeve.errors import Failed, Waiting
from portreeve.mountinfo import mount_points
from portreeve.targets.file_state import FileContent, observe, read
from portreeve.targets.in_place import write_in_place
from portreeve.targets.overtake import replace_edited
from portreeve.targets.place import Place
from portreeve.targets.settled import unsettled
from portreeve.targets.stage import NEW, OLD, Staged
from portreeve.targets.write_failure import writing


def commit(staged: Staged) -> None:
    """Put a staged set in force, and return when it would survive a power cut.

    Raises:
        Waiting: ``file-unstable``: somebody wrote to a file whose keys were set in a copy of it.
        Failed: a file could not be replaced; those that were are as before.
    """
    _replace(staged)
    for place in {each.path.parent: each for each in staged.files}.values():
        try:
            with writing(place, may_be_absent=True) as entry:
                entry.sync_folder()
        except FileNotFoundError:
            continue  # Nothing was there to be removed.


def _replace(staged: Staged) -> None:
    undo: list[Callable[[], None]] = []
    with ExitStack() as old:
        try:
            # All of them first: a file that nobody may replace shows here, before any other is.
            right = {place for place, data in staged.edited.items() if _is_right(place, staged, data)}
            stay = _that_stay(staged, right)
            moved = [place for place in staged.files if place not in stay and place not in right]
            kept = {place: _keep(place, old) for place in moved} if len(staged.files) > 1 else {}
            for place in moved:
                _move(place, staged)
                undo.append(partial(_move_back, place, had_one=kept.get(place, False)))
            for place, (before, wanted) in stay.items():
                # Before it is begun: half of it is put back as well.
                undo.append(partial(_write, place, before))
                _write(place, wanted)
        except (Failed, Waiting):
            for take_back in reversed(undo):
                take_back()
            raise


def _is_right(place: Place, staged: Staged, data: bytes) -> bool:
    """Whether a file has its keys already; it must still be what they were set in.

    Raises:
        Waiting: it is not: to replace it would take back what somebody just wrote.
    """
    now, wanted = observe(place), staged.files[place]
    assert wanted is not None
    if now is None or now.data != data:
        raise unsettled(place, "somebody wrote to it while its keys were being set")
    return now == wanted


def _that_stay(staged: Staged, right: AbstractSet[Place]) -> dict[Place, tuple[FileContent, FileContent]]:
    """Files that cannot be replaced by a rename: as they are now, and as they are to be."""
    mounted = mount_points()
    stay = {}
    for place, wanted in staged.files.items():
        if wanted is None or place in right:
            continue
        with writing(place) as entry:
            if place.in_place or entry.path in mounted:
                try:
                    stay[place] = (read(entry), wanted)
                except FileNotFoundError:
                    continue  # Nobody can have it mounted.
    return stay


def _keep(place: Place, until: ExitStack) -> bool:
    """Give a file that is about to be replaced a second name until the set is complete, if there is one."""
    try:
        with writing(place, may_be_absent=True) as entry:
            second = entry.beside(OLD)
            second.unlink()
            entry.link_as(second)
    except FileNotFoundError:
        return False
    until.callback(_remove, place, OLD)
    return True


def _move(place: Place, staged: Staged) -> None:
    wanted = staged.files[place]
    if wanted is None:
        _remove(place)
        return
    if place in staged.edited:
        replace_edited(place, staged.edited[place], wanted)
        return
    with writing(place) as entry:
        entry.beside(NEW).rename_over(entry)


def _move_back(place: Place, *, had_one: bool) -> None:
    if not had_one:
        _remove(place)
        return
    with writing(place) as entry:
        entry.beside(OLD).rename_over(entry)


def _remove(place: Place, mark: str | None = None) -> None:
    try:
        with writing(place, may_be_absent=True) as entry:
            (entry.beside(mark) if mark else entry).unlink()
    except FileNotFoundError:
        return


def _write(place: Place, content: FileContent) -> None:
    with writing(place) as entry:
        write_in_place(entry, content)
