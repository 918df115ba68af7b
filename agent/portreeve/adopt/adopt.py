"""Compares what the host has with what the sources have, and writes the host's values to the sources."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from portreeve.adopt.host_value import drop_ins, read_host_value
from portreeve.adopt.model import Adoptable, SourceFile, spot
from portreeve.adopt.source_file import read_source_file, write_source_file
from portreeve.containers.connection import Docker
from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Definitions, Scalar, Sync, Value
from portreeve.definitions.upstream import writers, writers_of
from portreeve.edits.edit import edit, read
from portreeve.edits.errors import EditError
from portreeve.errors import Failed, Misuse, Reason, Refused, Waiting
from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.parse import parse
from portreeve.sources.lookup import pick
from portreeve.sources.scalars import spelled
from portreeve.sources.values import typed


def look(definitions: Definitions, sync: Sync, docker: Docker) -> tuple[Adoptable, ...]:
    """Everything of a sync that says where it is adopted from; nothing is written.

    Args:
        definitions: all of them: a source may be what another sync writes.
        sync: which one.
        docker: not asked for syncs whose sources are files of the host.

    Raises:
        Misuse: no value of the sync says where it is adopted from.
        Refused: a source belongs to another sync.
        Failed: what the host has is not there or not valid.
        PortreeveError: a source cannot be read.
    """
    wanted = [value for value in sync.values.values() if value.adopt is not None]
    if not wanted:
        raise Misuse(
            Reason.USAGE,
            f"no value of {sync.name} says where the host has it",
            hint='such as port = { …, adopt = { file = "/usr/lib/systemd/system/app.socket", '
            'key = "Socket.ListenStream" } }',
        )
    _refuse_foreign(definitions, sync, {value.source for value in wanted})
    hosts = {value.name: _host_value(sync, value) for value in wanted}
    files: dict[str, SourceFile] = {}
    found = []
    for value in wanted:
        if value.source not in files:
            files[value.source] = read_source_file(sync.sources[value.source], docker)
        found.append(_adoptable(value, hosts[value.name], files[value.source]))
    return tuple(found)


def write(found: Sequence[Adoptable]) -> None:
    """Write what differs to the sources, each file once.

    Every file is edited in memory before the first one is written.

    Args:
        found: as :func:`look` gave it.

    Raises:
        Failed: a value cannot be written there, or the file changed since it was looked at.
        PermissionError: nobody but root may.
    """
    for file, data in edited(found):
        write_source_file(file, data)


def edited(found: Sequence[Adoptable]) -> list[tuple[SourceFile, bytes]]:
    """What :func:`write` would write: each file with all that is to be in it.

    Args:
        found: as :func:`look` gave it.

    Raises:
        Failed: a value cannot be written there.
    """
    by_place: dict[Path, list[Adoptable]] = {}
    for each in found:
        if each.differs:
            by_place.setdefault(each.file.root / each.file.relative, []).append(each)
    return [(values[0].file, _edited(values[0].file, values)) for values in by_place.values()]


def notes(sync: Sync) -> list[str]:
    """What may be in force instead of what the files say that are read, for people."""
    targets = {target.place.path for target in sync.targets if isinstance(target.place, HostFile)}
    adoptions = [value.adopt for value in sync.values.values() if value.adopt is not None]
    others = {file: adoption.file for adoption in adoptions for file in drop_ins(adoption)}
    files = ", ".join(dict.fromkeys(str(adoption.file) for adoption in adoptions))
    told_of = [
        f"{target} is there, which is portreeve's to write: it may be in force instead of {files}"
        for target in sorted(targets)
        if target.exists() and target not in {adoption.file for adoption in adoptions}
    ]
    told_of += [
        f"{file} is a drop-in and wins over {unit}, which alone is read"
        for file, unit in sorted(others.items())
        if file not in targets
    ]
    return told_of


def _refuse_foreign(definitions: Definitions, sync: Sync, sources: set[str]) -> None:
    others = {name: other for name, other in definitions.syncs.items() if name != sync.name}
    written = writers(others)
    for name in sorted(sources):
        owners = sorted(writers_of(sync, sync.sources[name], written))
        if owners:
            raise Refused(
                Reason.NOT_OWNED,
                f"source {name} of {sync.name} is what the sync {' and '.join(owners)} writes",
                evidence="what is adopted there would be overwritten",
                hint=f"portreeve adopt {owners[0]}",
            )


def _host_value(sync: Sync, value: Value) -> Scalar:
    assert value.adopt is not None
    return read_host_value(value, value.adopt, sync.sources[value.source].max_size)


def _adoptable(value: Value, host: Scalar, file: SourceFile) -> Adoptable:
    assert value.adopt is not None
    assert file.source.format is not None
    current, why = None, ""
    try:
        current = typed(value, pick(value, parse(file.source.format, file.data)))
    except FormatError as error:
        raise Failed(
            Reason.FORMAT_INVALID,
            f"source {value.source} is not valid {file.source.format.upper()}",
            evidence=f"{file.told}: {error}",
        ) from error
    except Waiting as error:
        why = error.reason.value
    return Adoptable(value, host, f"{value.adopt.file}: {spot(value.adopt)}", current, why, file)


def _edited(file: SourceFile, values: Sequence[Adoptable]) -> bytes:
    source = file.source
    assert source.format is not None
    if any(each.value.match is not None or not each.value.key for each in values):
        raise _unwritable(source.name, "a value that a regular expression finds has no key to be set by")
    try:
        wanted = {each.value.key: _as_written(each) for each in values}
        data = edit(source.format, file.data, wanted)
    except EditError as error:
        raise _unwritable(source.name, f"{file.told}: {error}") from error
    _prove(file, data, values)
    return data


def _prove(file: SourceFile, data: bytes, values: Sequence[Adoptable]) -> None:
    """Raise unless the agent will read it: a comment that an edit keeps may be a part of the value to it."""
    written = replace(file, data=data)
    for each in values:
        again = _adoptable(each.value, each.host, written)
        if again.differs:
            evidence = f"{each.source_place}: it would be read as {again.shown(again.current)}"
            raise _unwritable(file.source.name, evidence)


def _as_written(each: Adoptable) -> Scalar:
    """A number that the source has as a text stays a text; a truth is for the format to spell."""
    assert each.file.source.format is not None
    there = read(each.file.source.format, each.file.data, each.value.key)
    return spelled(each.host) if isinstance(there, str) and not isinstance(each.host, bool) else each.host


def _unwritable(source: str, evidence: str) -> Failed:
    return Failed(Reason.WRITE_FAILED, f"source {source} cannot be given the value", evidence=evidence)
