"""How a content is kept in rows of the state file: in the clear, or sealed where it is confidential."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portreeve.definitions.steps import dump, load_apply, load_verify
from portreeve.errors import Failed, Reason
from portreeve.reconcile.content import Content
from portreeve.reconcile.seal import Seal, SealBrokenError
from portreeve.targets.file_state import FileContent
from portreeve.targets.key_edits import KeyEdits
from portreeve.targets.place import Place
from portreeve.targets.wanted import Wanted


def file_row(place: Place, file: Wanted, seal: Seal | None) -> tuple[Any, ...]:
    """A file as path, root, in_place, format, data, mode, uid, gid and folders.

    Args:
        place: where it is.
        file: what it is.
        seal: seals its bytes; ``None`` keeps them in the clear.
    """
    where = (str(place.path), str(place.root), int(place.in_place))
    match file:
        case FileContent():
            return (
                *where,
                None,
                _closed(file.data, seal),
                file.mode,
                file.uid,
                file.gid,
                _octal(file.folders),
            )
        case KeyEdits():
            return (*where, file.format.value, _closed(file.dump(), seal), None, None, None, "")
    return (*where, None, None, None, None, None, "")


def load_file(row: tuple[Any, ...], seal: Seal | None) -> tuple[Place, Wanted]:
    """The inverse of :func:`file_row`.

    Raises:
        SealBrokenError: it is sealed by another key.
    """
    path, root, in_place, format_, data, mode, uid, gid, folders = row
    place = Place(Path(path), Path(root), bool(in_place))
    if data is None:
        return place, None
    data = seal.open(data) if seal else data
    if format_ is not None:
        return place, KeyEdits.load(format_, data)
    return place, FileContent(data, mode, uid, gid, tuple(int(bits, 8) for bits in folders.split()))


def _octal(modes: tuple[int, ...]) -> str:
    return " ".join(f"{bits:04o}" for bits in modes)


def _closed(data: bytes, seal: Seal | None) -> bytes:
    return seal.close(data) if seal else data


def dump_steps(content: Content, seal: Seal | None) -> str:
    """All of a content but its files; its values are those that people may see, and never sealed."""
    steps = {
        "apply": [dump(step) for step in content.apply],
        "verify": [dump(step) for step in content.verify],
    }
    values = {"values": dict(content.values)}
    if seal is None:
        return json.dumps({**steps, **values})
    sealed = seal.close(json.dumps({**steps, "secrets": content.secrets}).encode())
    return json.dumps({"sealed": b64encode(sealed).decode(), **values})


def load_content(steps: str, files: Mapping[Place, Wanted], seal: Seal | None, *, restores: bool) -> Content:
    """The inverse of :func:`dump_steps`, with the files.

    Raises:
        SealBrokenError: it is sealed by another key.
        Failed: ``state-unusable``: a newer version of the same schema wrote a step that is unknown here.
    """
    fields = json.loads(steps)
    if seal is not None:
        fields |= json.loads(seal.open(b64decode(fields["sealed"])))
    try:
        apply = tuple(load_apply(step) for step in fields["apply"])
        verify = tuple(load_verify(step) for step in fields["verify"])
    except (KeyError, TypeError) as error:
        # It is never carried out in part: what it was to do last may be what made it safe.
        raise Failed(
            Reason.STATE_UNUSABLE,
            "a generation has a step that this version does not know",
            evidence=type(error).__name__,
            hint="install the newer portreeve that wrote it again; nothing was changed",
        ) from error
    return Content(
        files=files,
        apply=apply,
        verify=verify,
        values=fields["values"],
        restores=restores,
        confidential=seal is not None,
        secrets=tuple(fields.get("secrets", ())),
    )


def can_open(steps: str, seal: Seal) -> bool:
    """Whether sealed steps are of this key.

    Raises:
        Failed: ``state-unusable``: the key cannot be read.
    """
    try:
        seal.open(b64decode(json.loads(steps)["sealed"]))
    except SealBrokenError:
        return False
    return True


def load_values(steps: str) -> Mapping[str, str]:
    """The values of a content as people may see them."""
    values: Mapping[str, str] = json.loads(steps)["values"]
    return values
