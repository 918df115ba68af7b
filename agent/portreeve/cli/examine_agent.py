"""What ``doctor`` learns from the agent's answer, or from its not answering."""

from collections.abc import Iterator

from portreeve import __version__
from portreeve.cli.findings import Finding, fail, ok, warn
from portreeve.cli.supervised import state_of, what_is_wrong
from portreeve.cli.text import counted
from portreeve.control.names import Kind
from portreeve.control.outcome import Outcome, is_kept_up, of_container, of_service
from portreeve.control.overview import Overview
from portreeve.errors import PortreeveError
from portreeve.reconcile.status import State
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus

_DOCKER_STARTS_IT = ("always", "unless-stopped")
_TO_BE_SEEN = (State.OVERDUE, State.FAILED, State.BROKEN, State.UNDECLARED)


def unreachable(error: PortreeveError) -> Finding:
    """The agent did not answer."""
    return fail("agent", str(error), error.hint or "systemctl status portreeve")


def answered(overview: Overview) -> Iterator[Finding]:
    """The agent answered."""
    if overview.version != __version__:
        what = f"runs {overview.version}, while the command line is {__version__}"
        yield warn("agent", what, "systemctl restart portreeve")
    elif not overview.ready:
        yield warn("agent", f"{overview.version} is starting", "portreeve wait all --for ready")
    else:
        yield ok("agent", f"{overview.version} runs as pid {overview.pid} and is ready")
    yield _docker(overview)
    declared = [each for each in overview.containers if each.declared]
    if overview.problems:
        yield fail("definitions", counted(len(overview.problems), "problem"), "portreeve check")
    else:
        kinds = {"sync": overview.syncs, "container": declared, "service": overview.services}
        words = [counted(len(found), kind) for kind, found in kinds.items() if found or kind == "sync"]
        yield ok("definitions", f"{', '.join(words)}, no problems")
    for sync in overview.syncs:
        if sync.state in _TO_BE_SEEN:
            what = sync.trouble.what if sync.trouble else "no reason is known"
            yield warn(f"sync {sync.name}", f"{sync.state}: {what}", f"portreeve explain {sync.name}")
    for container in declared:
        failed = is_kept_up(container) and of_container(container) is Outcome.FAILED
        if failed or container.state is ContainerState.ABSENT:
            yield _supervised(Kind.CONTAINER, container)
        if is_kept_up(container) and container.restart_policy in _DOCKER_STARTS_IT:
            yield _started_by_docker(container)
    for service in overview.services:
        if of_service(service) is Outcome.FAILED or service.state is ServiceState.ABSENT:
            yield _supervised(Kind.SERVICE, service)
    for sentence in overview.pressure:
        yield warn("pressure", sentence, "free what is short; starts of containers are held back meanwhile")


def _supervised(kind: Kind, status: ContainerStatus | ServiceStatus) -> Finding:
    why = what_is_wrong(status)
    what = f"{state_of(status)}: {why}" if why else state_of(status)
    return warn(f"{kind.value} {status.name}", what, f"portreeve explain {kind.value}:{status.name}")


def _started_by_docker(status: ContainerStatus) -> Finding:
    policy = status.restart_policy
    what = f"Docker starts it at boot too, in any order (its restart policy is {policy})"
    remedy = f"if it has to come after others: docker update --restart=no {status.container}, and in compose"
    return ok(f"container {status.name}", f"{what}; {remedy}")


def _docker(overview: Overview) -> Finding:
    docker = overview.docker
    if docker.state == "up":
        return ok("docker", f"up {docker.version}".rstrip())
    if docker.state == "unused":
        return ok("docker", "nothing needs it")
    what = f"{docker.state}: {docker.evidence}" if docker.evidence else docker.state
    return fail("docker", what, "systemctl status docker")
