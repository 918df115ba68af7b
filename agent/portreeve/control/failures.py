"""The one translation between the family of errors and HTTP: a status and a JSON object, and back."""

from typing import Any

from portreeve.errors import (
    DockerUnavailable,
    Failed,
    Misuse,
    PortreeveError,
    Reason,
    Refused,
    Unreachable,
    Waiting,
)

SUDO = "it is for root: run the command with sudo"


class MethodRefused(Misuse):
    """The route exists, for another method.

    Args:
        method: the one that was used.
        path: the route.
        allowed: the methods it has, as the ``Allow`` header lists them.
    """

    def __init__(self, method: str, path: str, allowed: str) -> None:
        super().__init__(Reason.USAGE, f"{path} has no {method}", hint=f"use {allowed}")
        self.allowed = allowed


class BodyTooLarge(Misuse):
    """The body of a request is longer than any request needs."""


def http_status(error: PortreeveError) -> int:
    """The HTTP status that says what an error means to whoever asked."""
    match error:
        case MethodRefused():
            return 405
        case BodyTooLarge():
            return 413
        case Misuse(reason=Reason.UNKNOWN_NAME):
            return 404
        case Misuse():
            return 400
        case Refused():
            return 403
        case Waiting() | Unreachable():
            return 503
    return 500


def error_to_json(error: PortreeveError) -> dict[str, Any]:
    """An error as a client reads it; ``status`` is there for streams, whose HTTP status went out before."""
    return {
        "error": {
            "status": http_status(error),
            "reason": error.reason.value,
            "what": error.what,
            "evidence": error.evidence,
            "hint": error.hint,
            "step": error.step,
        }
    }


def error_from_json(data: dict[str, Any]) -> PortreeveError:
    """The error that the server meant; the inverse of :func:`error_to_json` but for subclasses of HTTP.

    Args:
        data: the whole answer, ``{"error": {…}}``.
    """
    told = data["error"]
    status = told["status"]
    reason = _reason(told["reason"])
    kind: type[PortreeveError] = Failed
    if status == 403:
        kind = Refused
    elif status == 503:
        kind = _unavailable(reason)
    elif 400 <= status < 500:
        kind = Misuse
    return kind(reason, told["what"], evidence=told["evidence"], hint=told["hint"], step=told.get("step", ""))


def _unavailable(reason: Reason) -> type[PortreeveError]:
    if reason is Reason.AGENT_UNREACHABLE or reason is Reason.SYSTEMD_UNREACHABLE:
        return Unreachable
    return DockerUnavailable if reason.value.startswith("docker-") else Waiting


def _reason(word: str) -> Reason:
    """A reason that only a newer agent knows is still an error to be shown with its own words."""
    try:
        return Reason(word)
    except ValueError:
        return Reason.INTERNAL
