"""What was there before portreeve, of each file and each key that it may have written: pure functions.

The baseline has a file, or a key, from before it is first written until content without it is proved.
"""

from collections.abc import Mapping
from dataclasses import replace

from portreeve.targets.file_state import FileContent, observe
from portreeve.targets.key_edits import KeyEdits
from portreeve.targets.place import Place
from portreeve.targets.wanted import Wanted

Files = Mapping[Place, Wanted]


def remembered(before: Files, found: Files) -> dict[Place, Wanted]:
    """The baseline after something is about to be written in the place of ``found``.

    Args:
        before: the baseline so far; what it has stays.
        found: what is there now.

    Raises:
        Waiting: ``format-invalid``: a file whose keys were portreeve's cannot be understood any more.
    """
    result = dict(before)
    for place, now in found.items():
        # Taken out first: how it is reached may be another way by now, and that is of the key.
        was = result.pop(place, now)
        if isinstance(was, KeyEdits) and isinstance(now, KeyEdits):
            was = was.with_more(now)
        elif isinstance(was, KeyEdits) and isinstance(now, FileContent):
            # All of it becomes portreeve's; what was there is this, with its keys as they were.
            was = replace(now, data=was.applied(place, now.data))
        result[place] = was
    return result


def retired(before: Files, wanted: Files) -> dict[Place, Wanted]:
    """What is portreeve's and not wanted any more, as it was before."""
    result: dict[Place, Wanted] = {}
    for place in sorted(before):
        was, now = before[place], wanted.get(place)
        if place not in wanted:
            result[place] = was
        elif isinstance(was, KeyEdits) and isinstance(now, KeyEdits) and (rest := was.without(now)).keys:
            result[place] = rest
    return result


def owned(before: Files, wanted: Files) -> dict[Place, Wanted]:
    """The baseline once content is proved: what it has not was put back, and is others' now."""
    result: dict[Place, Wanted] = {}
    for place, was in before.items():
        now = wanted.get(place)
        if isinstance(was, KeyEdits) and isinstance(now, KeyEdits):
            was = was.only(key for key, _ in now.keys)
        if place in wanted:
            result[place] = was
    return result


def together(wanted: Files, back: Files) -> dict[Place, Wanted]:
    """What is to be written: what is wanted, and what is put back."""
    result = {**wanted, **back}
    for place, rest in back.items():
        now = wanted.get(place)
        if isinstance(rest, KeyEdits) and isinstance(now, KeyEdits):
            result[place] = now.with_more(rest)
    return result


def reachable(back: Files) -> dict[Place, Wanted]:
    """What can be put back: a volume that is gone took its files along, and a file its keys.

    Raises:
        Failed: a file cannot be looked at.
    """
    return {
        place: was
        for place, was in back.items()
        if not (place.shared and not place.root.is_dir())
        and not (isinstance(was, KeyEdits) and observe(place) is None)
    }
