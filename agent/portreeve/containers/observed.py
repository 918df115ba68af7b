"""A container as its supervision sees it: everything that inspect tells about its life."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Observed:
    """One container at one moment. Times are wall-clock seconds, ``None`` where Docker has the zero time.

    Args:
        id: all 64 digits.
        name: without a slash.
        image: as it was named when the container was made.
        status: created, running, paused, restarting, removing, exited or dead.
        pid: of its first process on the host; 0 while it does not run.
        exit_code: of its last run; 0 before the first.
        error: what Docker says of its last start, empty when that worked.
        oom_killed: the kernel ended a process of it for want of memory.
        restart_count: restarts by Docker's own policy since it was last started by somebody.
        policy: Docker's restart policy: ``no``, ``always``, ``unless-stopped`` or ``on-failure``.
        auto_remove: Docker removes it when it ends.
        started_at: of its last start.
        finished_at: of its last end.
        health: ``starting``, ``healthy`` or ``unhealthy`` while it runs and has a check, else ``none``.
        has_health_check: its image or its making names one.
        health_output: what the last health check printed, in one line.
        network_mode: as its HostConfig has it: ``default``, ``bridge``, ``host``, ``none``, ``container:…``
            or a network's name.
        pid_mode: as its HostConfig has it: empty, ``host`` or ``container:…``.
        ipc_mode: as its HostConfig has it: ``private``, ``shareable``, ``host`` or ``container:…``.
        networks: those it has an endpoint in now.
        labels: as they are now.
        binds: paths of the host that are mounted into it.
        ports: ports of the host that it publishes, ``8080/tcp``.
        stop_timeout: seconds it gets to end, of its making; -1: it is never killed; ``None``: Docker's own.
        view: it as templates see it, :func:`portreeve.containers.view.view`.
    """

    id: str
    name: str
    image: str
    status: str
    pid: int = 0
    exit_code: int = 0
    error: str = ""
    oom_killed: bool = False
    restart_count: int = 0
    policy: str = "no"
    auto_remove: bool = False
    started_at: float | None = None
    finished_at: float | None = None
    health: str = "none"
    has_health_check: bool = False
    health_output: str = ""
    network_mode: str = "default"
    pid_mode: str = ""
    ipc_mode: str = ""
    networks: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    stop_timeout: float | None = None
    view: Mapping[str, Any] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Its process runs and is scheduled; ``Running`` of inspect is also true while it is restarting."""
        return self.status == "running"
