"""Reads the bytes of a source that is a file, and notes what it wants to be woken by."""

import os
from collections.abc import Callable
from pathlib import Path

from portreeve.containers.archive import read_file
from portreeve.containers.connection import Docker
from portreeve.containers.mounts import InContainer, InMount, locate
from portreeve.definitions.locations import FileLocation, HostFile
from portreeve.definitions.model import Source
from portreeve.errors import Reason, Waiting
from portreeve.sources.interest import Interest
from portreeve.sources.open_beneath import Opened, open_beneath
from portreeve.sources.stable import read_stable, read_twice
from portreeve.trail import trail

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
