"""Why a container is not as it should be, and what a person can do about it: one trouble for each state."""

from portreeve.containers.start_failure import hint_of
from portreeve.definitions.quantities import format_duration
from portreeve.definitions.supervised import OnUnready
from portreeve.errors import PortreeveError, Reason
from portreeve.reconcile.status import Trouble
from portreeve.supervise.decision import Snapshot, Unmet
from portreeve.supervise.state import ContainerState, StartFailure

_REASONS = {
    ContainerState.UNKNOWN: Reason.DOCKER_DOWN,
    ContainerState.ABSENT: Reason.CONTAINER_ABSENT,
    ContainerState.CREATED: Reason.CONTAINER_NOT_RUNNING,
    ContainerState.STARTING: Reason.NOT_YET,
    ContainerState.RUNNING: Reason.NOT_YET,
    ContainerState.UNREADY: Reason.CONTAINER_UNREADY,
    ContainerState.RESTARTING: Reason.CONTAINER_RESTARTING,
    ContainerState.PAUSED: Reason.CONTAINER_PAUSED,
    ContainerState.STOPPING: Reason.CONTAINER_BUSY,
    ContainerState.EXITED: Reason.CONTAINER_NOT_RUNNING,
    ContainerState.FAILED_TO_START: Reason.CONTAINER_START_FAILED,
    ContainerState.DEAD: Reason.CONTAINER_DEAD,
    ContainerState.REMOVING: Reason.CONTAINER_BUSY,
}


def of_state(snapshot: Snapshot, *, kept_up: bool) -> Trouble | None:
    """What its state alone tells; ``None`` when it is ready.

    Args:
        snapshot: what is known.
        kept_up: it is portreeve's to start and restart; otherwise the hint says what its owner can do.
    """
    state = snapshot.truth.state
    if state is ContainerState.READY:
        return None
    if state is ContainerState.EXITED and snapshot.seen is None:
        # The kernel says so; how it ended, and whether Docker starts it again, is Docker's to tell.
        what = "its process is gone, and Docker does not answer"
        hint = "systemctl status docker; it is looked at as soon as Docker answers"
        return Trouble(Reason.DOCKER_DOWN, what, snapshot.truth.evidence, hint)
    return Trouble(_REASONS[state], _what(snapshot), snapshot.truth.evidence, _hint(snapshot, kept_up))


def _what(snapshot: Snapshot) -> str:
    words = {
        ContainerState.UNKNOWN: "Docker does not tell how it stands",
        ContainerState.ABSENT: "there is no such container",
        ContainerState.UNREADY: "it runs and does not serve",
        ContainerState.RUNNING: "it runs, and nobody knows yet whether it serves",
        ContainerState.RESTARTING: "it keeps ending, and Docker keeps starting it",
        ContainerState.CREATED: "it was never started",
        ContainerState.EXITED: "it does not run",
        ContainerState.FAILED_TO_START: "Docker could not start it, and does not try that again",
        ContainerState.DEAD: "its removal failed half-way",
    }
    return words.get(snapshot.truth.state, f"it is {snapshot.truth.state}")


def _hint(snapshot: Snapshot, kept_up: bool) -> str:
    name = display(snapshot)
    match snapshot.truth.state:
        case ContainerState.UNKNOWN:
            return "systemctl status docker"
        case ContainerState.ABSENT:
            return "make it (docker compose up, docker create), or correct its definition: docker ps -a"
        case ContainerState.PAUSED:
            return f"docker unpause {name}; with unpause = true in its definition portreeve does that"
        case ContainerState.DEAD:
            return f"docker rm -f {name}, and make it again; if that fails, restart Docker"
        case ContainerState.REMOVING:
            return f"if it stays so: docker rm -f {name}; if that fails, restart Docker"
        case ContainerState.STOPPING:
            return f"if it stays so: docker kill {name}"
        case ContainerState.STARTING | ContainerState.RUNNING:
            return "" if kept_up else "wait"
        case ContainerState.UNREADY if kept_up and snapshot.declared.on_unready is OnUnready.REPORT:
            return f'docker logs {name}; its definition says on_unready = "report", so nothing else is done'
        case ContainerState.UNREADY | ContainerState.RESTARTING:
            return f"docker logs {name}"
        case ContainerState.FAILED_TO_START if kept_up:
            return _mend(snapshot)
        case _:
            return f"docker logs {name}" if kept_up else _start_it(snapshot)


