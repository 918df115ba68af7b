"""What statuses amount to, in one word: the last line of a stream, and the exit code of a command."""

from collections.abc import Iterable
from enum import StrEnum

from portreeve.errors import Reason
from portreeve.reconcile.status import State, SyncStatus, Trouble


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


def outcome_of(statuses: Iterable[SyncStatus]) -> Outcome:
    """The worst of some statuses; of none at all, done. Nothing is asked of what is no longer declared."""
    worst = Outcome.DONE
    for status in statuses:
        if status.state in (State.FAILED, State.BROKEN):
            return Outcome.FAILED
        if not as_wanted(status) and status.state is not State.UNDECLARED:
            worst = Outcome.UNREACHABLE if for_docker(status.trouble) else worst
            worst = Outcome.NOT_YET if worst is Outcome.DONE else worst
    return worst
