"""Reads a file of a container's own file system through Docker's archive, in every state of the container."""

import posixpath
import tarfile
from dataclasses import dataclass
from typing import IO, cast

from portreeve.containers.connection import ByteStream, Docker
from portreeve.containers.model import Container
from portreeve.containers.mounts import mount_of
from portreeve.errors import Reason, Waiting

_MOST_LINKS = 8


@dataclass(frozen=True, slots=True)
class _Link:
    target: str


def read_file(docker: Docker, container: Container, path: str, limit: int) -> bytes:
    """The bytes of a regular file; links are followed as the container would follow them.

    Args:
        docker: to read through.
        container: whose file system it is.
        path: absolute inside the container.
        limit: bytes that a file may have.

    Raises:
        DockerUnavailable: Docker does not answer.
        Waiting: it is not there, not a regular file, or too long; or the links go in a circle or to a tmpfs.
    """
    here = path
    for _ in range(_MOST_LINKS + 1):
        mount = mount_of(container, here)
        if mount is not None and mount.type == "tmpfs":
            # The archive would show the image's file below it.
            raise _refused(container, path, f"{here} is on the tmpfs at {mount.destination}")
        with docker.archive(container, here) as stream:
            found = _unpack(stream, container, here, limit)
        if isinstance(found, bytes):
            return found
        here = posixpath.normpath(posixpath.join(posixpath.dirname(here), found.target))
    raise _refused(container, path, f"more than {_MOST_LINKS} links, the last to {here}")


def _unpack(stream: ByteStream, container: Container, path: str, limit: int) -> bytes | _Link:
    """The first member of a tar stream, which is the path that was asked for."""
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|", bufsize=16_384) as tar:
            member = tar.next()
            if member is None:
                raise _refused(container, path, "Docker's archive of it is empty")
            if member.issym():
                return _Link(member.linkname)
            if not member.isreg():
                raise _refused(container, path, f"it is {_KINDS.get(member.type, 'not a regular file')}")
            if member.size > limit:
                raise Waiting(
                    Reason.FILE_TOO_LARGE,
                    f"{path} of container {container.name} is too large",
                    evidence=f"{member.size} bytes, {limit} allowed",
                    hint="raise the source's max_size if that is right",
                )
            content = tar.extractfile(member)
            data = content.read(limit + 1) if content is not None else b""
    except tarfile.TarError as error:
        raise Waiting(
            Reason.FILE_UNSTABLE,
            f"{path} of container {container.name} could not be read whole",
            evidence=f"Docker's archive of it breaks off: {error}",
        ) from error
    if len(data) != member.size:
        raise Waiting(
            Reason.FILE_UNSTABLE,
            f"{path} of container {container.name} could not be read whole",
            evidence=f"{len(data)} of {member.size} bytes",
        )
    return data


_KINDS = {
    tarfile.DIRTYPE: "a directory",
    tarfile.FIFOTYPE: "a fifo",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
}


def _refused(container: Container, path: str, evidence: str) -> Waiting:
    return Waiting(
        Reason.FILE_REFUSED,
        f"{path} of container {container.name} is not a file that can be read",
        evidence=evidence,
    )