def _mend(snapshot: Snapshot) -> str:
    """It never ran, so no log of it tells anything: Docker's words do, which are the evidence."""
    failure = snapshot.truth.failure or StartFailure.OTHER
    return hint_of(failure, display(snapshot))


def _start_it(snapshot: Snapshot) -> str:
    if not snapshot.declared.declared:
        return f"docker start {display(snapshot)}: it has no definition, so portreeve only watches it"
    return f"portreeve containers start {snapshot.declared.name}, or autostart = true in its definition"


def gave_up(snapshot: Snapshot) -> Trouble:
    """Nothing is tried any more."""
    budget, name = snapshot.declared.restart, snapshot.declared.name
    why = f"docker logs {display(snapshot)} tells why"
    if snapshot.truth.state is ContainerState.FAILED_TO_START:
        why = _mend(snapshot)
    within = format_duration(budget.window)
    return Trouble(
        Reason.RESTART_BUDGET_SPENT,
        f"its budget of {budget.max} restarts within {within} is spent, and it is left alone",
        snapshot.truth.evidence,
        f"{why}; once that is mended: portreeve containers reset {name}",
    )


def stopped_as_asked(snapshot: Snapshot) -> Trouble:
    """It is down, as ``portreeve containers stop`` asked."""
    name = snapshot.declared.name
    return Trouble(
        Reason.CONTAINER_STOPPED,
        "it was stopped by `portreeve containers stop`, and it is left so",
        snapshot.truth.evidence,
        f"portreeve containers start {name}",
    )


def stopped_by_hand(snapshot: Snapshot) -> Trouble:
    """Somebody stopped it through Docker, and that is respected."""
    gone = snapshot.seen is None
    return Trouble(
        Reason.CONTAINER_STOPPED,
        f"somebody stopped {'or removed ' if gone else ''}it through Docker, and it is left so",
        snapshot.truth.evidence,
        f"portreeve containers start {snapshot.declared.name}",
    )


def dependency(snapshot: Snapshot, first: Unmet) -> Trouble:
    """Another container must come first."""
    hint = f"portreeve explain container:{first.name}"
    if first.circular:
        hint = "take one of them out of `after`, or out of depends_on of its compose file"
    elif not first.declared:
        hint = "start it (docker start, docker compose up): it has no definition, so it is only waited for"
    elif first.hopeless:
        hint = f"portreeve containers reset {first.name}, once its cause is gone"
    return Trouble(
        Reason.DEPENDENCY_NOT_READY,
        f"it waits until {first.name} is {first.wanted}",
        first.what or snapshot.truth.evidence,
        hint,
    )


def held_back(snapshot: Snapshot) -> Trouble:
    """No container may be started now."""
    return Trouble(
        Reason.HELD_BACK,
        "its start is held back",
        snapshot.held_back,
        "nothing: it is started when there is room; portreeve status tells who is on the way",
    )


def cannot_be_made(snapshot: Snapshot, obstacle: PortreeveError) -> Trouble:
    """It removed itself when it ended, and something stands against making it again."""
    evidence = f"{obstacle.evidence}; {snapshot.truth.evidence}"
    return Trouble(obstacle.reason, obstacle.what, evidence, obstacle.hint)


def made_again(snapshot: Snapshot) -> Trouble:
    """It removed itself when it ended, and is made again."""
    return Trouble(
        Reason.CONTAINER_ABSENT,
        "it removed itself when it ended (--rm), and is made again",
        snapshot.truth.evidence,
        f"nothing, unless it stays so; portreeve containers stop {snapshot.declared.name} keeps it down",
    )


def cause_stands(snapshot: Snapshot) -> Trouble:
    """What made its start fail is still so."""
    return Trouble(
        Reason.CONTAINER_START_FAILED,
        "Docker could not start it, and the cause is still there",
        f"{snapshot.cause}; {snapshot.truth.evidence}",
        f"{_mend(snapshot)}; it is started as soon as the cause is gone",
    )


def display(snapshot: Snapshot) -> str:
    """The container as ``docker`` on the command line wants it named."""
    if snapshot.seen is not None:
        return snapshot.seen.name
    return snapshot.declared.container.name or snapshot.declared.name
