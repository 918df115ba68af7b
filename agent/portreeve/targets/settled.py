"""A file that belongs to somebody else, as its owner left it: never half of one that is being written."""

import os
from dataclasses import replace

from portreeve.errors import Reason, Waiting
from portreeve.sources.lease import Writers, read_lease
from portreeve.sources.open_beneath import Opened
from portreeve.sources.stable import read_stable
from portreeve.targets.file_state import MAX_SIZE, FileContent, observe
from portreeve.targets.place import Place


def settled(place: Place) -> FileContent | None:
    """The file as it is while nobody writes to it, or ``None`` when there is none.

    An owner that rewrites its file in place empties it first. Keys that were set in that would be all that is
    left of the file, so an empty one is waited for as well.

    Raises:
        Waiting: ``file-unstable``: somebody writes to it, or it is empty.
        Failed: as :func:`portreeve.targets.file_state.observe`.
    """
    now = observe(place)
    if now is None:
        return None
    try:
        data = read_stable(lambda: _opened(place), MAX_SIZE, _has_content, name=str(place))
        # Who keeps a file open may write the rest of it later, into the file that was replaced by then.
        with _opened(place) as opened, read_lease(opened.fd) as writers:
            if writers is Writers.SOME:
                raise unsettled(place, "somebody has it open for writing")
    except FileNotFoundError:
        return None
    except OSError as error:
        # It was there a moment ago: its owner holds it, or made something else of it.
        raise unsettled(place, error.strerror or str(error)) from error
    if not _has_content(data):
        raise unsettled(place, f"it is empty ({len(data)} bytes), and whoever it belongs to is to fill it")
    return replace(now, data=data)


def unsettled(place: Place, evidence: str) -> Waiting:
    """The file is being written by whom it belongs to."""
    return Waiting(
        Reason.FILE_UNSTABLE,
        f"{place} does not hold still",
        evidence=evidence,
        hint="nothing; it is tried again by itself",
    )


def _opened(place: Place) -> Opened:
    with place.entry() as entry, entry.opened() as descriptor:
        return Opened(os.dup(descriptor), entry.path)


def _has_content(data: bytes) -> bool:
    return bool(data.strip())
