"""Reads the bytes of a source that is a file, and notes what it wants to be woken by."""

import os
from collections.abc import Callable
from pathlib import Path

from portreeve.containers.archive import read_file
from portreeve.containers.connection import Docker
from portreeve.containers.mounts import InContainer, InMount, locate
from portreeve.definitions.locations import ContainerFile, FileLocation, HostFile
from portreeve.definitions.model import Source
from portreeve.errors import Reason, Waiting
from portreeve.sources.folder import FolderFile, read_folder
from portreeve.sources.interest import Interest
from portreeve.sources.open_beneath import Opened, open_beneath
from portreeve.sources.stable import read_stable, read_twice
from portreeve.trail import EVERY, trail

Complete = Callable[[bytes], bool]
"""Whether bytes look like all of a file: they parse, and what is wanted is there."""


def read_location(
    source: Source, location: FileLocation, complete: Complete, docker: Docker, interest: Interest
) -> tuple[bytes, str]:
    """The bytes of a host's or container's file, and where it was found.

    Args:
        source: for its name and the size that is allowed.
        location: where it is.
        complete: of the bytes.
        docker: for a container's file.
        interest: filled.

    Raises:
        PortreeveError: it cannot be read.
    """
    if isinstance(location, HostFile):
        data = _read_beneath(Path("/"), str(location.path), source.max_size, complete, interest)
        return data, str(location.path)
    container = docker.find(location.container)
    interest.containers[source.name] = container.id
    place = locate(docker, container, location)
    match place:
        case InMount():
            interest.poll = interest.poll or place.on_demand
            data = _read_beneath(place.root, place.relative, source.max_size, complete, interest)
        case InContainer():
            interest.poll = True
            data = read_twice(
                lambda: read_file(docker, container, place.path, source.max_size),
                complete,
                name=f"{place} of container {container.name}",
            )
    return data, f"{place} of container {container}"


def read_mirrored(source: Source, docker: Docker, interest: Interest) -> tuple[FolderFile, ...]:
    """The files of a folder that is mirrored, of which there is one at least.

    Args:
        source: where the folder is.
        docker: for a container's folder.
        interest: filled.

    Raises:
        PortreeveError: it cannot be read; or it is empty, which is never what somebody wants mirrored: a
            volume that is not mounted yet, or a renewal that is under way.
    """
    root, relative = Path("/"), ""
    match source.location:
        case HostFile(path=path):
            relative = str(path)
        case ContainerFile() as location:
            container = docker.find(location.container)
            interest.containers[source.name] = container.id
            place = locate(docker, container, location)
            if isinstance(place, InContainer):
                raise Waiting(
                    Reason.MOUNT_ABSENT,
                    f"{place} of container {container.name} is in none of its mounts",
                    evidence="; ".join(sorted(map(str, container.mounts))) or "it has no mounts at all",
                    hint="keep the folder that is mirrored in a volume",
                )
            interest.poll = interest.poll or place.on_demand
            # All of a mount, which is a folder here: links end there, and not in the folder above it.
            root, relative = (
                (place.root / place.relative, "") if place.single_file else (place.root, place.relative)
            )
        case _:
            raise AssertionError(source.location)
    way = trail(Path(relative), root)
    top = way[-1]
    interest.will_read((*way, top / EVERY))
    files = read_folder(root, relative)
    inner = {top / parent / EVERY for file in files for parent in file.relative.parents}
    ends = {name for file in files for name in trail(Path(relative) / file.relative, root)}
    further = {name for name in (*inner, *ends) if name.parent != top}
    if further:
        # Known only now, so what changed there since would not be noticed otherwise.
        interest.will_read(further)
        files = read_folder(root, relative)
    if not files:
        raise Waiting(
            Reason.FILE_ABSENT,
            f"{root / relative} has no files",
            evidence="the folder is empty",
            hint="a mirror is never made empty; remove the target, and its files go back to what was before",
        )
    return files


def read_credential(name: str, max_size: int, complete: Complete, interest: Interest) -> tuple[bytes, str]:
    """The bytes of a credential that systemd handed to the agent, and where they were found.

    Args:
        name: of the credential.
        max_size: bytes that are allowed.
        complete: of the bytes.
        interest: filled.

    Raises:
        Waiting: there is none of that name, or it cannot be read.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is None or not Path(folder, name).exists():
        raise Waiting(
            Reason.CREDENTIAL_ABSENT,
            f"systemd did not hand over the credential {name}",
            evidence=f"{folder} has none of that name" if folder else "the agent's unit loads no credentials",
            hint=f"`systemctl edit portreeve.service`: LoadCredential={name}:/path/of/it, then restart it",
        )
    data = _read_beneath(Path(folder), name, max_size, complete, interest)
    return data, f"credential {name}"


def _read_beneath(root: Path, relative: str, max_size: int, complete: Complete, interest: Interest) -> bytes:
    # Noted before it is opened: a link that is swapped in between is then seen by whoever watches.
    interest.will_read(trail(Path(relative), root))

    def opened() -> Opened:
        return open_beneath(root, relative)

    return read_stable(opened, max_size, complete, name=str(root / relative))
