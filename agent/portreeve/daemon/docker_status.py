"""What is told of Docker itself."""

from portreeve.containers.connection import Docker
from portreeve.errors import DockerUnavailable, Reason
from portreeve.reconcile.status import DockerStatus
from portreeve.triggers.docker_events import DockerState


def docker_status(heard: DockerState, docker: Docker, *, needed: bool, started: float) -> DockerStatus:
    """The status of Docker.

    Args:
        heard: what its watcher knows.
        docker: asked, where the watcher knows nothing.
        needed: something that is declared depends on it.
        started: wall-clock seconds when the agent started.
    """
    if heard.connected:
        return DockerStatus("up", docker.version, since=heard.since)
    if needed and heard.reason is not None:
        # Known without asking: a hung daemon must not make whoever wants to know wait for it.
        return _not_up(heard.reason, heard.evidence, heard.since)
    try:
        version = docker.require_up().version
    except DockerUnavailable as error:
        if not needed:
            return DockerStatus("unused")
        return _not_up(error.reason, error.evidence, heard.since)
    return DockerStatus("up", version, since=started)


def _not_up(reason: Reason, evidence: str, since: float) -> DockerStatus:
    return DockerStatus(reason.removeprefix("docker-"), evidence=evidence, since=since)
