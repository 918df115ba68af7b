"""What a sync would do now, as ``diff`` and ``sync --dry-run`` show it."""

import difflib

from portreeve.definitions.model import Sync
from portreeve.errors import PortreeveError
from portreeve.reconcile.content import Content
from portreeve.reconcile.outcome import trouble_of
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import FileDiff, Preview
from portreeve.targets.file_state import observe
from portreeve.targets.key_edits import KeyEdits
from portreeve.targets.place import Place
from portreeve.targets.settled import settled
from portreeve.targets.wanted import Wanted, differences


def preview_without(record: Record, error: PortreeveError) -> Preview:
    """Of a sync whose content cannot be known now."""
    stays = "what is in force stays" if record.good else "nothing is written"
    return Preview(record.name, f"{stays}: {error.what}", (), trouble_of(error))


def preview_of(sync: Sync, record: Record, content: Content) -> Preview:
    """Of a sync whose content is known.

    Raises:
        Failed: a target cannot be read.
    """
    diffs = tuple(
        FileDiff(str(place), _diff(place, file, hide=content.confidential))
        for place, file in content.files.items()
    )
    if record.hold is not None:
        plan = f"nothing: it is held at generation {record.hold}"
    elif any(diff.diff for diff in diffs):
        changed = sum(1 for diff in diffs if diff.diff)
        files = "1 file" if changed == 1 else f"{changed} files"
        plan = ", then ".join((f"write {files}", *map(content.said, content.apply)))
    elif record.good is None or record.good.digest != content.digest:
        plan = ", then ".join((*map(content.said, content.apply), "verify")) + "; the files are right"
    else:
        plan = "nothing: it is in step"
    return Preview(sync.name, plan, diffs)


def _diff(place: Place, wanted: Wanted, *, hide: bool) -> str:
    found = settled(place) if isinstance(wanted, KeyEdits) else observe(place)
    if isinstance(wanted, KeyEdits):
        if found is None:
            return f"{place}: absent; its keys are set once it is there\n"
        what = differences(wanted, wanted.found_in(place, found.data))
    else:
        what = differences(wanted, found) if found else ("new",)
    if not what:
        return ""
    if hide:
        return f"{place}: {', '.join(what)}; not shown, since it may hold a secret\n"
    before = "" if found is None else found.data.decode(errors="replace")
    after = _text(place, wanted, b"" if found is None else found.data)
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        fromfile="/dev/null" if found is None else f"{place} (now)",
        tofile=f"{place} (wanted)",
    )
    text = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    return text or f"{place}: {', '.join(what)}\n"


def _text(place: Place, wanted: Wanted, now: bytes) -> str:
    if isinstance(wanted, KeyEdits):
        return wanted.applied(place, now).decode(errors="replace")
    return "" if wanted is None else wanted.data.decode(errors="replace")
