"""What is wanted of a target, against what is there: a whole file, some keys, or no file at all."""

from portreeve.targets.file_state import FileContent, observe
from portreeve.targets.key_edits import KeyEdits
from portreeve.targets.place import Place
from portreeve.targets.settled import settled

Wanted = FileContent | KeyEdits | None
"""``None``: there should be no such file."""


def found(place: Place, wanted: Wanted) -> Wanted:
    """What is there now, of what is wanted; ``None`` when there is no such file.

    Raises:
        Failed: ``file-refused`` or ``write-failed``: it cannot be looked at.
        Waiting: keys are wanted, and the file cannot be understood (``format-invalid``), is being written, or
            is empty (``file-unstable``).
    """
    if not isinstance(wanted, KeyEdits):
        return observe(place)
    file = settled(place)
    return None if file is None else wanted.found_in(place, file.data)


def differences(wanted: Wanted, seen: Wanted) -> tuple[str, ...]:
    """In what a target differs from what it should be, for people; empty when it does not.

    Args:
        wanted: what it should be.
        seen: what :func:`found` gave for that.
    """
    match wanted, seen:
        case FileContent(), FileContent():
            return _of_files(wanted, seen)
        case KeyEdits(), KeyEdits():
            return tuple(f"key {'.'.join(key)}" for key in seen.unlike)
    if wanted is seen:
        return ()
    return ("deleted",) if seen is None else ("not expected to exist",)


def _of_files(wanted: FileContent, seen: FileContent) -> tuple[str, ...]:
    what = []
    if wanted.data != seen.data:
        what.append("content")
    if wanted.mode != seen.mode:
        what.append(f"mode {seen.mode:04o} instead of {wanted.mode:04o}")
    if (wanted.uid, wanted.gid) != (seen.uid, seen.gid):
        what.append(f"owner {seen.uid}:{seen.gid} instead of {wanted.uid}:{wanted.gid}")
    return tuple(what)
