"""How a content is kept in rows of the state file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portreeve.definitions.steps import dump, load_apply, load_verify
from portreeve.reconcile.content import Content
from portreeve.targets.file_state import FileContent
from portreeve.targets.key_edits import KeyEdits
from portreeve.targets.place import Place
from portreeve.targets.wanted import Wanted


def file_row(place: Place, file: Wanted) -> tuple[Any, ...]:
    """A file as path, root, in_place, format, data, mode, uid and gid."""
    where = (str(place.path), str(place.root), int(place.in_place))
    match file:
        case FileContent():
            return (*where, None, file.data, file.mode, file.uid, file.gid)
        case KeyEdits():
            return (*where, file.format.value, file.dump(), None, None, None)
    return (*where, None, None, None, None, None)


def load_file(row: tuple[Any, ...]) -> tuple[Place, Wanted]:
    """The inverse of :func:`file_row`."""
    path, root, in_place, format_, data, mode, uid, gid = row
    place = Place(Path(path), Path(root), bool(in_place))
    if data is None:
        return place, None
    if format_ is not None:
        return place, KeyEdits.load(format_, data)
    return place, FileContent(data, mode, uid, gid)


def dump_steps(content: Content) -> str:
    """All of a content but its files."""
    return json.dumps(
        {
            "apply": [dump(step) for step in content.apply],
            "verify": [dump(step) for step in content.verify],
            "values": dict(content.values),
        }
    )


def load_content(steps: str, files: Mapping[Place, Wanted], *, restores: bool) -> Content:
    """The inverse of :func:`dump_steps`, with the files."""
    fields = json.loads(steps)
    return Content(
        files=files,
        apply=tuple(load_apply(step) for step in fields["apply"]),
        verify=tuple(load_verify(step) for step in fields["verify"]),
        values=fields["values"],
        restores=restores,
    )


def load_values(steps: str) -> Mapping[str, str]:
    """The values of a content as people may see them."""
    values: Mapping[str, str] = json.loads(steps)["values"]
    return values
