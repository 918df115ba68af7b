"""Reads a value where the host has it, by the rules by which sources are read."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from portreeve.definitions.model import Adoption, Format, Scalar, Value, ValueType
from portreeve.errors import Failed, PortreeveError, Reason, Waiting
from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.parse import parse
from portreeve.sources.lookup import pick
from portreeve.sources.open_beneath import open_beneath
from portreeve.sources.stable import read_stable
from portreeve.sources.values import typed
from portreeve.systemd.unit_paths import UNIT_FOLDERS, is_unit_path

_HOST = Path("/")


def read_host_value(value: Value, adoption: Adoption, max_size: int) -> Scalar:
    """What the host has for a value, of the declared type.

    Args:
        value: the declaration.
        adoption: where the host has it.
        max_size: bytes that the file may have.

    Raises:
        Failed: the file cannot be read, or has nothing valid there.
    """
    place = str(adoption.file)
    there = replace(value, source=place, key=adoption.key, match=adoption.match, default=None)
    try:
        data = read_stable(
            lambda: open_beneath(_HOST, place), max_size, lambda data: _parses(adoption, data), name=place
        )
        raw = pick(there, parse(adoption.format, data))
        _refuse_several(there, adoption, raw)
        found = typed(there, raw)
    except FormatError as error:
        raise Failed(
            Reason.FORMAT_INVALID,
            f"{place} is not valid {adoption.format.upper()}",
            evidence=str(error),
            step="read",
        ) from error
    except Waiting as error:
        # Nobody is going to mend it by themselves, as a container would: it is not waited for.
        raise _failed(error, adoption) from None
    if isinstance(found, tuple):
        raise Failed(Reason.VALUE_INVALID, f"value {value.name} is a list, and lists are not adopted")
    return found


def drop_ins(adoption: Adoption) -> Iterator[Path]:
    """The drop-ins of the unit that the file is, which win over what it says; none for any other file."""
    if adoption.format is not Format.UNIT or not is_unit_path(adoption.file):
        return
    seen: set[Path] = set()
    for folder in UNIT_FOLDERS:
        for file in sorted((folder / f"{adoption.file.name}.d").glob("*.conf")):
            # /lib is a link to /usr/lib on most hosts.
            real = file.parent.resolve() / file.name
            if real not in seen:
                seen.add(real)
                yield file


def _parses(adoption: Adoption, data: bytes) -> bool:
    try:
        parse(adoption.format, data)
    except FormatError:
        return False
    return True


def _refuse_several(value: Value, adoption: Adoption, raw: Any) -> None:
    if adoption.format is Format.UNIT and isinstance(raw, list):
        key = ".".join(adoption.key)
        raise Failed(
            Reason.VALUE_INVALID,
            f"{value.source} has {len(raw)} values of {key}, which are all in force",
            evidence="" if value.type is ValueType.SECRET else ", ".join(map(str, raw)),
            hint=f'say which one is meant: key = "{key}.0" to "{key}.{len(raw) - 1}"',
            step="read",
        )


def _failed(error: PortreeveError, adoption: Adoption) -> Failed:
    hint = error.hint
    if error.reason is Reason.VALUE_INVALID and adoption.format is not Format.TEXT:
        hint = (
            hint
            or 'where the value is only a part of what stands there, read it as format = "text" with `match`'
        )
    return Failed(error.reason, error.what, evidence=error.evidence, hint=hint, step="read")
