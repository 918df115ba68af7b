"""What can be waited for, of what, and whether a status is so."""

from dataclasses import dataclass
from enum import StrEnum

from portreeve.control.names import Kind, WaitTarget
from portreeve.control.outcome import as_wanted
from portreeve.errors import Misuse, Reason
from portreeve.reconcile.status import DockerStatus, State, SyncStatus
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus


class Word(StrEnum):
    """A condition without its number."""

    EXISTS = "exists"
    RUNNING = "running"
    HEALTHY = "healthy"
    READY = "ready"
    EXITED = "exited"
    GONE = "gone"
    IN_STEP = "in-step"


@dataclass(frozen=True, slots=True)
class Condition:
    """What is waited for.

    Args:
        word: what it is.
        code: the exit code, of ``exited``.
    """

    word: Word
    code: int = 0

    def __str__(self) -> str:
        return f"{self.word.value}={self.code}" if self.word is Word.EXITED else self.word.value


CONDITIONS = "exists, running, healthy, ready, exited=CODE, gone or in-step"

_CODES = range(256)

_FITTING = {
    Kind.SYNC: (Word.IN_STEP, Word.READY),
    Kind.ALL: (Word.IN_STEP, Word.READY),
    # "Up" is the one thing that Docker can be, by whichever word it is waited for beside other targets.
    Kind.DOCKER: (Word.IN_STEP, Word.READY, Word.RUNNING),
    Kind.CONTAINER: (Word.READY, Word.RUNNING, Word.HEALTHY, Word.EXISTS, Word.EXITED, Word.GONE),
    Kind.SERVICE: (Word.READY, Word.RUNNING),
}
"""By kind of target, what it can be waited to be; the first is the default."""


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        Misuse: ``usage``; it is none.
    """
    word, equals, code = text.partition("=")
    if word == Word.EXITED and code.isascii() and code.isdigit() and int(code) in _CODES:
        return Condition(Word.EXITED, int(code))
    if not equals and word != Word.EXITED and word in list(Word):
        return Condition(Word(word))
    if word == Word.EXITED:
        hint = "exited=0 waits for the exit code 0; it is from 0 to 255"
    else:
        # difflib is only worth its import when something was misspelt.
        from portreeve.definitions.suggestions import did_you_mean

        hint = did_you_mean(text, list(Word), otherwise=f"a condition is {CONDITIONS}")
    raise Misuse(Reason.USAGE, f"`{text}` is not a condition", hint=hint)


def condition_of(target: WaitTarget, condition: Condition | None) -> Condition:
    """What a target is waited to be.

    Args:
        target: what is waited for.
        condition: as it was asked for; ``None``: what its kind is waited to be by default.

    Raises:
        Misuse: ``usage``; nothing of this kind can be so.
    """
    fitting = _FITTING[target.kind]
    if condition is None:
        return Condition(fitting[0])
    if condition.word not in fitting:
        words = [f"{word.value}=CODE" if word is Word.EXITED else word.value for word in fitting]
        raise Misuse(
            Reason.USAGE,
            f"{target.text} cannot be waited to be {condition}",
            hint=f"--for {' or '.join([', '.join(words[:-1]), words[-1]])}",
        )
    return condition


def docker_is(status: DockerStatus) -> bool:
    """Docker is up."""
    return status.state == "up"


def sync_is(status: SyncStatus, condition: Condition) -> bool:
    """The sync is in step; or was tried once since the agent started, which is what ready means here."""
    return as_wanted(status) if condition.word is Word.IN_STEP else status.state is not State.PENDING


_SERVING_OR_ABOUT_TO = (
    ContainerState.STARTING,
    ContainerState.RUNNING,
    ContainerState.READY,
    ContainerState.UNREADY,
)


def container_is(status: ContainerStatus, condition: Condition) -> bool:
    """A container is so now; what it was before does not matter."""
    # A one-shot that has ended as it should is ready, and does not run.
    running = status.state in _SERVING_OR_ABOUT_TO and status.docker_status == "running"
    match condition.word:
        case Word.EXISTS:
            return status.docker_status not in ("", "removing")
        case Word.RUNNING:
            return running
        case Word.HEALTHY:
            return running and status.health == "healthy"
        case Word.EXITED:
            return status.docker_status == "exited" and status.exit_code == condition.code
        case Word.GONE:
            return status.state is ContainerState.ABSENT
    return status.state is ContainerState.READY


def service_is(status: ServiceStatus, condition: Condition) -> bool:
    """A service is so now."""
    if condition.word is Word.RUNNING:
        return status.state in (ServiceState.ACTIVE, ServiceState.UNREADY)
    return status.state is ServiceState.ACTIVE


def is_hopeless(status: ContainerStatus | ServiceStatus, condition: Condition) -> bool:
    """It was given up, and what is waited for would come of a start only."""
    return status.gave_up and condition.word not in (Word.EXISTS, Word.GONE)
