"""Makes the folders that targets need, and removes those that nobody uses any more."""

import errno
from collections.abc import Iterable
from pathlib import Path

from portreeve.errors import Reason, Waiting
from portreeve.targets.place import Place
from portreeve.targets.write_failure import write_failed, writing

FOLDER_MODE = 0o755
"""systemd must be able to read a drop-in folder, so the umask has no say."""


def make_folders(place: Place, modes: tuple[int, ...], made: list[Place]) -> None:
    """Make the folder of a target where it is absent.

    One level is a drop-in folder; more means that the package whose folder it is, is not installed, unless
    ``modes`` says otherwise.

    Args:
        place: the target.
        modes: permission bits of further levels that may be made, the innermost last.
        made: gets those that were made, outermost first.

    Raises:
        Waiting: ``directory-absent``: the folder above those is not there.
        Failed: one could not be made.
    """
    levels = (FOLDER_MODE, *modes)
    wanted: list[tuple[Place, int]] = []
    folder = place.parent
    for mode in reversed(levels):
        if folder is None or folder.parent is None:
            break
        wanted.append((folder, mode))
        folder = folder.parent
    try:
        with writing(place, may_be_absent=True):
            return
    except FileNotFoundError:
        pass
    if not wanted:
        raise _absent(place, place.root)
    for absent, mode in reversed(wanted):
        if _make(absent, mode, needed_by=place):
            made.append(absent)


def _make(folder: Place, mode: int, *, needed_by: Place) -> bool:
    try:
        with writing(folder, may_be_absent=True) as entry:
            if not entry.make_folder(mode):
                return False
            entry.sync_folder()
    except FileNotFoundError as error:
        raise _absent(needed_by, folder.path.parent) from error
    return True


def _absent(place: Place, above: Path) -> Waiting:
    return Waiting(
        Reason.DIRECTORY_ABSENT,
        f"the folder {place.path.parent} is not there",
        evidence=f"{above} does not exist" + (" either" if above != place.path.parent else ""),
        hint="install the package that owns it, or create it",
        step="write",
    )


def remove_folders(folders: Iterable[Place]) -> None:
    """Remove folders that portreeve made, innermost first, as far as nobody else uses them.

    Raises:
        Failed: one could not be removed.
    """
    for folder in sorted(folders, key=lambda place: len(place.path.parts), reverse=True):
        try:
            with folder.entry() as entry:
                entry.remove_folder()
        except FileNotFoundError:
            continue
        except OSError as error:
            # Somebody put files into it, or made a link, a file or a mount point of it: it is theirs now.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EBUSY):
                raise write_failed(folder, error) from error
