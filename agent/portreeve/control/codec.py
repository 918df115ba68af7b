"""The read model as JSON and back, in one place, so that server and client cannot disagree."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, ParamSpec, TypeVar

from portreeve.control.overview import Overview
from portreeve.errors import Failed, Reason
from portreeve.reconcile.status import (
    DockerStatus,
    FileDiff,
    GenerationInfo,
    Preview,
    Stage,
    State,
    SyncStatus,
    Trouble,
)
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus
from portreeve.upgrade.mark import Event
from portreeve.upgrade.status import PackageStatus

P = ParamSpec("P")
T = TypeVar("T")
Json = dict[str, Any]


def to_json(value: Any) -> Any:
    """A dataclass of the read model as JSON can hold it.

    :func:`dataclasses.asdict` is not used because it deep-copies, and fails on read-only mappings.
    """
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): to_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(entry) for entry in value]
    return value


def _understood(decode: Callable[P, T]) -> Callable[P, T]:
    """Tell an answer of another version by its name instead of with a KeyError."""

    def decoded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return decode(*args, **kwargs)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Failed(
                Reason.INTERNAL,
                "the agent's answer is not understood",
                evidence=f"{type(error).__name__}: {error}",
                hint="agent and command line may differ in version: systemctl restart portreeve",
            ) from error

    decoded.__doc__ = decode.__doc__
    return decoded


@_understood
def sync_status(data: Json) -> SyncStatus:
    """The inverse of :func:`to_json`.

    Raises:
        Failed: it is not a sync's status.
    """
    return _sync_status(data)


@_understood
def overview(data: Json) -> Overview:
    """The inverse of :func:`to_json`.

    Raises:
        Failed: it is not an overview.
    """
    return Overview(
        version=data["version"],
        pid=data["pid"],
        started=data["started"],
        ready=data["ready"],
        docker=_docker(data["docker"]),
        syncs=tuple(_sync_status(entry) for entry in data["syncs"]),
        problems=tuple(dict(entry) for entry in data["problems"]),
        containers=tuple(_container(entry) for entry in data["containers"]),
        services=tuple(_service(entry) for entry in data["services"]),
        pressure=tuple(data["pressure"]),
        pending=tuple(_package(entry) for entry in data["pending"]),
    )


@_understood
def container_status(data: Json) -> ContainerStatus:
    """The inverse of :func:`to_json`.

    Raises:
        Failed: it is not a container's status.
    """
    return _container(data)


@_understood
def service_status(data: Json) -> ServiceStatus:
    """The inverse of :func:`to_json`.

    Raises:
        Failed: it is not a service's status.
    """
    return _service(data)


@_understood
def docker_status(data: Json) -> DockerStatus:
    """The inverse of :func:`to_json`.

    Raises:
        Failed: it is not a Docker status.
    """
    return _docker(data)


@_understood
def history(data: Json) -> tuple[GenerationInfo, ...]:
    """The generations in the answer of ``/history``.

    Raises:
        Failed: it is not a history.
    """
    return tuple(
        GenerationInfo(
            number=entry["number"],
            created=entry["created"],
            outcome=entry["outcome"],
            note=entry["note"],
            values=dict(entry["values"]),
            files=tuple(entry["files"]),
            current=entry["current"],
        )
        for entry in data["generations"]
    )


@_understood
def preview(data: Json) -> Preview:
    """The inverse of :func:`to_json`.

    Raises:
        Failed: it is not a preview.
    """
    return Preview(
        name=data["name"],
        plan=data["plan"],
        files=tuple(FileDiff(entry["path"], entry["diff"]) for entry in data["files"]),
        trouble=_trouble(data["trouble"]),
    )


def _sync_status(data: Json) -> SyncStatus:
    return SyncStatus(
        name=data["name"],
        description=data["description"],
        state=State(data["state"]),
        stage=Stage(data["stage"]),
        since=data["since"],
        trouble=_trouble(data["trouble"]),
        attempts=data["attempts"],
        next_try=data["next_try"],
        values=dict(data["values"]),
        defaulted=tuple(data["defaulted"]),
        left_out=tuple(data["left_out"]),
        generation=data["generation"],
        targets=tuple(data["targets"]),
        sources=dict(data["sources"]),
        runs=data["runs"],
    )


def _container(data: Json) -> ContainerStatus:
    known = {field.name: data[field.name] for field in fields(ContainerStatus)}
    known |= {
        "state": ContainerState(data["state"]),
        "trouble": _trouble(data["trouble"]),
        "waits_for": tuple(data["waits_for"]),
        "log_tail": tuple(data["log_tail"]),
    }
    return ContainerStatus(**known)


def _service(data: Json) -> ServiceStatus:
    known = {field.name: data[field.name] for field in fields(ServiceStatus)}
    known |= {
        "state": ServiceState(data["state"]),
        "trouble": _trouble(data["trouble"]),
        "requires": tuple(data["requires"]),
    }
    return ServiceStatus(**known)


def _package(data: Json) -> PackageStatus:
    known = {field.name: data[field.name] for field in fields(PackageStatus)}
    known |= {
        "event": Event(data["event"]),
        "syncs": tuple(data["syncs"]),
        "services": tuple(data["services"]),
        "unproved": tuple(data["unproved"]),
    }
    return PackageStatus(**known)


def _docker(data: Json) -> DockerStatus:
    return DockerStatus(data["state"], data["version"], data["evidence"], data["since"])


def _trouble(data: Json | None) -> Trouble | None:
    if data is None:
        return None
    return Trouble(Reason(data["reason"]), data["what"], data["evidence"], data["hint"], data["step"])
