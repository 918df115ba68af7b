"""Replaces a file that belongs to somebody else, so that what its owner writes in that moment is not lost."""

import os
from dataclasses import replace

from portreeve.sources.lease import Writers, read_lease
from portreeve.sources.open_beneath import Opened
from portreeve.sources.stable import read_stable
from portreeve.targets.entry import Entry
from portreeve.targets.file_state import MAX_SIZE, FileContent, read
from portreeve.targets.place import Place
from portreeve.targets.settled import unsettled
from portreeve.targets.stage import NEW, write_beside
from portreeve.targets.write_failure import writing

_MEANWHILE = "somebody wrote to it while its keys were being set"


def replace_edited(place: Place, edited_from: bytes, wanted: FileContent) -> None:
    """Put the staged copy of a file in its place, if the file still is what the copy was made from.

    An owner that opens its file for writing in this moment is held up by the lease, and then has the file
    that was replaced. What it writes there is put back.

    Args:
        place: the file.
        edited_from: its bytes when its keys were set in a copy of it.
        wanted: the copy, which is staged.

    Raises:
        Waiting: ``file-unstable``: its owner wrote to it; what it wrote is in force.
        Failed: it could not be replaced.
    """
    with writing(place) as entry, entry.opened() as before:
        with read_lease(before) as writers:
            if writers is Writers.SOME or os.pread(before, MAX_SIZE + 1, 0) != edited_from:
                raise unsettled(place, _MEANWHILE)
            entry.beside(NEW).rename_over(entry)
        left = read_stable(lambda: Opened(os.dup(before), entry.path), MAX_SIZE, bool, name=str(place))
        if left.strip() and left != edited_from:
            _put_back(entry, wanted, left)
            raise unsettled(place, _MEANWHILE)


def _put_back(entry: Entry, ours: FileContent, theirs: bytes) -> None:
    if read(entry).data != ours.data:
        return  # The owner has written again, to the file that has the name.
    write_beside(entry, replace(ours, data=theirs))
    entry.beside(NEW).sync()
    entry.beside(NEW).rename_over(entry)
