"""Where a target is on this host now."""

from portreeve.containers.connection import Docker
from portreeve.containers.mounts import InContainer, locate
from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Mirror, Target, Write
from portreeve.errors import Reason, Waiting
from portreeve.targets.place import Place


def locate_target(target: Target, docker: Docker) -> Place:
    """The place of a target; for one in a container's volume, where the volume is now.

    A single file that is mounted into a container is written in place: the container has its inode, and would
    not see another file of that name.

    Args:
        target: as declared.
        docker: asked for a target in a container.

    Raises:
        DockerUnavailable: Docker does not answer.
        Waiting: the container is not there, or has no such volume or mount, or it is not mounted now.
    """
    in_place = target.write is Write.IN_PLACE
    if isinstance(target.place, HostFile):
        return Place(target.place.path, in_place=in_place)
    container = docker.find(target.place.container)
    found = locate(docker, container, target.place)
    if isinstance(found, InContainer):
        raise Waiting(
            Reason.MOUNT_ABSENT,
            f"{found} is not in a volume of container {container.name}",
            evidence="no mount of the container covers it, and what is written into a container ends with it",
            hint="mount a volume or folder there",
            step="write",
        )
    path = found.root / found.relative
    if isinstance(target.content, Mirror) and found.single_file:
        # All of a mount that is a folder: links end there, and not in the folder above it.
        return Place(path, path)
    return Place(path, found.root, in_place or found.single_file)
