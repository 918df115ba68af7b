"""An agent for the sockets' tests: a real board, and what it was asked, without anything behind it."""

import threading
from collections.abc import Mapping
from dataclasses import replace

from portreeve.control.agent import ContainerVerb
from portreeve.control.names import unknown_container, unknown_service, unknown_sync
from portreeve.control.overview import Overview
from portreeve.errors import Misuse, Reason
from portreeve.reconcile.board import Board, Changes
from portreeve.reconcile.status import DockerStatus, GenerationInfo, Preview, State, SyncStatus
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus
from portreeve.upgrade.pending import Hooked
from portreeve.upgrade.status import PackageStatus

STARTED = 1_700_000_000.0


class BoardAgent:
    """Implements the ``Agent`` protocol; a test posts statuses on its boards as the workers would."""

    def __init__(self, *statuses: SyncStatus) -> None:
        changes = Changes()
        self.board = Board[SyncStatus](changes)
        self.containers = Board[ContainerStatus](changes)
        self.services = Board[ServiceStatus](changes)
        self.packages = Board[PackageStatus](changes)
        self.hooked: dict[str, Hooked] = {}
        self.lines_of_packages: dict[str, str] = {}
        self.recreations: dict[str, tuple[str, ...]] = {}
        self.undeclared: dict[str, ContainerStatus] = {}
        self.after_verb: dict[str, ContainerStatus] = {}
        self.pressure: tuple[str, ...] = ()
        self.ready = True
        self.docker = DockerStatus("up", version="20.10.24", since=STARTED)
        self.problems: tuple[Mapping[str, str | int], ...] = ()
        self.previews: dict[str, Preview] = {}
        self.histories: dict[str, tuple[GenerationInfo, ...]] = {}
        self.after_request: dict[str, SyncStatus] = {}
        self.requests: list[tuple[object, ...]] = []
        self.asked = threading.Event()
        self.error: Exception | None = None
        self.refused: dict[str, Exception] = {}
        for status in statuses:
            self.board.post(status)

    def overview(self) -> Overview:
        statuses = self.board.snapshot()
        syncs = tuple(statuses[name] for name in sorted(statuses))
        containers = self.containers.snapshot()
        services = self.services.snapshot()
        return Overview(
            "0.1.0",
            4711,
            STARTED,
            self.ready,
            self.docker,
            syncs,
            self.problems,
            tuple(containers[name] for name in sorted(containers)),
            tuple(services[name] for name in sorted(services)),
            self.pressure,
            tuple(self.packages.snapshot().values()),
        )

    def sync_status(self, name: str) -> SyncStatus:
        if self.error is not None:
            raise self.error
        statuses = self.board.snapshot()
        if name not in statuses:
            raise unknown_sync(name, statuses)
        return statuses[name]

    def preview(self, name: str) -> Preview:
        self.sync_status(name)
        return self.previews[name]

    def history(self, name: str) -> tuple[GenerationInfo, ...]:
        self.sync_status(name)
        return self.histories.get(name, ())

    def request_sync(self, names: tuple[str, ...]) -> Mapping[str, int]:
        self.requests.append(("sync", *names))
        return self._work(names or tuple(self.board.snapshot()))

    def request_hold(self, names: tuple[str, ...]) -> Mapping[str, int]:
        self.requests.append(("hold", *names))
        return self._work(names)

    def request_rollback(self, name: str, to: int | None) -> Mapping[str, int]:
        self.requests.append(("rollback", name, to))
        if name in self.refused:
            raise self.refused[name]
        return self._work((name,))

    def request_hook(self, package: str) -> Hooked:
        self.requests.append(("hook", package))
        if package not in self.hooked:
            raise Misuse(Reason.UNKNOWN_NAME, f"there is no mark of package `{package}`")
        self.asked.set()
        return self.hooked[package]

    def kept(self, package: str) -> str:
        return self.lines_of_packages.get(package, "")

    def container_status(self, name: str) -> ContainerStatus:
        statuses = self.containers.snapshot()
        if name not in statuses:
            raise unknown_container(name, statuses)
        return statuses[name]

    def service_status(self, name: str) -> ServiceStatus:
        statuses = self.services.snapshot()
        if name not in statuses:
            raise unknown_service(name, statuses)
        return statuses[name]

    def watch_container(self, name: str) -> str:
        self.requests.append(("watch", name))
        for declared in self.containers.snapshot().values():
            if declared.declared and declared.container == name:
                return declared.name
        status = self.undeclared.get(name, ContainerStatus(name, declared=False))
        self.containers.post(status)
        return status.name

    def request_containers(self, verb: ContainerVerb, names: tuple[str, ...]) -> Mapping[str, int]:
        self.requests.append((verb, *names))
        before = {name: self.container_status(name) for name in names}
        for name, status in before.items():
            if name in self.after_verb:
                self.containers.post(replace(self.after_verb[name], runs=status.runs + 1))
        self.asked.set()
        return {name: status.runs for name, status in before.items()}

    def recreation(self, name: str) -> tuple[str, ...]:
        self.container_status(name)
        return self.recreations[name]

    def request_services_reset(self, names: tuple[str, ...]) -> Mapping[str, int]:
        self.requests.append(("reset services", *names))
        before = {name: self.service_status(name) for name in names}
        for status in before.values():
            self.services.post(replace(status, runs=status.runs + 1, gave_up=False))
        self.asked.set()
        return {name: status.runs for name, status in before.items()}

    def _work(self, names: tuple[str, ...]) -> Mapping[str, int]:
        """Answer as the reconciler does, whose work begins only after the request was taken."""
        before = {name: self.sync_status(name) for name in names}
        for name, status in before.items():
            if name in self.after_request:
                self.board.post(replace(self.after_request[name], runs=status.runs + 1))
        self.asked.set()
        return {name: status.runs for name, status in before.items()}


def sync(name: str, state: State = State.IN_STEP, **fields: object) -> SyncStatus:
    """A status with what a test does not care about filled in."""
    return replace(SyncStatus(name, state=state, since=STARTED, runs=1), **fields)  # type: ignore[arg-type]


def container(name: str, state: ContainerState = ContainerState.READY, **fields: object) -> ContainerStatus:
    """The status of a declared container that is kept up, likewise."""
    running = {ContainerState.READY, ContainerState.RUNNING, ContainerState.STARTING, ContainerState.UNREADY}
    status = ContainerStatus(
        name,
        container=name,
        autostart=True,
        state=state,
        since=STARTED,
        docker_status="running" if state in running else "",
        restarts_most=5,
        window=600.0,
        unit=f"portreeve-container@{name}.service",
        runs=1,
    )
    return replace(status, **fields)  # type: ignore[arg-type]


def service(name: str, state: ServiceState = ServiceState.ACTIVE, **fields: object) -> ServiceStatus:
    """The status of a guarded service, likewise."""
    status = ServiceStatus(name, unit=f"{name}.service", state=state, since=STARTED, runs=1)
    return replace(status, **fields)  # type: ignore[arg-type]
