"""Networks: whether one is there, and a container's connection to it."""

from portreeve.containers.acting import tell
from portreeve.containers.connection import Docker
from portreeve.containers.observe import observe_id
from portreeve.containers.observed import Observed
from portreeve.containers.refusal import AbsentError, cut
from portreeve.errors import Failed, Reason


def connect(docker: Docker, seen: Observed, network: str) -> Observed:
    """Connect a container to a network; it may be in it already.

    Args:
        docker: to tell.
        seen: the container; it is looked at again afterwards.
        network: its name.

    Raises:
        Failed: it is not in it (``container-connect-failed``).
        Waiting: the container is gone, or Docker is at work on it.
        DockerUnavailable: Docker does not answer.
    """
    words = tell(
        docker,
        seen,
        lambda client: client.connect_container_to_network(seen.id, network),
        2 * docker.settings.timeout,
    )
    after = observe_id(docker, seen.id, seen.name)
    # One that does not run has no endpoint yet, and remembers the network.
    if network in (after.networks if after.runs else after.view["networks"]):
        return after
    raise Failed(
        Reason.CONTAINER_CONNECT_FAILED,
        f"container {seen.name} is not connected to network {network}",
        evidence=cut(words) or "Docker answered that it is, and inspect does not show it",
        hint="`docker network ls`",
    )


def exists(docker: Docker, network: str) -> bool:
    """Whether Docker has a network.

    Args:
        docker: to ask.
        network: its name or id.

    Raises:
        DockerUnavailable: Docker does not answer.
    """
    try:
        docker.ask(lambda client: client.inspect_network(network))
    except AbsentError:
        return False
    return True
