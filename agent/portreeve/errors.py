"""The one family of errors: what happened, on what evidence, and what to do about it.

The class says what a failure means to whoever asked (wait, failed, refused, …); the reason names it for
people and machines. Each boundary translates it once: the command line into an exit code, the socket into
an HTTP status, the reconciler into a sync's state, the journal into fields.
"""

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """What every command's exit code means."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_YET = 3
    UNREACHABLE = 4
    REFUSED = 5


class Reason(StrEnum):
    """The name of a failure, spelled the same in ``explain``, JSON, metrics, logs and docs."""

    ACTION_FAILED = "action-failed"
    AGENT_UNREACHABLE = "agent-unreachable"
    ALREADY_RUNNING = "already-running"
    CHECK_FAILED = "check-failed"
    COMMAND_FAILED = "command-failed"
    CONTAINER_ABSENT = "container-absent"
    CONTAINER_AMBIGUOUS = "container-ambiguous"
    CONTAINER_BUSY = "container-busy"
    CONTAINER_CONNECT_FAILED = "container-connect-failed"
    CONTAINER_DEAD = "container-dead"
    CONTAINER_NAME_TAKEN = "container-name-taken"
    CONTAINER_NOT_RUNNING = "container-not-running"
    CONTAINER_PAUSED = "container-paused"
    CONTAINER_REMOVE_FAILED = "container-remove-failed"
    CONTAINER_RESTARTING = "container-restarting"
    CONTAINER_START_FAILED = "container-start-failed"
    CONTAINER_STOPPED = "container-stopped"
    CONTAINER_STOP_FAILED = "container-stop-failed"
    CONTAINER_UNREADY = "container-unready"
    CREDENTIAL_ABSENT = "credential-absent"
    DEFINITION_INVALID = "definition-invalid"
    DEPENDENCY_NOT_READY = "dependency-not-ready"
    DIRECTORY_ABSENT = "directory-absent"
    DOCKER_DOWN = "docker-down"
    DOCKER_ERROR = "docker-error"
    DOCKER_HUNG = "docker-hung"
    DOCKER_VERSION_REFUSED = "docker-version-refused"
    DROP_IN_OVERRULED = "drop-in-overruled"
    FILE_ABSENT = "file-absent"
    FILE_REFUSED = "file-refused"
    FILE_TOO_LARGE = "file-too-large"
    FILE_UNREADABLE = "file-unreadable"
    FILE_UNSTABLE = "file-unstable"
    FORMAT_INVALID = "format-invalid"
    HELD = "held"
    HELD_BACK = "held-back"
    INTERNAL = "internal-error"
    KEY_ABSENT = "key-absent"
    MEMORY_MAX = "memory-max"
    MOUNT_ABSENT = "mount-absent"
    NOT_CONFIRMED = "not-confirmed"
    NOT_IN_EFFECT = "not-in-effect"
    NOT_OWNED = "not-owned"
    NOT_YET = "not-yet"
    PACED = "paced"
    PACKAGE_CHANGING = "package-changing"
    PERMISSION = "permission"
    PORT_HELD = "port-held"
    PROGRAM_ABSENT = "program-absent"
    RECREATION_FAILED = "recreation-failed"
    RECREATION_REFUSED = "recreation-refused"
    RESTART_BUDGET_SPENT = "restart-budget-spent"
    SERVICE_UNREADY = "service-unready"
    STATE_UNUSABLE = "state-unusable"
    SYSTEMD_UNREACHABLE = "systemd-unreachable"
    TEMPLATE_FAILED = "template-failed"
    TOOL_FAILED = "tool-failed"
    UNDECLARED = "undeclared"
    UNIT_ABSENT = "unit-absent"
    UNIT_JOB_FAILED = "unit-job-failed"
    UNIT_MASKED = "unit-masked"
    UNIT_START_LIMIT = "unit-start-limit"
    UNIT_STATIC = "unit-static"
    UNIT_STOPPED = "unit-stopped"
    UNITS_INVALID = "units-invalid"
    UNKNOWN_NAME = "unknown-name"
    USAGE = "usage"
    VALUE_INVALID = "value-invalid"
    VERIFY_FAILED = "verify-failed"
    VOLUME_NOT_MOUNTED = "volume-not-mounted"
    WRITE_FAILED = "write-failed"


class PortreeveError(Exception):
    """Something did not work, told so that a person can act on it.

    Args:
        reason: the failure's name.
        what: one sentence, lower case, no full stop: what happened.
        evidence: what was seen that says so (an errno text, an answer, a line of a file).
        hint: what to do, where that can be said.
        step: where the work stands: ``read``, ``render``, ``check``, ``write``, ``apply``, ``verify``.
    """

    exit_code = ExitCode.FAILED

    def __init__(
        self, reason: Reason, what: str, *, evidence: str = "", hint: str = "", step: str = ""
    ) -> None:
        super().__init__(what)
        self.reason = reason
        self.what = what
        self.evidence = evidence
        self.hint = hint
        self.step = step

    def __str__(self) -> str:
        return f"{self.what}: {self.evidence}" if self.evidence else self.what


class Waiting(PortreeveError):
    """Something this depends on is not there yet; it is tried again without anybody's help."""

    exit_code = ExitCode.NOT_YET


class Failed(PortreeveError):
    """Something was tried and did not work; it is tried again with backoff."""


class Unreachable(PortreeveError):
    """The agent, Docker or systemd does not answer."""

    exit_code = ExitCode.UNREACHABLE


class DockerUnavailable(Waiting):
    """Docker is down, hung, or refuses our version: nothing can be said about any container."""

    exit_code = ExitCode.UNREACHABLE


class Refused(PortreeveError):
    """Not allowed: by permission, or by a rule that protects the host."""

    exit_code = ExitCode.REFUSED


class Misuse(PortreeveError):
    """The caller asked for something that does not exist or does not fit."""

    exit_code = ExitCode.USAGE
