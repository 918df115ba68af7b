"""What statuses amount to, in one word: the last line of a stream, and the exit code of a command."""

from collections.abc import Iterable
from enum import StrEnum

from portreeve.errors import Reason
from portreeve.reconcile.status import State, SyncStatus, Trouble
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus


class Outcome(StrEnum):
    """How a stream ended."""

    DONE = "done"
    """Everything is as it was asked for."""
    FAILED = "failed"
    """Something was tried and did not work, or its definition has problems."""
    NOT_YET = "not-yet"
    """Something is still waited for, or the deadline passed."""
    UNREACHABLE = "unreachable"
    """What is waited for is Docker itself."""
    STOPPING = "stopping"
    """The agent stops: ask the next one."""


_NO_DOCKER = frozenset(
    {Reason.DOCKER_DOWN, Reason.DOCKER_ERROR, Reason.DOCKER_HUNG, Reason.DOCKER_VERSION_REFUSED}
)


def for_docker(trouble: Trouble | None) -> bool:
    """It is Docker itself that does not answer, and not a container that is not there."""
    return trouble is not None and trouble.reason in _NO_DOCKER


def as_wanted(status: SyncStatus) -> bool:
    """The sync is in step, or where an administrator holds it.

    A hold whose content does not work has a trouble of another reason, and is not as wanted.
    """
    if status.state is State.HELD:
        return status.trouble is None or status.trouble.reason is Reason.HELD
    return status.state is State.IN_STEP


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst of some; of none at all, done."""
    return max(outcomes, key=_BY_BADNESS.index, default=Outcome.DONE)


_BY_BADNESS = (Outcome.DONE, Outcome.NOT_YET, Outcome.UNREACHABLE, Outcome.FAILED, Outcome.STOPPING)


def outcome_of(
    syncs: Iterable[SyncStatus],
    containers: Iterable[ContainerStatus] = (),
    services: Iterable[ServiceStatus] = (),
) -> Outcome:
    """The worst of what stands. Nothing is asked of what is no longer declared, or not kept up."""
    return worst(
        [
            *map(_of_sync, syncs),
            *(of_container(status) for status in containers if is_kept_up(status)),
            *map(of_service, services),
        ]
    )


def _of_sync(status: SyncStatus) -> Outcome:
    if status.state in (State.FAILED, State.BROKEN):
        return Outcome.FAILED
    if as_wanted(status) or status.state is State.UNDECLARED:
        return Outcome.DONE
    return Outcome.UNREACHABLE if for_docker(status.trouble) else Outcome.NOT_YET


def sync_ended(status: SyncStatus | None, runs: int) -> Outcome | None:
    """What came of a request; ``None`` while the sync was not worked on since."""
    if status is None or status.runs <= runs or status.state is State.PENDING:
        return None
    return _of_sync(status)


def is_kept_up(status: ContainerStatus) -> bool:
    """The container is to run: as its definition says, or as an administrator last asked.

    One that somebody stopped through Docker is left so.
    """
    if status.stopped_by_hand:
        return False
    return status.declared and (status.wanted == "up" or (status.autostart and status.wanted != "down"))


_FAILED = (
    ContainerState.DEAD,
    ContainerState.FAILED_TO_START,
    ContainerState.RESTARTING,
    ContainerState.UNREADY,
)


def of_container(status: ContainerStatus) -> Outcome:
    """What a container amounts to that is to be ready."""
    if status.gave_up or status.state in _FAILED:
        return Outcome.FAILED
    if status.state is ContainerState.READY:
        return Outcome.DONE
    if status.state is ContainerState.EXITED and status.exit_code and status.restarts:
        # It was started since, and has failed again; before the first start it waits for its turn.
        return Outcome.FAILED
    return Outcome.UNREACHABLE if for_docker(status.trouble) else Outcome.NOT_YET


def of_service(status: ServiceStatus) -> Outcome:
    """What a guarded service amounts to; one that an administrator stopped or masked is left so."""
    if status.gave_up or status.state in (ServiceState.FAILED, ServiceState.UNREADY):
        return Outcome.FAILED
    if status.state in (ServiceState.ACTIVE, ServiceState.STOPPED, ServiceState.MASKED, ServiceState.ABSENT):
        return Outcome.DONE
    return Outcome.NOT_YET


_STUCK = (
    ContainerState.ABSENT,
    ContainerState.DEAD,
    ContainerState.FAILED_TO_START,
    ContainerState.PAUSED,
    ContainerState.RESTARTING,
)
"""What a start leads to that was tried and did not help: it is told at once, and tried on all the same."""

_DOWN = (
    ContainerState.ABSENT,
    ContainerState.CREATED,
    ContainerState.DEAD,
    ContainerState.EXITED,
    ContainerState.FAILED_TO_START,
)


def verb_ended(verb: str, status: ContainerStatus | None, runs: int, was: str = "") -> Outcome | None:
    """What came of a request; ``None`` while it is under way.

    Args:
        verb: ``start``, ``stop``, ``reset`` or ``recreate``.
        status: of the container.
        runs: the number that its runs must exceed.
        was: its id before; empty when there was none.
    """
    if status is None or status.runs <= runs:
        return None
    if for_docker(status.trouble):
        return Outcome.UNREACHABLE
    if verb == "stop":
        return Outcome.DONE if _is_down(status) else None
    if verb == "reset" and not is_kept_up(status):
        return Outcome.FAILED if status.gave_up else Outcome.DONE
    if status.state is ContainerState.READY:
        # The same as before was put back.
        same = verb == "recreate" and status.container_id != "" and status.container_id == was
        return Outcome.FAILED if same else Outcome.DONE
    return Outcome.FAILED if status.gave_up or status.state in _STUCK else None


def _is_down(status: ContainerStatus) -> bool:
    # A one-shot that has ended is ready, and does not run.
    ended = status.state is ContainerState.READY and status.docker_status == "exited"
    return ended or status.state in _DOWN


def service_ended(status: ServiceStatus | None, runs: int) -> Outcome | None:
    """What came of a reset; ``None`` while the service was not looked at since."""
    if status is None or status.runs <= runs:
        return None
    return Outcome.FAILED if status.gave_up else Outcome.DONE
