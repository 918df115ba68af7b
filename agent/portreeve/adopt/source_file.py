"""The file of a source that a value is adopted into: found and read as always, and written in place."""

import os
import stat
from pathlib import Path

from portreeve.adopt.model import SourceFile
from portreeve.beneath import held_open, kind_of, reopen
from portreeve.containers.connection import Docker
from portreeve.containers.mounts import InMount, locate
from portreeve.definitions.locations import ContainerFile, HostFile
from portreeve.definitions.model import Format, Source
from portreeve.errors import Failed, Reason
from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.parse import parse
from portreeve.sources.open_beneath import open_beneath
from portreeve.sources.stable import read_stable

_HOST = Path("/")

_AGAIN = "nothing was written, or it was put back; run it again"


def read_source_file(source: Source, docker: Docker) -> SourceFile:
    """Find and read it.

    Args:
        source: a file of the host or of a container.
        docker: for a container's file.

    Raises:
        PortreeveError: it cannot be found or read, or it is not in a file that can be written.
    """
    match source.location:
        case HostFile(path=path):
            root, relative, told = _HOST, str(path), str(path)
        case ContainerFile() as location:
            container = docker.find(location.container)
            place = locate(docker, container, location)
            if not isinstance(place, InMount):
                raise Failed(
                    Reason.FILE_REFUSED,
                    f"source {source.name} is in the container's own file system",
                    evidence=f"no mount of container {container} holds {place}",
                    hint="what is written there is gone with the container; keep the file in a volume",
                )
            root, relative, told = place.root, place.relative, f"{place} of container {container}"
        case location:
            raise Failed(
                Reason.FILE_REFUSED, f"source {source.name} is no file", evidence=f"it is: {location}"
            )

    def complete(data: bytes) -> bool:
        try:
            parse(source.format or Format.TEXT, data)
        except FormatError:
            return False
        return True

    data = read_stable(
        lambda: open_beneath(root, relative), source.max_size, complete, name=str(root / relative)
    )
    return SourceFile(source, root, relative, data, told)


def write_source_file(file: SourceFile, data: bytes) -> None:
    """Write it in place, so that it stays what an application has open or mounted.

    Args:
        file: as it was read; one that changed since is refused.
        data: all of what is to be there.

    Raises:
        Failed: it changed, is no regular file, has names elsewhere, or cannot be written. What was in it is
            still there.
        PermissionError: nobody but root may.
    """
    shown = file.root / file.relative
    try:
        with held_open(file.root, file.relative, os.O_PATH) as found:
            facts = os.fstat(found)
            _refuse_unsafe(file, facts)
            descriptor = reopen(found, os.O_RDWR)
            try:
                if _read(descriptor, len(file.data) + 1) != file.data:
                    raise _changed(shown, "what it says is not what was read")
                _replace(descriptor, file.data, data)
            finally:
                os.close(descriptor)
        with held_open(file.root, file.relative, os.O_PATH) as found:
            now = os.fstat(found)
    except PermissionError:
        raise
    except OSError as error:
        raise Failed(
            Reason.WRITE_FAILED, f"{shown} could not be written", evidence=str(error), hint=_AGAIN
        ) from error
    if (now.st_dev, now.st_ino) != (facts.st_dev, facts.st_ino):
        raise _changed(shown, "another file took its place while it was written")


def _refuse_unsafe(file: SourceFile, facts: os.stat_result) -> None:
    evidence = ""
    if not stat.S_ISREG(facts.st_mode):
        evidence = f"it is {kind_of(facts.st_mode)}"
    elif facts.st_nlink != 1 and file.root != _HOST:
        # Whoever writes into the volume may have linked a file to it that is none of theirs.
        evidence = f"it has {facts.st_nlink} names (hard links), and others are not known"
    if evidence:
        raise Failed(
            Reason.FILE_REFUSED,
            f"{file.root / file.relative} is not a file that is written to",
            evidence=evidence,
        )


def _replace(descriptor: int, before: bytes, after: bytes) -> None:
    """Not atomic: a reader may see half of it, which is why sources are read stably."""
    try:
        _write(descriptor, after)
    except OSError:
        # A full disk: what was there needs no room that it did not have.
        _write(descriptor, before)
        raise


def _write(descriptor: int, data: bytes) -> None:
    offset = 0
    while offset < len(data):
        offset += os.pwrite(descriptor, data[offset:], offset)
    os.ftruncate(descriptor, len(data))
    os.fsync(descriptor)


def _read(descriptor: int, limit: int) -> bytes:
    parts: list[bytes] = []
    offset = 0
    while offset < limit and (part := os.pread(descriptor, limit - offset, offset)):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _changed(path: Path, evidence: str) -> Failed:
    return Failed(Reason.FILE_UNSTABLE, f"{path} changed meanwhile", evidence=evidence, hint="run it again")
