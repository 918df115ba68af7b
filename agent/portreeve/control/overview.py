"""Everything that can be told at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass

from portreeve.reconcile.status import DockerStatus, SyncStatus
from portreeve.supervise.status import ContainerStatus, ServiceStatus
from portreeve.upgrade.status import PackageStatus


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole agent at one moment.

    Args:
        version: portreeve's.
        pid: the agent's process.
        started: wall-clock seconds.
        ready: every sync was tried once.
        docker: what is known of Docker.
        syncs: by name, sorted.
        problems: of definitions, each as ``Problem.to_json`` has it.
        containers: those that are declared or watched, by name, sorted.
        services: those that are guarded, by name, sorted.
        pressure: what the host is short of and what is held back for it, one sentence each; empty when it is
            not.
        pending: packages that are being changed, or were and are not proved yet, by name, sorted.
    """

    version: str
    pid: int
    started: float
    ready: bool
    docker: DockerStatus
    syncs: tuple[SyncStatus, ...]
    problems: tuple[Mapping[str, str | int], ...]
    containers: tuple[ContainerStatus, ...] = ()
    services: tuple[ServiceStatus, ...] = ()
    pressure: tuple[str, ...] = ()
    pending: tuple[PackageStatus, ...] = ()
